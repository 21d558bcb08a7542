//! What is the same for all subjects: the webhooks, whom they call, and the API server itself.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use injdoctor_checks::decide::{
    entries, injectors, istiod_container, label, revision, with_revision,
};
use injdoctor_checks::facts::{Cluster, Fact, key};
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, RuleWithOperations,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use tokio::join;

use super::read::{Reader, Selection};

/// Which namespaces to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// All there are.
    All,
    /// These, and those of the webhooks' Services.
    Named(BTreeSet<String>),
}

/// Reads everything that is the same for all subjects: in two waves, and a third where an istiod has
/// a revision that no webhook names.
pub async fn read(reader: &Reader<'_>, namespaces: &Namespaces) -> Cluster {
    let api_servers = Selection::within(Some("kube-system")).labelled("component=kube-apiserver");
    let (mut cluster, server_version, api_servers) = join!(
        webhooks_and_beyond(reader, namespaces),
        reader.version(),
        reader.pods(api_servers),
    );
    cluster.server_version = server_version;
    cluster.api_servers = api_servers;
    cluster
}

async fn webhooks_and_beyond(reader: &Reader<'_>, namespaces: &Namespaces) -> Cluster {
    let (webhooks, mut namespaces) = join!(
        reader.list::<MutatingWebhookConfiguration>(Selection::default()),
        read_namespaces(reader, namespaces),
    );
    let configurations = webhooks.got().map_or(&[][..], Vec::as_slice);
    let services = called_services(configurations);
    let revisions = revisions_by_namespace(configurations);
    let more: BTreeSet<_> = services
        .iter()
        .map(|(namespace, _)| namespace.clone())
        .filter(|namespace| !namespaces.known.contains_key(namespace))
        .collect();
    let more = async {
        match namespaces.list.take() {
            Some(unread) => more
                .into_iter()
                .map(|name| (name, unread.clone()))
                .collect(),
            None => get_namespaces(reader, &more).await,
        }
    };
    let (service_facts, slices, istiods, more) = join!(
        join_all(
            services
                .iter()
                .map(|(namespace, name)| reader.get::<Service>(Some(namespace), name))
        ),
        join_all(
            services
                .iter()
                .map(|(namespace, name)| read_slices(reader, namespace, name))
        ),
        join_all(
            revisions
                .iter()
                .map(|(namespace, revisions)| read_istiod(reader, namespace, revisions))
        ),
        more,
    );
    namespaces.known.extend(more);
    let keys = || {
        services
            .iter()
            .map(|(namespace, name)| key(namespace, name))
    };
    let mut cluster = Cluster {
        namespaces: namespaces.known,
        services: keys().zip(service_facts).collect(),
        endpoint_slices: keys().zip(slices).collect(),
        ..Cluster::default()
    };
    for (namespace, istiod) in revisions.into_keys().zip(istiods) {
        cluster.config_maps.extend(istiod.config_maps);
        cluster.pods.insert(namespace.clone(), istiod.pods);
        cluster.deployments.insert(namespace, istiod.deployments);
    }
    cluster.webhooks = webhooks;
    cluster
}

/// Namespaces, and what stands for those that are not among them: after a whole list, that they are
/// absent, or why the list could not be read.
struct Known {
    known: BTreeMap<String, Fact<Namespace>>,
    list: Option<Fact<Namespace>>,
}

async fn read_namespaces(reader: &Reader<'_>, wanted: &Namespaces) -> Known {
    let names = match wanted {
        Namespaces::Named(names) => {
            return Known {
                known: get_namespaces(reader, names).await,
                list: None,
            };
        }
        Namespaces::All => reader.list::<Namespace>(Selection::default()).await,
    };
    match names {
        Fact::Got(list) => Known {
            known: list
                .into_iter()
                .map(|namespace| {
                    (
                        namespace.metadata.name.clone().unwrap_or_default(),
                        Fact::Got(namespace),
                    )
                })
                .collect(),
            list: Some(Fact::Absent),
        },
        unread => Known {
            known: BTreeMap::new(),
            list: Some(unread.map(|_| Namespace::default())),
        },
    }
}

async fn get_namespaces(
    reader: &Reader<'_>,
    names: &BTreeSet<String>,
) -> BTreeMap<String, Fact<Namespace>> {
    let facts = join_all(names.iter().map(|name| reader.get::<Namespace>(None, name))).await;
    names.iter().cloned().zip(facts).collect()
}

async fn read_slices(
    reader: &Reader<'_>,
    namespace: &str,
    service: &str,
) -> Fact<Vec<EndpointSlice>> {
    let labels = format!("kubernetes.io/service-name={service}");
    reader
        .list(Selection::within(Some(namespace)).labelled(&labels))
        .await
}

/// Namespace and name of every Service that is called when a pod is made, or to inject one.
fn called_services(configurations: &[MutatingWebhookConfiguration]) -> BTreeSet<(String, String)> {
    let on_pods = entries(configurations)
        .filter(|(_, webhook)| webhook.rules.iter().flatten().any(matches_new_pods));
    on_pods
        .chain(injectors(configurations))
        .filter_map(|(_, webhook)| webhook.client_config.service.as_ref())
        .map(|service| (service.namespace.clone(), service.name.clone()))
        .collect()
}

/// Whether a rule can match the creation of a pod, whatever its scope and version.
fn matches_new_pods(rule: &RuleWithOperations) -> bool {
    let has = |list: &Option<Vec<String>>, wanted: &[&str]| {
        list.iter()
            .flatten()
            .any(|item| wanted.contains(&item.as_str()))
    };
    has(&rule.operations, &["CREATE", "*"])
        && has(&rule.api_groups, &["", "*"])
        && has(&rule.resources, &["pods", "*", "*/*"])
}

/// The namespaces of the injection webhooks' Services, with the revisions that the webhooks name.
fn revisions_by_namespace(
    configurations: &[MutatingWebhookConfiguration],
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (configuration, webhook) in injectors(configurations) {
        if let Some(service) = &webhook.client_config.service {
            let revisions = found.entry(service.namespace.clone()).or_default();
            revisions.extend(label(configuration, "istio.io/rev").map(str::to_owned));
        }
    }
    found
}

/// What stands beside an injection webhook's Service.
struct Istiod {
    pods: Fact<Vec<Pod>>,
    deployments: Fact<Vec<Deployment>>,
    config_maps: BTreeMap<String, Fact<ConfigMap>>,
}

async fn read_istiod(reader: &Reader<'_>, namespace: &str, revisions: &BTreeSet<String>) -> Istiod {
    let mut names = config_map_names(revisions.iter().map(String::as_str));
    names.insert("istio-ca-root-cert".to_owned());
    let selection = Selection::within(Some(namespace));
    let (pods, deployments, mut config_maps) = join!(
        reader.pods(selection),
        reader.list::<Deployment>(selection),
        read_config_maps(reader, namespace, &names),
    );
    let running = revisions_of(pods.got(), deployments.got());
    let mut more = config_map_names(running.iter().map(String::as_str));
    more.retain(|name| !names.contains(name));
    config_maps.extend(read_config_maps(reader, namespace, &more).await);
    Istiod {
        pods,
        deployments,
        config_maps,
    }
}

/// The injector's and the mesh's ConfigMap of each revision.
fn config_map_names<'a>(revisions: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let bases = ["istio-sidecar-injector", "istio"];
    revisions
        .flat_map(|revision| bases.map(|base| with_revision(base, revision)))
        .collect()
}

/// The revisions that istiods run with, by their pods, and are meant to run with, by their Deployments.
fn revisions_of(
    pods: Option<&Vec<Pod>>,
    deployments: Option<&Vec<Deployment>>,
) -> BTreeSet<String> {
    let meant: Vec<_> = deployments
        .into_iter()
        .flatten()
        .filter_map(pod_of_template)
        .collect();
    pods.into_iter()
        .flatten()
        .chain(&meant)
        .filter_map(istiod_container)
        .map(|container| revision(container).to_owned())
        .collect()
}

fn pod_of_template(deployment: &Deployment) -> Option<Pod> {
    Some(Pod {
        spec: deployment.spec.as_ref()?.template.spec.clone(),
        ..Pod::default()
    })
}

async fn read_config_maps(
    reader: &Reader<'_>,
    namespace: &str,
    names: &BTreeSet<String>,
) -> BTreeMap<String, Fact<ConfigMap>> {
    let facts = join_all(
        names
            .iter()
            .map(|name| reader.get::<ConfigMap>(Some(namespace), name)),
    )
    .await;
    names
        .iter()
        .map(|name| key(namespace, name))
        .zip(facts)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn configuration(
        name: &str,
        entry: &str,
        rule: serde_json::Value,
        service: &str,
    ) -> MutatingWebhookConfiguration {
        serde_json::from_value(json!({
            "metadata": {"name": name, "labels": {"istio.io/rev": name}},
            "webhooks": [{
                "name": entry, "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "clientConfig": {"service": {"namespace": "ns", "name": service}},
                "rules": [rule],
            }],
        }))
        .unwrap()
    }

    #[test]
    fn services_are_those_called_for_new_pods_and_those_of_injectors() {
        let rule = |operation: &str, group: &str, resource: &str| json!({"operations": [operation], "apiGroups": [group], "apiVersions": ["v1"], "resources": [resource]});
        let configurations = [
            configuration("a", "a.example.com", rule("CREATE", "", "pods"), "a"),
            configuration("b", "b.example.com", rule("*", "*", "*/*"), "b"),
            configuration("c", "c.example.com", rule("UPDATE", "", "pods"), "c"),
            configuration(
                "d",
                "d.example.com",
                rule("CREATE", "apps", "deployments"),
                "d",
            ),
            configuration("e", "e.example.com", rule("CREATE", "", "pods/exec"), "e"),
            configuration(
                "canary",
                "rev.namespace.sidecar-injector.istio.io",
                rule("UPDATE", "", "pods"),
                "istiod",
            ),
        ];
        let services: Vec<_> = called_services(&configurations)
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        assert_eq!(services, ["a", "b", "istiod"]);
        let revisions = revisions_by_namespace(&configurations);
        assert_eq!(
            revisions,
            BTreeMap::from([("ns".to_owned(), BTreeSet::from(["canary".to_owned()]))])
        );
    }

    #[test]
    fn revisions_are_read_from_pods_and_from_templates() {
        let spec = json!({"containers": [{"name": "discovery", "env": [{"name": "REVISION", "value": "canary"}]}]});
        let pod: Pod =
            serde_json::from_value(json!({"spec": {"containers": [{"name": "discovery"}]}}))
                .unwrap();
        let deployment: Deployment =
            serde_json::from_value(json!({"spec": {"selector": {}, "template": {"spec": spec}}}))
                .unwrap();
        let revisions = revisions_of(Some(&vec![pod]), Some(&vec![deployment]));
        let names: Vec<_> = config_map_names(revisions.iter().map(String::as_str))
            .into_iter()
            .collect();
        assert_eq!(
            names,
            [
                "istio",
                "istio-canary",
                "istio-sidecar-injector",
                "istio-sidecar-injector-canary"
            ]
        );
    }
}
