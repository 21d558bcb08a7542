//! When that was changed last which decides about the pods.

use std::cmp::Reverse;

use crate::facts::kinds::Pod;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::reached::Entry;
use super::{Answer, Arrival, Case, Destination, Istiod, admission_plugin, names};
use crate::facts::{Kind, Missing, Workload};

/// An object that decides, and when it was changed last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The object in kubectl's words: `namespace/shop`.
    pub object: String,
    /// When, to the second, as far as the object tells: of what was taken away by whoever had set it no time is
    /// kept.
    pub at: Timestamp,
    /// The field manager that did it, where managedFields tell.
    pub by: Option<String>,
    /// Its resourceVersion, which grows with each change of any object. None for what counts only in part, and
    /// where it is no number.
    pub version: Option<u64>,
}

/// When the pods' template was changed last: by the managedFields of the workload; none for a pod, which is
/// its own template.
///
/// # Errors
/// [`Missing`] where the workload was not read.
pub fn of_template(case: &Case) -> Result<Option<Changed>, Missing> {
    let workload = case.workload()?;
    let is_pod = workload.kind == Kind::Pod;
    Ok((!is_pod).then(|| changed_workload(workload)).flatten())
}

/// When the namespace was changed last, or deleted.
///
/// # Errors
/// [`Missing`] where it was not read.
pub fn of_namespace(case: &Case) -> Result<Option<Changed>, Missing> {
    let Some(namespace) = case.namespace()? else {
        return Ok(None);
    };
    let mut changed = changed("namespace", &namespace.metadata);
    if let (Some(changed), Some(deleted)) = (&mut changed, &namespace.metadata.deletion_timestamp) {
        changed.at = changed.at.max(deleted.0);
    }
    Ok(changed)
}

/// When the namespace and the webhooks were changed last.
///
/// # Errors
/// [`Missing`] where one of them was not read.
pub fn of_what_selects(case: &Case) -> Result<Vec<Changed>, Missing> {
    let mut all: Vec<_> = of_namespace(case)?.into_iter().collect();
    for configuration in case.webhooks()? {
        all.extend(changed(
            "mutatingwebhookconfiguration",
            &configuration.metadata,
        ));
    }
    Ok(all)
}

/// When each of the other objects was changed last that decide about the pods, the newest first: the namespace, the
/// webhooks, and what stands behind those that are called.
///
/// # Errors
/// [`Missing`] where one of them was not read.
pub fn of_the_rest(case: &Case) -> Result<Vec<Changed>, Missing> {
    let mut all = of_what_selects(case)?;
    let destinations = case.destinations()?;
    for destination in &destinations.all {
        if let Some(service) = destination.service() {
            all.extend(behind_service(case, &service.namespace, &service.name)?);
        }
        all.extend(read_there(case, destination)?);
    }
    // What an API server does that calls no webhook is so since its start.
    if let Ok(off) = admission_plugin::off(case) {
        all.extend(off.iter().filter_map(|one| started(one.pod)));
    }
    all.sort_by_key(|one| Reverse(one.at));
    Ok(all)
}

/// Whether something was changed after a time that decides about the calls to a destination.
///
/// # Errors
/// [`Missing`] where one of the objects was not read.
pub fn is_way_changed_since(
    case: &Case,
    destination: &Destination,
    at: Timestamp,
) -> Result<bool, Missing> {
    let way = of_way(case, destination.first())?.into_iter();
    let mut all = way.chain(read_there(case, destination)?);
    Ok(all.any(|one| one.at > at))
}

/// When the configuration of a webhook entry was changed last, and what stands behind the Service that it calls.
///
/// # Errors
/// [`Missing`] where one of the objects was not read.
pub fn of_way(case: &Case, entry: Entry) -> Result<Vec<Changed>, Missing> {
    let mut all = match &entry.webhook.client_config.service {
        Some(service) => behind_service(case, &service.namespace, &service.name)?,
        None => Vec::new(),
    };
    let metadata = &entry.configuration.metadata;
    all.extend(changed("mutatingwebhookconfiguration", metadata));
    Ok(all)
}

/// What the istiod reads that answers at a destination.
fn read_there(case: &Case, destination: &Destination) -> Result<Vec<Changed>, Missing> {
    match destination.route.reached(case) {
        Answer::Yes(Arrival::Istiod(istiod)) => configuration(case, &istiod),
        _ => Ok(Vec::new()),
    }
}

/// The ConfigMaps of an istiod, which reads them again when they change.
fn configuration(case: &Case, istiod: &Istiod) -> Result<Vec<Changed>, Missing> {
    let mesh = names::with_revision(names::MESH_CONFIG, &istiod.revision);
    let maps = [
        case.injector_config_map(&istiod.namespace, &istiod.injector_config_map())?,
        case.mesh_config_map(&istiod.namespace, &mesh)?,
    ];
    let changed = |map: &ConfigMap| {
        let changed = changed("configmap", &map.metadata)?;
        // Of it only the data matters, which is set and never only taken away.
        Some(Changed {
            version: None,
            ..changed
        })
    };
    Ok(maps.into_iter().flatten().filter_map(changed).collect())
}

/// When the Service of this name was changed last, and each of what stands behind it.
///
/// # Errors
/// [`Missing`] where one of them was not read.
pub fn behind_service(case: &Case, namespace: &str, name: &str) -> Result<Vec<Changed>, Missing> {
    let mut all = Vec::new();
    if let Some(service) = case.service(namespace, name)? {
        all.extend(changed("service", &service.metadata));
    }
    for slice in case.endpoint_slices(namespace, name)? {
        all.extend(changed("endpointslice", &slice.metadata));
    }
    for pod in case.istiod_pods(namespace)? {
        all.extend(changed_state(pod));
    }
    all.extend(of_policies(case, namespace));
    Ok(all)
}

/// When the NetworkPolicies of a namespace were changed last. What may not be read tells of no change.
pub fn of_policies(case: &Case, namespace: &str) -> Vec<Changed> {
    let policies = case.network_policies(namespace).unwrap_or_default();
    let changed = |policy: &NetworkPolicy| changed("networkpolicy", &policy.metadata);
    policies.iter().filter_map(changed).collect()
}

fn changed_workload(workload: &Workload) -> Option<Changed> {
    let (at, by) = last_set(&workload.metadata)?;
    Some(Changed {
        object: workload.reference(),
        at,
        by,
        // Its status changes with its pods.
        version: None,
    })
}

/// When an object was changed last; its kind in kubectl's words.
pub fn changed(kind: &str, metadata: &ObjectMeta) -> Option<Changed> {
    let (at, by) = last_set(metadata)?;
    Some(Changed {
        object: format!("{kind}/{}", metadata.name.as_deref()?),
        at,
        by,
        version: version(metadata),
    })
}

/// An object's resourceVersion as a number.
/// Source: Kubernetes KEP-5504, comparable resource versions (v1.35); it was the revision of etcd before.
pub fn version(metadata: &ObjectMeta) -> Option<u64> {
    metadata.resource_version.as_ref()?.parse().ok()
}

/// A pod that became ready, or ceased to be.
fn changed_state(pod: &Pod) -> Option<Changed> {
    let conditions = pod.status.as_ref()?.conditions.iter().flatten();
    let mut times = conditions.filter(|one| one.type_ == "Ready");
    let at = times.find_map(|one| one.last_transition_time.as_ref())?;
    Some(Changed {
        object: format!("pod/{}", pod.metadata.name.as_deref()?),
        at: at.0,
        by: None,
        version: None,
    })
}

/// A pod whose containers were started, or that was created in the place of another.
fn started(pod: &Pod) -> Option<Changed> {
    let statuses = pod.status.as_ref().map(|status| &status.container_statuses);
    let running = statuses.into_iter().flatten().flatten().filter_map(|one| {
        let running = one.state.as_ref()?.running.as_ref()?;
        running.started_at.as_ref()
    });
    let times = running.chain(pod.metadata.creation_timestamp.as_ref());
    Some(Changed {
        object: format!("pod/{}", pod.metadata.name.as_deref()?),
        at: times.map(|time| time.0).max()?,
        by: None,
        version: None,
    })
}

/// When something other than the status was set last, and by whom.
fn last_set(metadata: &ObjectMeta) -> Option<(Timestamp, Option<String>)> {
    let managers = metadata.managed_fields.iter().flatten();
    let own = managers.filter(|one| one.subresource.is_none());
    let set = own.filter_map(|one| Some((one.time.as_ref()?.0, one.manager.clone())));
    let created = metadata.creation_timestamp.as_ref();
    // Of what was set when the object was created it is told who did it.
    created
        .map(|time| (time.0, None))
        .into_iter()
        .chain(set)
        .max_by_key(|(at, _)| *at)
}
