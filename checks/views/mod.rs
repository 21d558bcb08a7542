//! What the diagnoses of all workloads add up to: by namespace, and by revision.

mod ambient;
mod control_plane;
mod meshes;
mod namespace;
mod revision;

use std::collections::{BTreeMap, BTreeSet};

pub use ambient::ambient_marks;
pub use control_plane::{ControlPlane, control_plane_kinds, control_planes};
pub use meshes::{Members, MeshName, meshes};
pub use namespace::{Namespace, Odd, Tally};
pub use revision::{Removal, Revision};

use crate::causes::Check;
use crate::diagnosis::Diagnosis;
use crate::facts::{
    Index, Kind, Manifest, Missing, Read, Resource, Snapshot, Subject, Target, Template, Unread,
    Workload,
};
use crate::judged::judge_subject;
use crate::report::{Difference, Effect, Finding};
use crate::way::{Answer, Mesh, injectors, istiod_of_ztunnel, label, names, ztunnel};

use k8s_openapi::api::core::v1::{Container, PodSpec};

/// What is known of a mesh as a whole, one diagnosis after the other.
#[derive(Debug)]
pub struct Overview<'a> {
    mesh: &'a Mesh<'a>,
    namespaces: BTreeMap<String, Namespace>,
    revisions: BTreeMap<String, Revision>,
    /// The pods that were counted, by namespace and name: ReplicaSets of a Deployment that was not read have the same.
    counted: BTreeSet<(String, String)>,
    /// The facts that are missing.
    unknown: BTreeSet<String>,
    /// The facts that are missing about who serves the ztunnels.
    unserved: BTreeSet<String>,
}

impl<'a> Overview<'a> {
    /// The namespaces of a snapshot, or those of these names, and its revisions, before any workload is counted.
    pub fn new(mesh: &'a Mesh<'a>, only: &BTreeSet<String>) -> Self {
        let mut all = Self {
            mesh,
            namespaces: BTreeMap::new(),
            revisions: revision::revisions(mesh),
            counted: BTreeSet::new(),
            unknown: BTreeSet::new(),
            unserved: BTreeSet::new(),
        };
        all.ztunnels();
        for name in namespace::named(mesh, only) {
            let plain = judge_subject(mesh, &plain_pod(&name));
            for revision in all.asked(&plain) {
                all.revision(&revision).namespaces.insert(name.clone());
            }
            all.namespaces
                .insert(name.clone(), Namespace::new(mesh, &name, &plain));
        }
        all
    }

    /// One more diagnosis.
    pub fn add(&mut self, diagnosis: &Diagnosis) {
        for revision in self.asked(diagnosis) {
            self.revision(&revision).workloads += 1;
        }
        let namespace = &diagnosis.target.namespace;
        let observed = diagnosis.observed.iter().flat_map(|one| &one.pods);
        let pods =
            observed.filter(|pod| self.counted.insert((namespace.clone(), pod.name.clone())));
        let pods: Vec<_> = pods.collect();
        for pod in &pods {
            if let Some(revision) = pod.revision.as_deref().filter(|_| pod.injected) {
                let pods = &mut self.revision(revision).pods;
                *pods.entry(namespace.clone()).or_default() += 1;
            }
            if let Some(revision) = &pod.gateway_of {
                let gateways = &mut self.revision(revision).gateways;
                *gateways.entry(namespace.clone()).or_default() += 1;
            }
        }
        self.leave(diagnosis);
        let unread = diagnosis.unread.iter().filter(|one| tells_users(one));
        self.unknown.extend(unread.map(ToString::to_string));
        match self.namespaces.get_mut(namespace) {
            Some(namespace) => namespace.add(diagnosis, &pods),
            // A kind that could not be listed may be in any of them.
            None if namespace.is_empty() => {
                let all = self.namespaces.values_mut();
                all.for_each(|one| one.tally.unseen += 1);
            }
            None => {}
        }
    }

    /// Where pods run another revision than the next one gets, that is what is left to do before that one can go.
    fn leave(&mut self, diagnosis: &Diagnosis) {
        let effect = Effect::Differs(Difference::OtherRevision);
        let next = diagnosis
            .predicted
            .as_ref()
            .and_then(|one| one.revision.as_ref());
        let (Some((_, finding)), Some(observed)) = (
            diagnosis
                .findings
                .iter()
                .find(|(_, one)| one.effect == effect),
            &diagnosis.observed,
        ) else {
            return;
        };
        let revisions = observed.pods.iter().filter_map(|pod| pod.revision.as_ref());
        let others: BTreeSet<_> = revisions.filter(|one| Some(*one) != next).collect();
        for revision in others {
            self.revision(revision).left.push(finding.clone());
        }
    }

    /// The namespaces, by name.
    pub fn namespaces(&self) -> impl Iterator<Item = &Namespace> {
        self.namespaces.values()
    }

    /// The revisions, by name, each with whether it may be removed.
    pub fn revisions(&self) -> impl Iterator<Item = (&Revision, Removal)> {
        let known = self.missing_users().is_empty();
        let removal = move |one: &Revision| one.removal(known);
        self.revisions.values().map(move |one| (one, removal(one)))
    }

    /// The facts that are missing about the namespaces.
    pub fn missing(&self) -> &BTreeSet<String> {
        &self.unknown
    }

    /// Why it is not known who uses which revision: the facts that are missing.
    pub fn missing_users(&self) -> BTreeSet<String> {
        let whole = is_of_all(self.mesh.index()).err();
        let mut all = self.unknown.clone();
        all.extend(self.unserved.iter().cloned());
        all.extend(whole.map(|missing| missing.0));
        all
    }

    fn revision(&mut self, name: &str) -> &mut Revision {
        let new = || Revision::new(name);
        self.revisions.entry(name.to_owned()).or_insert_with(new)
    }

    /// The revisions whose webhooks are called for the next pod, whatever becomes of the call.
    fn asked(&mut self, diagnosis: &Diagnosis) -> BTreeSet<String> {
        let mut asked = BTreeSet::new();
        let calls = diagnosis.predicted.iter().flat_map(|one| &one.calls);
        for call in calls.filter(|call| call.injector) {
            match &call.called {
                Answer::Yes(_) => asked.extend(self.served(&call.configuration)),
                Answer::No(_) => {}
                Answer::Unknown(missing) => {
                    self.unknown.insert(missing.0.clone());
                }
            }
        }
        asked
    }

    /// Who serves the ztunnels: the istiod whose Service they ask for their configuration, which the webhooks tell, too.
    fn ztunnels(&mut self) {
        let snapshot = self.mesh.snapshot();
        for (metadata, template) in ambient::daemon_sets(snapshot) {
            let name = metadata.name.as_deref().unwrap_or_default();
            let namespace = metadata.namespace.as_deref().unwrap_or_default();
            let name = format!("daemonset/{name} in {namespace}");
            let service = ztunnel(template).and_then(istiod_of_ztunnel);
            match service.and_then(|service| self.behind(service)) {
                Some(revision) => {
                    self.revision(&revision).ztunnels.insert(name);
                }
                None => {
                    let missing = format!(
                        "the istiod of ztunnel, which {name} does not name by a webhook's Service"
                    );
                    self.unserved.insert(missing);
                }
            }
        }
    }

    /// The revision of the injection webhooks that call a Service, by namespace and name; none where there are several.
    fn behind(&self, (namespace, name): (&str, &str)) -> Option<String> {
        let webhooks = self.mesh.index().list_all(None);
        let called = injectors(webhooks.got().copied()?).filter(|(_, webhook)| {
            let service = webhook.client_config.service.as_ref();
            service.is_some_and(|one| one.namespace == namespace && one.name == name)
        });
        let revisions = called.filter_map(|(found, _)| label(found, names::ISTIO_REV));
        let revisions: BTreeSet<_> = revisions.collect();
        match Vec::from_iter(revisions).as_slice() {
            [one] => Some((*one).to_owned()),
            _ => None,
        }
    }

    /// The revision that a webhook injects with.
    fn served(&self, configuration: &str) -> Option<String> {
        let reads = self.mesh.index().list_all(None);
        let (found, _) = injectors(reads.got().copied()?)
            .find(|(one, _)| one.metadata.name.as_deref() == Some(configuration))?;
        label(found, names::ISTIO_REV).map(str::to_owned)
    }
}

/// Why the version of the API server is not known; none where it is.
pub fn version_unknown(snapshot: &Snapshot) -> Option<String> {
    match snapshot.server_version.known("the API server's /version") {
        Ok(Some(_)) => None,
        Ok(None) => Some("the API server has no /version".to_owned()),
        Err(missing) => Some(missing.0),
    }
}

/// Whether what was read is of all namespaces: a snapshot may be of less.
///
/// # Errors
/// [`Missing`], where it is not.
pub fn is_of_all(index: &Index) -> Result<(), Missing> {
    let pods = Read::list(Resource::Pod, None);
    index.known(&pods).known("the list of all pods")?;
    Ok(())
}

/// Whether a read would tell who uses a revision.
fn tells_users(unread: &Unread) -> bool {
    let workloads = Kind::WORKLOADS.into_iter().map(Kind::resource);
    let others = [Resource::Namespace, Resource::MutatingWebhookConfiguration];
    let mut all = workloads.chain(others).map(Resource::name);
    all.any(|name| name == unread.resource)
}

/// A pod that asks for nothing itself.
fn plain_pod(namespace: &str) -> Subject {
    let container = Container {
        name: "app".to_owned(),
        image: Some("app".to_owned()),
        ..Container::default()
    };
    let spec = PodSpec {
        containers: vec![container],
        ..PodSpec::default()
    };
    let object = Workload {
        kind: Kind::Pod,
        metadata: Default::default(),
        custom: None,
        template: Template {
            metadata: Default::default(),
            spec,
        },
        rollout: Default::default(),
        replicas: None,
        readiness: None,
        conditions: Vec::new(),
    };
    Subject {
        target: Target {
            kind: Kind::Pod,
            namespace: namespace.to_owned(),
            name: String::new(),
        },
        manifest: Some(Manifest {
            file: "-".to_owned(),
            object,
        }),
    }
}

/// The findings that rest on the namespace itself, the first check's only.
fn about_namespace(diagnosis: &Diagnosis) -> Option<(&'static Check, &Finding)> {
    let object = format!("namespace/{}", diagnosis.target.namespace);
    let rests = |finding: &Finding| {
        finding
            .evidence
            .first()
            .is_some_and(|one| one.object == object)
    };
    let (check, finding) = diagnosis
        .findings
        .iter()
        .find(|(_, finding)| rests(finding))?;
    Some((check, finding))
}
