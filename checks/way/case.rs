//! What checks see of a snapshot: every look is recorded, so that a test can hold each check's
//! declared needs against what it really reads.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;

use crate::facts::{Fact, Missing, Need, Snapshot, Subject, Target, Unread, Workload, key};
use crate::rules::certificates::{Trust, parse_pem_bundle, trusts};
use crate::way::{Call, Destinations, InjectorConfig, JudgedPod, Observation, Prediction};

/// What is worked out once for a whole snapshot.
#[derive(Debug)]
pub struct Mesh<'a> {
    snapshot: &'a Snapshot,
    injector_configs: RefCell<BTreeMap<String, Rc<InjectorConfig>>>,
    /// By caBundle and root.
    trusts: RefCell<BTreeMap<(Vec<u8>, String), Trust>>,
}

impl<'a> Mesh<'a> {
    /// Nothing is worked out yet.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            injector_configs: RefCell::default(),
            trusts: RefCell::default(),
        }
    }

    /// What is worked out already for a snapshot, as far as it holds for a changed one, too.
    pub fn changed(&self, snapshot: &'a Snapshot) -> Self {
        let (before, after) = (
            &self.snapshot.cluster.config_maps,
            &snapshot.cluster.config_maps,
        );
        let mut injector_configs = self.injector_configs.borrow().clone();
        injector_configs.retain(|key, _| before.get(key) == after.get(key));
        Self {
            snapshot,
            injector_configs: RefCell::new(injector_configs),
            trusts: self.trusts.clone(),
        }
    }
}

/// One subject's view of a snapshot.
#[derive(Debug)]
pub struct Case<'a> {
    shared: &'a Mesh<'a>,
    subject: &'a Subject,
    read: RefCell<BTreeSet<Need>>,
    pod: Memo<Rc<JudgedPod>>,
    calls: Memo<Rc<[Call]>>,
    destinations: Memo<Result<Rc<Destinations<'a>>, Missing>>,
    prediction: Memo<Rc<Prediction>>,
    observation: Memo<Rc<Observation>>,
}

/// A result and the needs that working it out read, which every later look reads as well.
type Memo<T> = OnceCell<(T, BTreeSet<Need>)>;

impl<'a> Case<'a> {
    /// The view of one subject.
    pub fn new(shared: &'a Mesh<'a>, subject: &'a Subject) -> Self {
        Self {
            shared,
            subject,
            read: RefCell::default(),
            pod: OnceCell::new(),
            calls: OnceCell::new(),
            destinations: OnceCell::new(),
            prediction: OnceCell::new(),
            observation: OnceCell::new(),
        }
    }

    /// The needs read since the last time this was asked.
    pub fn take_read(&self) -> BTreeSet<Need> {
        self.read.take()
    }

    fn reading(&self, need: Need) {
        self.read.borrow_mut().insert(need);
    }

    fn snapshot(&self) -> &'a Snapshot {
        self.shared.snapshot
    }

    /// What is worked out, and the needs that this read; they are not those of the reader before
    /// they are [noted](Self::note).
    pub fn recorded<T>(&self, work_out: impl FnOnce() -> T) -> (T, BTreeSet<Need>) {
        let before = self.take_read();
        let value = work_out();
        (value, self.read.replace(before))
    }

    /// Notes what was read for something that is looked at now.
    pub fn note(&self, needs: &BTreeSet<Need>) {
        self.read.borrow_mut().extend(needs);
    }

    fn memo<T: Clone>(&self, cell: &Memo<T>, work_out: impl FnOnce() -> T) -> T {
        let (value, needs) = cell.get_or_init(|| self.recorded(work_out));
        self.note(needs);
        value.clone()
    }

    /// The reads that the API server refused, of whatever kind.
    pub fn refused(&self) -> Vec<Unread> {
        for need in Need::ALL {
            self.reading(need);
        }
        crate::facts::refused(self.snapshot(), self.subject)
    }

    /// What the user pointed at.
    pub fn target(&self) -> &'a Target {
        &self.subject.target
    }

    /// The manifest the subject came from, if it is not an object of the cluster.
    pub fn manifest(&self) -> Option<&'a str> {
        self.subject.manifest.as_deref()
    }

    /// When the facts were read: the only clock there is.
    pub fn now(&self) -> Timestamp {
        self.snapshot().recorded_at
    }

    /// The target itself.
    ///
    /// # Errors
    /// [`Missing`] where it was not read, as with every look below.
    pub fn object(&self) -> Result<Option<&'a Workload>, Missing> {
        self.reading(Need::Object);
        self.subject.object.known("the target")
    }

    /// The target and its owners, nearest first.
    pub fn chain(&self) -> Result<Vec<&'a Workload>, Missing> {
        let mut chain: Vec<_> = self.object()?.into_iter().collect();
        for owner in &self.subject.owners {
            chain.extend(owner.known("an owner of the target")?);
        }
        Ok(chain)
    }

    /// The object whose template makes the pods: the last of the owner chain.
    pub fn workload(&self) -> Result<&'a Workload, Missing> {
        let chain = self.chain()?;
        chain
            .last()
            .copied()
            .ok_or_else(|| Missing(format!("{} is not there any more", self.subject.target)))
    }

    /// The pod that the API server would see next.
    pub fn pod(&self) -> Result<Rc<JudgedPod>, Missing> {
        // The memo cannot hold an error, so the look that can fail comes first.
        let workload = self.workload()?;
        Ok(self.memo(&self.pod, || Rc::new(JudgedPod::of(workload, self))))
    }

    /// The pods that belong to the target.
    pub fn pods(&self) -> Result<&'a [Pod], Missing> {
        self.reading(Need::Pods);
        list(&self.subject.pods, "pods")
    }

    /// The ReplicaSets of the target's Deployment, newest first.
    pub fn replica_sets(&self) -> Result<&'a [Workload], Missing> {
        self.reading(Need::ReplicaSets);
        list(&self.subject.replica_sets, "ReplicaSets")
    }

    /// Events about the target and what belongs to it, newest last.
    pub fn events(&self) -> Result<&'a [Event], Missing> {
        self.reading(Need::Events);
        list(&self.subject.events, "events")
    }

    /// The target's namespace.
    pub fn namespace(&self) -> Result<Option<&'a Namespace>, Missing> {
        self.reading(Need::Namespace);
        match self
            .snapshot()
            .cluster
            .namespaces
            .get(&self.subject.target.namespace)
        {
            Some(namespace) => namespace.known("the namespace"),
            None => Err(Missing("the namespace was not read".to_owned())),
        }
    }

    /// All namespaces that were read, by name.
    pub fn namespaces(
        &self,
    ) -> impl Iterator<Item = (&'a str, Result<Option<&'a Namespace>, Missing>)> {
        self.reading(Need::Namespace);
        let namespaces = &self.snapshot().cluster.namespaces;
        namespaces
            .iter()
            .map(|(name, fact)| (name.as_str(), fact.known("a namespace")))
    }

    /// All mutating webhook configurations, in the order in which the API server calls them.
    pub fn webhooks(&self) -> Result<&'a [MutatingWebhookConfiguration], Missing> {
        self.reading(Need::Webhooks);
        list(
            &self.snapshot().cluster.webhooks,
            "the webhook configurations",
        )
    }

    /// A Service that a webhook calls.
    pub fn service(&self, namespace: &str, name: &str) -> Result<Option<&'a Service>, Missing> {
        self.reading(Need::Services);
        by_name(
            &self.snapshot().cluster.services,
            namespace,
            name,
            "Service",
        )
    }

    /// The EndpointSlices of such a Service.
    pub fn endpoint_slices(
        &self,
        namespace: &str,
        service: &str,
    ) -> Result<&'a [EndpointSlice], Missing> {
        self.reading(Need::Services);
        let slices = &self.snapshot().cluster.endpoint_slices;
        Ok(by_name(slices, namespace, service, "EndpointSlices of")?.map_or(&[], Vec::as_slice))
    }

    /// The pods beside such a Service, istiod's among them.
    pub fn istiod_pods(&self, namespace: &str) -> Result<&'a [Pod], Missing> {
        self.reading(Need::Istiod);
        match self.snapshot().cluster.pods.get(namespace) {
            Some(pods) => list(pods, "istiod's pods"),
            None => Err(Missing(format!("the pods of {namespace} were not read"))),
        }
    }

    /// The Deployments beside such a Service, istiod's among them.
    pub fn istiod_deployments(&self, namespace: &str) -> Result<&'a [Deployment], Missing> {
        self.reading(Need::Istiod);
        match self.snapshot().cluster.deployments.get(namespace) {
            Some(deployments) => list(deployments, "istiod's Deployments"),
            None => Err(Missing(format!(
                "the Deployments of {namespace} were not read"
            ))),
        }
    }

    /// The injector's ConfigMap of a revision.
    pub fn injector_config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<&'a ConfigMap>, Missing> {
        self.reading(Need::InjectorConfig);
        self.config_map(namespace, name)
    }

    /// The injector's configuration of a revision, parsed.
    pub fn injector_config(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Rc<InjectorConfig>>, Missing> {
        let Some(config_map) = self.injector_config_map(namespace, name)? else {
            return Ok(None);
        };
        let mut parsed = self.shared.injector_configs.borrow_mut();
        let config = parsed
            .entry(key(namespace, name))
            .or_insert_with(|| Rc::new(InjectorConfig::parse(config_map)));
        Ok(Some(Rc::clone(config)))
    }

    /// The mesh's ConfigMap of a revision.
    pub fn mesh_config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<&'a ConfigMap>, Missing> {
        self.reading(Need::MeshConfig);
        self.config_map(namespace, name)
    }

    /// ConfigMap istio-ca-root-cert in istiod's namespace: the root that istiod serves with.
    pub fn root_certificate(&self, namespace: &str) -> Result<Option<&'a ConfigMap>, Missing> {
        self.reading(Need::RootCertificate);
        self.config_map(namespace, "istio-ca-root-cert")
    }

    /// Whether a caBundle vouches for a root in PEM at the time of recording.
    pub fn trusts(&self, bundle: &[u8], root: &str) -> Trust {
        let mut known = self.shared.trusts.borrow_mut();
        let trust = known.entry((bundle.to_vec(), root.to_owned()));
        let judged = trust.or_insert_with(|| {
            let root = parse_pem_bundle(root.as_bytes());
            trusts(&parse_pem_bundle(bundle), &root, self.now())
        });
        judged.clone()
    }

    fn config_map(&self, namespace: &str, name: &str) -> Result<Option<&'a ConfigMap>, Missing> {
        by_name(
            &self.snapshot().cluster.config_maps,
            namespace,
            name,
            "ConfigMap",
        )
    }

    /// The versions of the kubelets by node.
    pub fn kubelet_versions(&self) -> Result<Option<&'a BTreeMap<String, String>>, Missing> {
        self.reading(Need::Nodes);
        let versions = &self.snapshot().cluster.kubelet_versions;
        versions.known("the versions of the nodes' kubelets")
    }

    /// The pods of kube-apiserver; none where the control plane is managed elsewhere.
    pub fn api_servers(&self) -> Result<&'a [Pod], Missing> {
        self.reading(Need::ApiServers);
        list(
            &self.snapshot().cluster.api_servers,
            "the pods of kube-apiserver",
        )
    }

    /// The API server's version, such as `v1.36.3`.
    pub fn server_version(&self) -> Result<Option<&'a String>, Missing> {
        self.reading(Need::ServerVersion);
        self.snapshot()
            .cluster
            .server_version
            .known("the API server's version")
    }

    /// Every webhook entry in call order, with whether the API server calls it for the pod.
    pub fn calls(&self) -> Result<Rc<[Call]>, Missing> {
        let (pod, webhooks) = (self.pod()?, self.webhooks()?);
        Ok(self.memo(&self.calls, || crate::way::calls(self, &pod, webhooks)))
    }

    /// Where the injection webhooks lead that are called for the pod, or that belong to the target
    /// where it is a webhook configuration. What was read for a leg of their ways is noted by who looks
    /// at the leg.
    pub fn destinations(&self) -> Result<Rc<Destinations<'a>>, Missing> {
        self.memo(&self.destinations, || {
            crate::way::reached::destinations(self).map(Rc::new)
        })
    }

    /// What will happen to the next pod. It is there even where facts are missing: as Unknown.
    pub fn prediction(&self) -> Rc<Prediction> {
        self.memo(&self.prediction, || Rc::new(crate::way::predict(self)))
    }

    /// How the pods fare that exist. It is there even where facts are missing: as Unknown.
    pub fn observation(&self) -> Rc<Observation> {
        self.memo(&self.observation, || Rc::new(crate::way::observe(self)))
    }
}

fn list<'a, T>(fact: &'a Fact<Vec<T>>, what: &str) -> Result<&'a [T], Missing> {
    Ok(fact.known(what)?.map_or(&[], Vec::as_slice))
}

fn by_name<'a, T>(
    case: &'a BTreeMap<String, Fact<T>>,
    namespace: &str,
    name: &str,
    what: &str,
) -> Result<Option<&'a T>, Missing> {
    let what = format!("{what} {name} in {namespace}");
    match case.get(&key(namespace, name)) {
        Some(fact) => fact.known(&what),
        None => Err(Missing(format!("{what} was not read"))),
    }
}
