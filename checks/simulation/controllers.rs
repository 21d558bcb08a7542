//! What controllers and istiod make of a change, as far as it is certain and comes at once.

use crate::facts::kinds::Pod;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Service, ServicePort};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use crate::facts::kinds::{
    ClusterRole, ClusterRoleBinding, ConfigMap, MutatingWebhookConfiguration,
};
use crate::facts::{Fact, Object as _, Read, Resource, Snapshot, Store};
use crate::report::{Change, Field, Object, Operation, Patch};
use crate::rules::certificates::{Trust, parse_pem_bundle, trusts};
use crate::way::reached::is_patched;
use crate::way::rights::{Account, lacking};
use crate::way::selector::Labels;
use crate::way::{endpoint_slices_of, istiod_container, names};

/// What follows from a change of one object.
///
/// # Errors
/// Why it cannot be told: a clause that stands after "because".
pub fn follow(snapshot: &mut Snapshot, change: &Change) -> Result<(), String> {
    match (change.object.kind, &change.patch) {
        ("Service", _) => select(
            &mut snapshot.reads,
            change.object.namespace.as_deref().unwrap_or_default(),
        ),
        ("MutatingWebhookConfiguration", patch) if decides_who_patches(patch) => {
            fill_in(&mut snapshot.reads, &change.object.name);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether a change of a webhook configuration decides which istiod fills in its caBundle: by its label, or by
/// the names of its entries, new ones among them.
fn decides_who_patches(patch: &Patch) -> bool {
    let is_name = |one: &Operation| matches!(one, Operation::Add(path, _) if path.ends_with("/name") || path == "/webhooks/-");
    match patch {
        Patch::Metadata(field, _) => *field == Field::Labels,
        Patch::Operations(operations) => operations.iter().any(is_name),
        _ => false,
    }
}

/// The pods of a Deployment of istiod become those of its template, all of them ready.
///
/// # Errors
/// Why it cannot be told what becomes of it: a clause that stands after "because".
pub fn roll_out(snapshot: &mut Snapshot, object: &Object) -> Result<(), String> {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let now = snapshot.recorded_at;
    let reads = &mut snapshot.reads;
    let deployments = reads.list::<Deployment>(&deployments_of(namespace));
    let is_it = |one: &&Deployment| one.metadata.name.as_ref() == Some(&object.name);
    let deployment = deployments.and_then(|all| all.iter().find(is_it));
    let new = deployment.map(|one| pods_of(one, now)).transpose()?;
    let (Some(deployment), Some(new)) = (deployment.cloned(), new) else {
        return Err(format!("{} was not read", object.reference()));
    };
    let selector = deployment.spec.unwrap_or_default().selector;
    let selector = selector.match_labels.unwrap_or_default();
    let Some(pods) = reads.list_mut::<Pod>(&pods_in(namespace)) else {
        return Err(format!("the pods of {namespace} were not read"));
    };
    pods.retain(|pod| !selects(&selector, pod));
    pods.extend(new);
    started(reads, namespace, now)?;
    select(reads, namespace)
}

fn deployments_of(namespace: &str) -> Read {
    Read::list(Resource::Deployment, Some(namespace))
}

fn pods_in(namespace: &str) -> Read {
    Read::list(Resource::Pod, Some(namespace))
}

fn webhooks() -> Read {
    Read::list(Resource::MutatingWebhookConfiguration, None)
}

/// The pods that a Deployment makes.
fn pods_of(deployment: &Deployment, now: Timestamp) -> Result<Vec<Pod>, String> {
    let spec = deployment.spec.as_ref();
    let replicas = spec.and_then(|spec| spec.replicas).unwrap_or(1);
    let template = spec.map(|spec| json!(spec.template)).unwrap_or_default();
    let name = deployment.metadata.name.as_deref().unwrap_or_default();
    let containers = template.pointer("/spec/containers");
    let statuses = containers.and_then(Value::as_array).into_iter().flatten();
    let statuses = statuses.map(|container| {
        json!({
            "name": container.get("name"), "image": "", "imageID": "", "ready": true, "restartCount": 0,
            "state": { "running": { "startedAt": now } },
        })
    });
    let statuses: Vec<_> = statuses.collect();
    let pod = |number: i32| {
        let mut pod = template.clone();
        let own = json!({
            "metadata": { "name": format!("{name}-{number}"), "creationTimestamp": now },
            "status": {
                "phase": "Running",
                "podIP": format!("192.0.2.{number}"),
                "conditions": [{ "type": "Ready", "status": "True" }],
                "containerStatuses": statuses,
            },
        });
        json_patch::merge(&mut pod, &own);
        serde_json::from_value(pod).map_err(|error| error.to_string())
    };
    (1..=replicas).map(pod).collect()
}

/// An istiod that starts fills in the caBundle of the webhooks of its revision, if it may. Where that is right
/// already, it stays as it is.
fn started(reads: &mut Store, namespace: &str, now: Timestamp) -> Result<(), String> {
    let pods = reads.list::<Pod>(&pods_in(namespace)).unwrap_or_default();
    let istiods: Vec<_> = pods
        .iter()
        .filter_map(|pod| Some((istiod_container(pod)?, pod.spec.as_ref()?)))
        .collect();
    let mut filled_in = Vec::new();
    let Some(root) = root(reads, namespace) else {
        return Ok(());
    };
    let root = parse_pem_bundle(root.as_bytes());
    let configurations = reads.list::<MutatingWebhookConfiguration>(&webhooks());
    for configuration in configurations.unwrap_or_default() {
        for webhook in configuration.webhooks.iter().flatten() {
            let client = &webhook.client_config;
            let calls_it = client
                .service
                .as_ref()
                .is_some_and(|service| service.namespace == namespace);
            let bundle = client
                .ca_bundle
                .as_ref()
                .map_or(&[][..], |bundle| &bundle.0);
            let is_right = || trusts(&parse_pem_bundle(bundle), &root, now) == Trust::Verifies;
            let is_its_own = |istiod: &Container| is_patched(configuration, webhook, istiod);
            let mut istiods = istiods.iter().filter(|_| calls_it && !is_right());
            let Some((_, spec)) = istiods.find(|(istiod, _)| is_its_own(istiod)) else {
                continue;
            };
            let name = configuration.metadata.name.as_deref().unwrap_or_default();
            match may_patch(reads, &Account::of(namespace, spec), name) {
                Some(true) => filled_in.push(name.to_owned()),
                Some(false) => {}
                None => {
                    return Err(
                        "istiod fills in caBundle when it starts, and whether it may is not read"
                            .to_owned(),
                    );
                }
            }
        }
    }
    for name in filled_in {
        fill_in(reads, &name);
    }
    Ok(())
}

/// Whether istiod may fill in the caBundle of a webhook; none where its rights were not read.
fn may_patch(reads: &Store, account: &Account, webhook: &str) -> Option<bool> {
    let roles = reads.list::<ClusterRole>(&Read::list(Resource::ClusterRole, None))?;
    let bindings = Read::list(Resource::ClusterRoleBinding, None);
    let bindings = reads.list::<ClusterRoleBinding>(&bindings)?;
    let roles = account.roles(roles, bindings);
    Some(lacking(&roles, webhook).is_empty())
}

/// istiod fills in the caBundle of a webhook that bears its revision.
/// Source: Istio 1.31, `pkg/webhooks/webhookpatch.go`.
fn fill_in(reads: &mut Store, name: &str) {
    let all = reads.list::<MutatingWebhookConfiguration>(&webhooks());
    let mut configurations = all.unwrap_or_default().to_vec();
    let own = configurations
        .iter_mut()
        .filter(|one| one.metadata.name.as_deref() == Some(name));
    for configuration in own {
        let before = configuration.clone();
        for webhook in configuration.webhooks.iter_mut().flatten() {
            let Some(service) = &webhook.client_config.service else {
                continue;
            };
            let pods = reads.list::<Pod>(&pods_in(&service.namespace));
            let ready = pods.unwrap_or_default().iter().filter(|pod| is_ready(pod));
            let mut running = ready.filter_map(istiod_container);
            if running.any(|istiod| is_patched(&before, webhook, istiod))
                && let Some(root) = root(reads, &service.namespace)
            {
                let root = ByteString(root.as_bytes().to_vec());
                webhook.client_config.ca_bundle = Some(root);
            }
        }
    }
    if let Some(all) = reads.list_mut(&webhooks()) {
        *all = configurations;
    }
}

/// The root that istiod serves with in a namespace.
fn root<'a>(reads: &'a Store, namespace: &str) -> Option<&'a String> {
    let config_map = reads.get::<ConfigMap>(Some(namespace), names::ROOT_CERTIFICATE)?;
    config_map.data.as_ref()?.get("root-cert.pem")
}

/// The EndpointSlices of all Services of a namespace follow their selectors, ports and pods.
/// Source: Kubernetes 1.36, `k8s.io/endpointslice/utils.go` (`podToEndpoint`, `getEndpointPorts`).
///
/// # Errors
/// Why it cannot be told: a clause that stands after "because".
pub fn select(reads: &mut Store, namespace: &str) -> Result<(), String> {
    let Some(pods) = reads.list::<Pod>(&pods_in(namespace)) else {
        return Err(format!("the pods of {namespace} were not read"));
    };
    let mut behind = Vec::new();
    for (read, fact) in reads.reads_of(Resource::Service) {
        let service = fact.got().and_then(Service::among).and_then(<[_]>::first);
        let (Some(service), Some(name)) = (service, &read.name) else {
            continue;
        };
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.clone());
        let selector = selector.filter(|selector| !selector.is_empty());
        let (Some(selector), true) = (selector, read.namespace.as_deref() == Some(namespace))
        else {
            continue;
        };
        let selected = pods.iter().filter(|pod| selects(&selector, pod));
        let slices: Result<Vec<_>, _> = selected.map(|pod| slice(service, pod)).collect();
        let slices = slices.map_err(|error| error.to_string())?;
        behind.push((endpoint_slices_of(namespace, name), slices));
    }
    for (read, slices) in behind {
        reads.insert(read, Fact::Got(EndpointSlice::objects(slices)));
    }
    Ok(())
}

/// The slice of one pod behind a Service.
fn slice(service: &Service, pod: &Pod) -> Result<EndpointSlice, serde_json::Error> {
    let status = pod.status.as_ref();
    let address = status.and_then(|status| status.pod_ip.as_deref());
    let ports = service
        .spec
        .iter()
        .flat_map(|spec| spec.ports.iter().flatten());
    let ports = ports.filter_map(|port| {
        let target = target(port, pod)?;
        Some(json!({ "name": port.name, "port": target, "protocol": port.protocol }))
    });
    let family = match address {
        Some(address) if address.contains(':') => "IPv6",
        _ => "IPv4",
    };
    serde_json::from_value(json!({
        "addressType": family,
        "ports": ports.collect::<Vec<_>>(),
        "endpoints": address.map(|address| json!({
            "addresses": [address],
            "conditions": { "ready": is_ready(pod) },
            "targetRef": { "kind": "Pod", "name": pod.metadata.name },
        })).into_iter().collect::<Vec<_>>(),
    }))
}

/// The port of a pod to which a port of a Service leads.
fn target(port: &ServicePort, pod: &Pod) -> Option<i32> {
    let name = match &port.target_port {
        None => return Some(port.port),
        Some(IntOrString::Int(number)) => return Some(*number),
        Some(IntOrString::String(name)) => name,
    };
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut ports = containers.flat_map(|container| container.ports.iter().flatten());
    let found = ports.find(|one| one.name.as_ref() == Some(name))?;
    Some(found.container_port)
}

fn selects(selector: &Labels, pod: &Pod) -> bool {
    let labels = pod.metadata.labels.as_ref();
    let is_met = |(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value);
    !selector.is_empty() && selector.iter().all(is_met)
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let mut ready = conditions.filter(|condition| condition.type_ == "Ready");
    pod.metadata.deletion_timestamp.is_none() && ready.any(|condition| condition.status == "True")
}
