//! What is known about one subject, and what is worked out about it once.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::HashMap;

use crate::facts::kinds::{
    ClusterRole, ClusterRoleBinding, Job, Pod, ValidatingWebhookConfiguration,
};
use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Event, Namespace, Node, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::changes::{self, Changed};
use super::reached::meant_service;
use super::{
    Call, ControlPlaneKind, Destinations, InjectorConfig, JudgedPod, Observation, Prediction,
    injectors, names, tunnel_reads,
};
use crate::facts::ownership::{self, Chain, Member};
use crate::facts::{
    Fact, Index, Kind, Log, LogOf, Missing, Object, Objects, Read, ReadSet, Resource, Snapshot,
    Subject, Target, Unread, Workload,
};
use crate::rules::certificates::{Bundle, Trust, parse_pem_bundle, trusts};
use crate::rules::istio_keys::{self, Meant};
use crate::way::asked::{self, Said};
use crate::way::assumptions::{self, Gate};
use crate::way::autoscaler::autoscaler;
use crate::way::injector_config::json;
use crate::way::istiod_log;
use crate::way::relabelled::WhatIf;
use crate::way::running::{self, Unwell};
use crate::way::terms::Terms;

/// What is worked out once for a whole snapshot.
#[derive(Debug)]
pub struct Mesh<'a> {
    snapshot: &'a Snapshot,
    index: Index<'a>,
    injector_configs: RefCell<ByName<InjectorConfig>>,
    mesh_configs: RefCell<ByName<Result<Value, String>>>,
    /// By their text.
    bundles: RefCell<HashMap<Vec<u8>, Rc<Bundle>>>,
    trusts: RefCell<Trusts>,
    /// What keys of labels and annotations are meant to be.
    keys: Keys,
    terms: OnceCell<Vec<Terms>>,
    gates: Gates,
}

/// What keys are meant to be: see [`istio_keys`].
#[derive(Clone, Debug, Default)]
struct Keys {
    of_pods: ByKey<Meant>,
    of_namespaces: ByKey<Meant>,
    of_sidecars: ByKey<&'static str>,
}

type ByKey<T> = RefCell<HashMap<String, Option<T>>>;

/// By namespace and name.
type ByName<T> = BTreeMap<(String, String), Rc<T>>;

/// By caBundle, root and time.
type Trusts = HashMap<(Vec<u8>, String, Timestamp), Trust>;

/// The policies and webhooks that may refuse a pod or change it, besides mutating webhooks.
#[derive(Debug, Default)]
struct Gates {
    mutating_policies: OnceCell<Vec<Gate>>,
    validating_policies: OnceCell<Vec<Gate>>,
    validating_webhooks: OnceCell<Vec<Gate>>,
}

impl<'a> Mesh<'a> {
    /// Nothing but where the objects are is worked out yet.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            index: Index::new(&snapshot.reads),
            injector_configs: RefCell::default(),
            mesh_configs: RefCell::default(),
            bundles: RefCell::default(),
            trusts: RefCell::default(),
            keys: Keys::default(),
            terms: OnceCell::new(),
            gates: Gates::default(),
        }
    }

    /// What is worked out already for a snapshot, as far as it holds for a changed one, too.
    pub fn changed<'b>(&self, snapshot: &'b Snapshot) -> Mesh<'b> {
        let (before, after) = (&self.snapshot.reads, &snapshot.reads);
        let is_same = |(namespace, name): &(String, String)| {
            let read = Read::get(Resource::ConfigMap, Some(namespace), name);
            before.of(&read) == after.of(&read)
        };
        let mut injector_configs = self.injector_configs.borrow().clone();
        injector_configs.retain(|map, _| is_same(map));
        let mut mesh_configs = self.mesh_configs.borrow().clone();
        mesh_configs.retain(|map, _| is_same(map));
        Mesh {
            injector_configs: RefCell::new(injector_configs),
            mesh_configs: RefCell::new(mesh_configs),
            bundles: self.bundles.clone(),
            trusts: self.trusts.clone(),
            keys: self.keys.clone(),
            ..Mesh::new(snapshot)
        }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Where the objects are.
    pub fn index(&self) -> &Index<'a> {
        &self.index
    }
}

/// One subject's view of a snapshot.
#[derive(Debug)]
pub struct Case<'a> {
    mesh: &'a Mesh<'a>,
    subject: &'a Subject,
    chain: Memo<Rc<Chain<'a>>>,
    workloads: Memo<Result<Vec<Workload>, Missing>>,
    newest_replica_set: Memo<Result<Option<&'a ReplicaSet>, Missing>>,
    namespace: Memo<Result<Option<&'a Namespace>, Missing>>,
    pods: Memo<Result<Vec<&'a ObjectMeta>, Missing>>,
    pod: Memo<Rc<JudgedPod>>,
    said_of_pods: Memo<Result<Vec<Said>, Missing>>,
    calls: Memo<Rc<[Call]>>,
    what_if: Memo<Result<Rc<WhatIf<'a>>, Missing>>,
    destinations: Memo<Result<Rc<Destinations<'a>>, Missing>>,
    changes: Memo<Result<Rc<[Changed]>, Missing>>,
    prediction: Memo<Rc<Prediction>>,
    observation: Memo<Rc<Observation>>,
    unwell: Memo<Result<Rc<[Unwell<'a>]>, Missing>>,
}

/// A result and the reads that it rests on, which every later look rests on as well.
type Memo<T> = OnceCell<(T, ReadSet)>;

impl<'a> Case<'a> {
    /// The view of one subject.
    pub fn new(mesh: &'a Mesh<'a>, subject: &'a Subject) -> Self {
        Self {
            mesh,
            subject,
            chain: OnceCell::new(),
            workloads: OnceCell::new(),
            newest_replica_set: OnceCell::new(),
            namespace: OnceCell::new(),
            pods: OnceCell::new(),
            pod: OnceCell::new(),
            said_of_pods: OnceCell::new(),
            calls: OnceCell::new(),
            what_if: OnceCell::new(),
            destinations: OnceCell::new(),
            changes: OnceCell::new(),
            prediction: OnceCell::new(),
            observation: OnceCell::new(),
            unwell: OnceCell::new(),
        }
    }

    /// The reads that were looked at since this was asked last.
    pub fn take_read(&self) -> ReadSet {
        self.index().recorder().take()
    }

    fn index(&self) -> &'a Index<'a> {
        &self.mesh.index
    }

    fn snapshot(&self) -> &'a Snapshot {
        self.mesh.snapshot
    }

    /// What is worked out, and the reads that were looked at for it; they are not those of whoever asks
    /// before they are [noted](Self::note).
    pub fn recorded<T>(&self, work_out: impl FnOnce() -> T) -> (T, ReadSet) {
        self.index().recorder().recorded(work_out)
    }

    /// Notes what was read for something that is looked at now.
    pub fn note(&self, reads: &ReadSet) {
        self.index().recorder().look_at_all(reads);
    }

    fn memo<T: Clone>(&self, cell: &Memo<T>, work_out: impl FnOnce() -> T) -> T {
        self.memo_ref(cell, work_out).clone()
    }

    fn memo_ref<'m, T>(&self, cell: &'m Memo<T>, work_out: impl FnOnce() -> T) -> &'m T {
        let (value, reads) = cell.get_or_init(|| self.recorded(work_out));
        self.note(reads);
        value
    }

    /// The reads that the API server refused, of whatever is about the subject.
    pub fn refused(&self) -> Vec<Unread> {
        let own = self.family_reads();
        let mut refused = Vec::new();
        for (read, fact) in self.index().store().reads() {
            let is_elsewhere = read.resource == Resource::Namespace
                && (read.name.as_ref()).is_some_and(|name| *name != self.target().namespace);
            if let (Fact::Refused(unread), false) = (fact, is_elsewhere || is_of_others(read, &own))
            {
                self.index().recorder().look_at(read);
                refused.push(unread.clone());
            }
        }
        refused.sort();
        refused
    }

    /// The reads that brought nothing, but for those of other subjects' objects.
    pub fn unread(&self) -> Vec<Unread> {
        let mut own = self.family_reads();
        // As long as the owners are not known, they may be those that the pod has by its name.
        if self.recorded(|| self.chain().is_err()).0 {
            own.extend(ownership::likely_owners(self.target()));
        }
        let reads = self.index().store().reads();
        let reads = reads.filter(|(read, _)| !is_of_others(read, &own));
        let mut unread: Vec<_> = reads
            .filter_map(|(_, fact)| fact.unread().cloned())
            .collect();
        unread.extend(self.snapshot().server_version.unread().cloned());
        unread.sort();
        unread.dedup();
        unread
    }

    /// The reads of the target and its owners by name, of logs of its pods and of istiod about them, and of the pod that
    /// is the autoscaler.
    fn family_reads(&self) -> Vec<Read> {
        let (_, reads) = self.recorded(|| {
            let logs = (self.unwell().is_ok(), istiod_log::heard(self).is_ok());
            (self.family(), logs, autoscaler(self).is_ok())
        });
        self.index().recorder().reads(&reads)
    }

    /// What the user pointed at.
    pub fn target(&self) -> &'a Target {
        &self.subject.target
    }

    /// The manifest the subject came from, if it is not an object of the cluster.
    pub fn manifest(&self) -> Option<&'a str> {
        let manifest = self.subject.manifest.as_ref();
        manifest.map(|manifest| manifest.file.as_str())
    }

    /// When the facts were read: the only clock there is.
    pub fn now(&self) -> Timestamp {
        self.snapshot().recorded_at
    }

    fn family(&self) -> Rc<Chain<'a>> {
        let family = || ownership::chain(self.index(), self.target());
        self.memo(&self.chain, || Rc::new(family()))
    }

    /// The target and its owners, nearest first; none where the target is not there.
    ///
    /// # Errors
    /// [`Missing`] where they were not read, as with every look below.
    pub fn chain(&self) -> Result<&[Workload], Missing> {
        let chain = self.memo_ref(&self.workloads, || {
            if let Some(manifest) = &self.subject.manifest {
                return Ok(vec![manifest.object.clone()]);
            }
            let family = self.family();
            let mut chain: Vec<Member> = Vec::new();
            chain.extend(family.object.known("the target")?);
            for owner in &family.owners {
                chain.extend(owner.known("an owner of the target")?);
            }
            match chain.last() {
                Some(last) if !last.is_whole() => Err(Missing(format!(
                    "{} was not read as a whole",
                    self.target()
                ))),
                _ => Ok(chain.iter().map(|member| member.workload()).collect()),
            }
        });
        chain.as_deref().map_err(Clone::clone)
    }

    /// The object whose template makes the pods: the last of the owner chain.
    pub fn workload(&self) -> Result<&Workload, Missing> {
        let last = self.chain()?.last();
        last.ok_or_else(|| Missing(format!("{} is not there any more", self.subject.target)))
    }

    /// The pod that the API server would see next.
    pub fn pod(&self) -> Result<Rc<JudgedPod>, Missing> {
        // The memo cannot hold an error, so the look that can fail comes first.
        let workload = self.workload()?;
        Ok(self.memo(&self.pod, || Rc::new(JudgedPod::of(workload, self))))
    }

    /// What is said about the pods in labels and annotations: see [`asked::said_of_pods`].
    pub fn said_of_pods(&self) -> Result<&[Said], Missing> {
        let said = self.memo_ref(&self.said_of_pods, || asked::said_of_pods(self));
        said.as_deref().map_err(Clone::clone)
    }

    /// What is below the top of the target's owners; nothing for a manifest.
    fn below<T>(
        &self,
        what: &str,
        look: impl FnOnce(&Index<'a>, &Chain<'a>) -> Fact<Vec<T>>,
    ) -> Result<Vec<T>, Missing> {
        if self.subject.manifest.is_some() {
            return Ok(Vec::new());
        }
        let family = self.family();
        // Whose objects they are cannot be told without the target.
        family.object.known("the target")?;
        Ok(look(self.index(), &family)
            .known_value(what)?
            .unwrap_or_default())
    }

    /// The metadata of the pods that belong to the target.
    pub fn pods(&self) -> Result<Vec<&'a ObjectMeta>, Missing> {
        self.memo(&self.pods, || {
            self.below("pods", |index, chain| match &chain.top {
                Some(top) => ownership::pods(index, self.target(), top),
                None => Fact::Absent,
            })
        })
    }

    /// The Job whose pods tell how the target fares; none for what has no runs.
    pub fn run(&self) -> Result<Option<&'a Job>, Missing> {
        if !matches!(self.target().kind, Kind::Job | Kind::CronJob) {
            return Ok(None);
        }
        let run = self.below("Jobs", |index, chain| match &chain.top {
            Some(top) => {
                let run = ownership::run(index, self.target(), top);
                run.map(|run| run.into_iter().collect())
            }
            None => Fact::Absent,
        })?;
        Ok(run.first().copied())
    }

    /// The same pods, with all that there is of them.
    pub fn whole_pods(&self) -> Result<Vec<&'a Pod>, Missing> {
        let whole = |metadata: &ObjectMeta| {
            let name = metadata.name.as_deref().unwrap_or_default();
            let pod = self.index().whole::<Pod>(metadata);
            pod.ok_or_else(|| Missing(format!("pod {name} was not read as a whole")))
        };
        self.pods()?.into_iter().map(whole).collect()
    }

    /// What a log of a pod tells; none where there is no such log.
    pub fn log(&self, pod: &ObjectMeta, log: &LogOf) -> Result<Option<&'a Log>, Missing> {
        let namespace = pod.namespace.as_deref().unwrap_or_default();
        let name = pod.name.as_deref().unwrap_or_default();
        let logs = self.list::<Log>(&Read::log(namespace, name, log.clone()))?;
        Ok(logs.first())
    }

    /// The newest ReplicaSet of the target's Deployment.
    pub fn newest_replica_set(&self) -> Result<Option<&'a ReplicaSet>, Missing> {
        self.memo(&self.newest_replica_set, || {
            let sets = self.below("ReplicaSets", |index, chain| match &chain.top {
                Some(top) => ownership::whole_replica_sets(index, &self.target().namespace, top),
                None => Fact::Absent,
            })?;
            Ok(sets.first().copied())
        })
    }

    /// Events about the target and what belongs to it, newest last.
    pub fn events(&self) -> Result<Vec<&'a Event>, Missing> {
        self.below("events", |index, chain| {
            ownership::events(index, self.target(), chain)
        })
    }

    /// Every warning that was read, whatever it is about.
    pub fn warnings(&self) -> Result<Vec<&'a Event>, Missing> {
        let store = self.index().store();
        let mut reads = store
            .reads_of(Resource::Event)
            .map(|(read, _)| read)
            .peekable();
        if reads.peek().is_none() {
            // That nothing was asked is told by a look at what should have been.
            return Ok(self.list(&ownership::events_read(None))?.iter().collect());
        }
        let mut warnings = Vec::new();
        for read in reads {
            warnings.extend(self.list::<Event>(read)?);
        }
        Ok(warnings)
    }

    fn get<T: Object>(
        &self,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<&'a T>, Missing> {
        let fact = self.index().get::<T>(namespace, name);
        fact.known_value(Read::get(T::RESOURCE, namespace, name))
    }

    fn list<T: Object>(&self, read: &Read) -> Result<&'a [T], Missing> {
        let fact = self.index().list::<T>(read);
        Ok(fact.known_value(read)?.unwrap_or_default())
    }

    /// The context of the user's kubeconfig; empty without one.
    pub fn context(&self) -> &'a str {
        &self.snapshot().connection.context
    }

    /// The API server's version, where it was read: `v1.36.0`.
    pub fn server_version(&self) -> Option<&'a str> {
        self.snapshot().server_version.got().map(String::as_str)
    }

    /// The target's namespace.
    pub fn namespace(&self) -> Result<Option<&'a Namespace>, Missing> {
        self.memo(&self.namespace, || {
            self.namespace_named(&self.target().namespace)
        })
    }

    /// The namespace of a name.
    pub fn namespace_named(&self, name: &str) -> Result<Option<&'a Namespace>, Missing> {
        self.get(None, name)
    }

    /// All namespaces.
    pub fn namespaces(&self) -> Result<&'a [Namespace], Missing> {
        self.list(&Read::list(Resource::Namespace, None))
    }

    /// All mutating webhook configurations, in the order in which they were listed.
    pub fn webhooks(&self) -> Result<&'a [MutatingWebhookConfiguration], Missing> {
        self.list(&Read::list(Resource::MutatingWebhookConfiguration, None))
    }

    /// The terms of every webhook entry, in call order.
    pub fn terms(&self) -> Result<&'a [Terms], Missing> {
        let webhooks = self.webhooks()?;
        let terms = || {
            crate::way::entries(webhooks)
                .map(|(_, webhook)| Terms::of(webhook))
                .collect()
        };
        Ok(self.mesh.terms.get_or_init(terms))
    }

    /// The mutating policies that are in force, or why they are not known.
    pub fn mutating_policies(&self) -> Vec<Result<&'a Gate, Missing>> {
        let read = || Ok((self.everywhere()?, self.everywhere()?));
        let read: Result<_, Missing> = read();
        gates(
            &self.mesh.gates.mutating_policies,
            read,
            |(policies, bindings)| assumptions::of_mutating(policies, bindings),
        )
    }

    /// The validating policies that are in force, or why they are not known.
    pub fn validating_policies(&self) -> Vec<Result<&'a Gate, Missing>> {
        let read = || Ok((self.everywhere()?, self.everywhere()?));
        let read: Result<_, Missing> = read();
        gates(
            &self.mesh.gates.validating_policies,
            read,
            |(policies, bindings)| assumptions::of_validating(policies, bindings),
        )
    }

    /// The validating webhooks, or why they are not known.
    pub fn validating_webhooks(&self) -> Vec<Result<&'a Gate, Missing>> {
        let cell = &self.mesh.gates.validating_webhooks;
        gates(cell, self.everywhere(), assumptions::of_webhooks)
    }

    /// The configurations of validating webhooks.
    pub fn validators(&self) -> Result<&'a [ValidatingWebhookConfiguration], Missing> {
        self.everywhere()
    }

    fn everywhere<T: Object>(&self) -> Result<&'a [T], Missing> {
        self.list(&Read::list(T::RESOURCE, None))
    }

    /// The metadata of the target's namespace's objects of a kind that limits pods.
    pub fn limits(&self, resource: Resource) -> Result<Vec<&'a ObjectMeta>, Missing> {
        let namespace = &self.target().namespace;
        let read = Read::list(resource, Some(namespace)).metadata();
        self.index().known(&read).known_value(&read)?;
        let all = self.index().store().reads_of(resource);
        let objects = all.filter_map(|(_, fact)| fact.got());
        let own = objects.flat_map(Objects::metadata);
        Ok(own
            .filter(|one| one.namespace.as_ref() == Some(namespace))
            .collect())
    }

    /// A Service that a webhook calls.
    pub fn service(&self, namespace: &str, name: &str) -> Result<Option<&'a Service>, Missing> {
        self.get(Some(namespace), name)
    }

    /// The EndpointSlices of such a Service.
    pub fn endpoint_slices(
        &self,
        namespace: &str,
        service: &str,
    ) -> Result<&'a [EndpointSlice], Missing> {
        self.list(&endpoint_slices_of(namespace, service))
    }

    /// The NetworkPolicies of a namespace.
    pub fn network_policies(&self, namespace: &str) -> Result<&'a [NetworkPolicy], Missing> {
        self.list(&Read::list(Resource::NetworkPolicy, Some(namespace)))
    }

    /// The kind of control plane behind an injection webhook; none for an istiod of Istio's own charts.
    ///
    /// # Errors
    /// [`Missing`] where it depends on a Service that was not read.
    pub fn control_plane_kind(
        &self,
        configuration: &MutatingWebhookConfiguration,
        webhook: &MutatingWebhook,
    ) -> Result<Option<ControlPlaneKind>, Missing> {
        ControlPlaneKind::of(configuration, webhook, |called| {
            let (namespace, name) = (&called.namespace, &called.name);
            let Some(service) = self.service(namespace, name)? else {
                return Ok(None);
            };
            Ok(Some((service, self.endpoint_slices(namespace, name)?)))
        })
    }

    /// What roles there are in the whole cluster.
    pub fn cluster_roles(&self) -> Result<&'a [ClusterRole], Missing> {
        self.everywhere()
    }

    /// Who has them.
    pub fn cluster_role_bindings(&self) -> Result<&'a [ClusterRoleBinding], Missing> {
        self.everywhere()
    }

    /// The namespaces of the injection webhooks' Services.
    pub fn istio_namespaces(&self) -> Result<BTreeSet<String>, Missing> {
        let webhooks = injectors(self.webhooks()?);
        let services = webhooks.filter_map(|(_, webhook)| meant_service(webhook));
        Ok(services.map(|one| one.namespace.clone()).collect())
    }

    /// The pods beside such a Service, istiod's among them.
    pub fn istiod_pods(&self, namespace: &str) -> Result<&'a [Pod], Missing> {
        self.list(&Read::list(Resource::Pod, Some(namespace)))
    }

    /// The Deployments beside such a Service, istiod's among them.
    pub fn istiod_deployments(&self, namespace: &str) -> Result<&'a [Deployment], Missing> {
        self.list(&Read::list(Resource::Deployment, Some(namespace)))
    }

    /// The injector's ConfigMap of a revision.
    pub fn injector_config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<&'a ConfigMap>, Missing> {
        self.get(Some(namespace), name)
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
        let mut parsed = self.mesh.injector_configs.borrow_mut();
        let config = parsed
            .entry((namespace.to_owned(), name.to_owned()))
            .or_insert_with(|| Rc::new(InjectorConfig::parse(config_map)));
        Ok(Some(Rc::clone(config)))
    }

    /// The mesh's ConfigMap of a revision.
    pub fn mesh_config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<&'a ConfigMap>, Missing> {
        self.get(Some(namespace), name)
    }

    /// Key `mesh` of it, parsed, or why that cannot be done; none where it has none.
    pub fn mesh_config(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Rc<Result<Value, String>>>, Missing> {
        let config_map = self.mesh_config_map(namespace, name)?;
        let text = config_map.and_then(|config_map| config_map.data.as_ref()?.get("mesh"));
        let parsed = |text| {
            let mut parsed = self.mesh.mesh_configs.borrow_mut();
            let config = parsed.entry((namespace.to_owned(), name.to_owned()));
            Rc::clone(config.or_insert_with(|| Rc::new(json(text))))
        };
        Ok(text.map(|text| parsed(text)))
    }

    /// ConfigMap istio-ca-root-cert in istiod's namespace: the root that istiod serves with.
    pub fn root_certificate(&self, namespace: &str) -> Result<Option<&'a ConfigMap>, Missing> {
        self.get(Some(namespace), names::ROOT_CERTIFICATE)
    }

    /// Whether a caBundle vouches for a root in PEM at the time of recording.
    pub fn trusts(&self, bundle: &[u8], root: &str) -> Trust {
        self.trusts_at(bundle, root, self.now())
    }

    /// The same at another time.
    pub fn trusts_at(&self, bundle: &[u8], root: &str, time: Timestamp) -> Trust {
        let mut known = self.mesh.trusts.borrow_mut();
        let trust = known.entry((bundle.to_vec(), root.to_owned(), time));
        let judged = trust.or_insert_with(|| {
            let root = self.bundle(root.as_bytes());
            trusts(&self.bundle(bundle), &root, time)
        });
        judged.clone()
    }

    /// The certificates of a PEM file.
    pub fn bundle(&self, bytes: &[u8]) -> Rc<Bundle> {
        let mut known = self.mesh.bundles.borrow_mut();
        if let Some(bundle) = known.get(bytes) {
            return Rc::clone(bundle);
        }
        let bundle = Rc::new(parse_pem_bundle(bytes));
        known.insert(bytes.to_vec(), Rc::clone(&bundle));
        bundle
    }

    /// What a key on pods is meant to say: see [`istio_keys::of_pods`].
    pub fn meant_of_pods(&self, key: &str) -> Option<Meant> {
        meant(&self.mesh.keys.of_pods, key, istio_keys::of_pods)
    }

    /// What a key on a namespace is meant to say: see [`istio_keys::of_namespaces`].
    pub fn meant_of_namespaces(&self, key: &str) -> Option<Meant> {
        let known = &self.mesh.keys.of_namespaces;
        meant(known, key, istio_keys::of_namespaces)
    }

    /// The annotation of a sidecar that a key is meant to be: see [`istio_keys::of_sidecars`].
    pub fn meant_of_sidecars(&self, key: &str) -> Option<&'static str> {
        meant(&self.mesh.keys.of_sidecars, key, istio_keys::of_sidecars)
    }

    /// The nodes.
    pub fn nodes(&self) -> Result<&'a [Node], Missing> {
        self.list(&Read::list(Resource::Node, None))
    }

    /// The pods of kube-apiserver; none where the control plane is managed elsewhere.
    pub fn api_servers(&self) -> Result<&'a [Pod], Missing> {
        self.list(&api_servers())
    }

    /// Whether a read was done, or a list that holds the same: some are done only for what is asked about by name.
    pub fn is_asked(&self, read: &Read) -> bool {
        self.index().is_known(read)
    }

    /// An object of a namespace, by its name.
    pub fn object_named<T: Object>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<&'a T>, Missing> {
        self.get(Some(namespace), name)
    }

    /// Every webhook entry in call order, with whether the API server calls it for the pod.
    pub fn calls(&self) -> Result<Rc<[Call]>, Missing> {
        let (pod, webhooks, terms) = (self.pod()?, self.webhooks()?, self.terms()?);
        Ok(self.memo(&self.calls, || {
            crate::way::calls(self, &pod, webhooks, terms)
        }))
    }

    /// The target, for trying other labels on.
    ///
    /// # Errors
    /// [`Missing`] where namespace, pod or webhooks were not read.
    pub fn what_if(&self) -> Result<Rc<WhatIf<'a>>, Missing> {
        self.memo(&self.what_if, || WhatIf::new(self).map(Rc::new))
    }

    /// Where the injection webhooks lead that are called for the pod, or that belong to the target
    /// where it is a webhook configuration. What was read for a leg of their ways is noted by who looks
    /// at the leg.
    pub fn destinations(&self) -> Result<Rc<Destinations<'a>>, Missing> {
        self.memo(&self.destinations, || {
            crate::way::reached::destinations(self).map(Rc::new)
        })
    }

    /// When each of the objects was changed last that decide about the target's pods, but for the template of
    /// these: the newest first.
    pub fn changes(&self) -> Result<Rc<[Changed]>, Missing> {
        self.memo(&self.changes, || changes::of_the_rest(self).map(Rc::from))
    }

    /// What will happen to the next pod. It is there even where facts are missing: as Unknown.
    pub fn prediction(&self) -> Rc<Prediction> {
        self.memo(&self.prediction, || Rc::new(crate::way::predict(self)))
    }

    /// How the pods fare that exist. It is there even where facts are missing: as Unknown.
    pub fn observation(&self) -> Rc<Observation> {
        self.memo(&self.observation, || Rc::new(crate::way::observe(self)))
    }

    /// The pods that exist, have a sidecar and are not ready, one for each state that they are in.
    pub fn unwell(&self) -> Result<Rc<[Unwell<'a>]>, Missing> {
        self.memo(&self.unwell, || running::unwell(self).map(Rc::from))
    }
}

/// What a key is meant to be, worked out once.
fn meant<T: Copy>(known: &ByKey<T>, key: &str, work_out: fn(&str) -> Option<T>) -> Option<T> {
    let mut known = known.borrow_mut();
    if let Some(meant) = known.get(key) {
        return *meant;
    }
    let meant = work_out(key);
    known.insert(key.to_owned(), meant);
    meant
}

/// What is made once of what was read, or why nothing was.
fn gates<T>(
    cell: &OnceCell<Vec<Gate>>,
    read: Result<T, Missing>,
    make: impl FnOnce(T) -> Vec<Gate>,
) -> Vec<Result<&Gate, Missing>> {
    match read {
        Ok(read) => cell.get_or_init(|| make(read)).iter().map(Ok).collect(),
        Err(missing) => vec![Err(missing)],
    }
}

/// Whether a read is of another subject's object or pod, or of an owner that a pod was thought to have.
fn is_of_others(read: &Read, own: &[Read]) -> bool {
    let is_of_one = read.resource.is_workload() || read.resource == Resource::Log;
    let is_own = || own.contains(read) || tunnel_reads().contains(read);
    read.name.is_some() && is_of_one && !is_own()
}

/// The list of a Service's EndpointSlices.
pub fn endpoint_slices_of(namespace: &str, service: &str) -> Read {
    Read::list(Resource::EndpointSlice, Some(namespace))
        .labelled(format!("kubernetes.io/service-name={service}"))
}

/// The list of the pods of kube-apiserver.
pub fn api_servers() -> Read {
    Read::list(Resource::Pod, Some("kube-system")).labelled("component=kube-apiserver")
}
