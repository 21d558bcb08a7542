//! Istio's injection webhooks, and the istiod behind them.

use std::collections::BTreeSet;

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::selector::requirements;
use super::{Version, names};

/// Whether a webhook entry is one of Istio's injection webhooks: by its name, which is how istiod knows
/// its own, or by several marks together. One mark alone is not enough: other vendors' webhooks call
/// `/inject`, too. The name of the configuration says nothing, as anybody may choose it.
/// Source: Istio 1.31, `pkg/webhooks/webhookpatch.go` (the name), and the chart `istio-control/istio-discovery`.
pub fn is_injector(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
) -> bool {
    let marks = [
        path(webhook).is_some_and(is_inject_path),
        names_istiod(webhook),
        label(configuration, names::ISTIO_REV).is_some(),
    ];
    let number = marks.into_iter().filter(|mark| *mark).count();
    webhook.name.ends_with(names::INJECTOR_SUFFIX) || number > 1
}

fn is_inject_path(path: &str) -> bool {
    path == "/inject" || path.starts_with("/inject/")
}

/// Whether an entry calls a port or a host that is istiod's by the names of its chart.
fn names_istiod(webhook: &MutatingWebhook) -> bool {
    let client = &webhook.client_config;
    let (host, port) = match (&client.service, &client.url) {
        (Some(service), _) => (service.name.as_str(), service.port),
        (None, Some(url)) => {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            let address = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
            (
                host.split('.').next().unwrap_or_default(),
                port.parse().ok(),
            )
        }
        (None, None) => return false,
    };
    port == Some(names::INJECTOR_PORT) || host == "istiod" || host.starts_with("istiod-")
}

/// The HTTP path that a webhook entry calls.
pub fn path(webhook: &MutatingWebhook) -> Option<&str> {
    let client = &webhook.client_config;
    match (&client.service, &client.url) {
        (Some(service), _) => service.path.as_deref(),
        (None, Some(url)) => {
            let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            rest.find('/').and_then(|start| rest.get(start..))
        }
        (None, None) => None,
    }
}

/// In seconds: how long a call may take where the webhook does not say.
/// Source: Kubernetes 1.36, `pkg/apis/admissionregistration/v1/defaults.go`.
pub const TIMEOUT: i32 = 10;

/// Whether a pod is rejected where the call of an entry fails.
pub fn fails_closed(webhook: &MutatingWebhook) -> bool {
    webhook.failure_policy.as_deref() != Some("Ignore")
}

/// Whether the selectors of an entry are those that deactivate it.
/// Source: Istio 1.31, `istioctl/pkg/tag/util.go`.
pub fn is_deactivated(webhook: &MutatingWebhook) -> bool {
    let names_it = |selector: &LabelSelector| {
        let labels = selector.match_labels.iter().flatten();
        let expressions = selector.match_expressions.iter().flatten();
        let mut keys = labels
            .map(|(key, _)| key)
            .chain(expressions.map(|one| &one.key));
        keys.any(|key| key == names::DEACTIVATED)
    };
    let never = |selector: &Option<LabelSelector>| {
        let selector = selector.as_ref();
        selector.is_some_and(names_it) && requirements(selector).is_ok()
    };
    never(&webhook.namespace_selector) || never(&webhook.object_selector)
}

/// All injection entries with their configurations, in call order.
pub fn injectors(
    configurations: &[MutatingWebhookConfiguration],
) -> impl Iterator<Item = (&MutatingWebhookConfiguration, &MutatingWebhook)> {
    entries(configurations).filter(|(configuration, webhook)| is_injector(configuration, webhook))
}

/// All entries with their configurations, in call order: configurations by name, entries as listed.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/admission/configuration/mutating_webhook_manager.go`.
pub fn entries(
    configurations: &[MutatingWebhookConfiguration],
) -> impl Iterator<Item = (&MutatingWebhookConfiguration, &MutatingWebhook)> {
    let mut sorted: Vec<_> = configurations.iter().collect();
    sorted.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    sorted.into_iter().flat_map(|configuration| {
        let webhooks = configuration.webhooks.iter().flatten();
        webhooks.map(move |webhook| (configuration, webhook))
    })
}

/// A label of a webhook configuration.
pub fn label<'a>(configuration: &'a MutatingWebhookConfiguration, name: &str) -> Option<&'a str> {
    configuration
        .metadata
        .labels
        .as_ref()?
        .get(name)
        .map(String::as_str)
}

/// The container in which istiod runs.
pub fn istiod_container(pod: &Pod) -> Option<&Container> {
    istiod_container_of(pod.spec.as_ref()?)
}

/// The container of a pod's spec in which istiod runs.
pub fn istiod_container_of(spec: &PodSpec) -> Option<&Container> {
    let is_istiod = |container: &&Container| {
        let mut arguments = container.args.iter().flatten();
        arguments.any(|argument| argument == "discovery")
    };
    let containers = &spec.containers;
    let named = containers.iter().find(|one| one.name == "discovery");
    named.or_else(|| containers.iter().find(is_istiod))
}

/// The value of an environment variable that is written in the pod.
pub fn environment<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    variable(container, name)?.value.as_deref()
}

/// The variable of a name; of several the last, as for the container's process.
fn variable<'a>(container: &'a Container, name: &str) -> Option<&'a EnvVar> {
    let mut variables = container.env.iter().flatten();
    variables.rfind(|variable| variable.name == name)
}

/// Whether the value of a variable stands elsewhere: in a ConfigMap or the like, which may also hold variables that the
/// pod does not name.
pub fn is_hidden(container: &Container, name: &str) -> bool {
    match variable(container, name) {
        Some(variable) => variable.value_from.is_some(),
        None => container.env_from.iter().flatten().next().is_some(),
    }
}

/// The revision of an istiod.
pub fn revision(container: &Container) -> &str {
    match environment(container, "REVISION") {
        None | Some("") => names::DEFAULT_REVISION,
        Some(revision) => revision,
    }
}

/// Whether an istiod puts the proxy among the init containers, as one that goes on running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NativeSidecars {
    /// Always.
    On,
    /// Never.
    Off,
    /// Where the kubelets are new enough.
    ByNodes,
    /// Where the kubelets of a cluster are that may be another than istiod's own, and istiod knows that one.
    ByNodesElsewhere,
    /// The variable's value is not written in the pod.
    NotVisible,
}

/// The variable in which an istiod has the name of its own cluster.
const OWN_CLUSTER: &str = "CLUSTER_ID";

/// What an istiod says about native sidecars for who calls it at a path, for each version that it may be.
pub fn native_sidecars(
    container: &Container,
    version: &Version,
    path: Option<&str>,
) -> BTreeSet<NativeSidecars> {
    let is_elsewhere = path.and_then(cluster_of).is_some_and(|cluster| {
        let own = variable(container, OWN_CLUSTER).and_then(|one| one.value.as_deref());
        is_hidden(container, OWN_CLUSTER) || cluster != own.unwrap_or("Kubernetes")
    });
    let answers = version.answers(|number| by_environment(container, number.minor < 27));
    let answers = answers.into_iter().map(|answer| match answer {
        NativeSidecars::ByNodes if is_elsewhere => NativeSidecars::ByNodesElsewhere,
        answer => answer,
    });
    answers.collect()
}

/// The cluster that a path names: `/inject/cluster/NAME/net/NETWORK`.
/// Source: Istio 1.31, `pkg/kube/inject/webhook.go` (`parseInjectEnvs`).
fn cluster_of(path: &str) -> Option<&str> {
    let mut pairs = path.strip_prefix("/inject/")?.split('/');
    while let (Some(name), Some(value)) = (pairs.next(), pairs.next()) {
        if name == "cluster" {
            return Some(value);
        }
    }
    None
}

/// Before 1.27 they are off by default.
/// Source: Istio 1.31, `pilot/pkg/features/pilot.go` (`EnableNativeSidecars`); 1.26, the same.
fn by_environment(container: &Container, is_old: bool) -> NativeSidecars {
    const VARIABLE: &str = "ENABLE_NATIVE_SIDECARS";
    if is_hidden(container, VARIABLE) {
        return NativeSidecars::NotVisible;
    }
    let Some(variable) = variable(container, VARIABLE) else {
        return match is_old {
            true => NativeSidecars::Off,
            false => NativeSidecars::ByNodes,
        };
    };
    match variable.value.as_deref() {
        Some("true") => NativeSidecars::On,
        Some("1" | "t" | "T" | "TRUE" | "True") if is_old => NativeSidecars::On,
        Some("auto") if !is_old => NativeSidecars::ByNodes,
        _ => NativeSidecars::Off,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_last_variable_of_a_name_counts_and_its_value_may_stand_elsewhere() {
        let elsewhere = json!({"name": "A", "valueFrom": {"configMapKeyRef": {"key": "a"}}});
        let set = |value: &str| json!({"name": "A", "value": value});
        for (env, env_from, value, hidden) in [
            (json!([]), json!([]), None, false),
            (json!([set("1")]), json!([]), Some("1"), false),
            (json!([set("1"), set("2")]), json!([]), Some("2"), false),
            (json!([set("1"), elsewhere]), json!([]), None, true),
            (json!([elsewhere, set("1")]), json!([]), Some("1"), false),
            (
                json!([]),
                json!([{"configMapRef": {"name": "more"}}]),
                None,
                true,
            ),
            (
                json!([set("1")]),
                json!([{"configMapRef": {"name": "more"}}]),
                Some("1"),
                false,
            ),
        ] {
            let container = json!({"name": "discovery", "env": env, "envFrom": env_from});
            let container: Container = serde_json::from_value(container).unwrap();
            assert_eq!(environment(&container, "A"), value, "{container:?}");
            assert_eq!(is_hidden(&container, "A"), hidden, "{container:?}");
        }
    }

    #[test]
    fn several_marks_together_are_istios_and_one_is_not() {
        let service = |name: &str, port: i32, path: &str| json!({"service": {"namespace": "x", "name": name, "port": port, "path": path}});
        let url = |url: &str| json!({ "url": url });
        let (none, rev) = (json!({}), json!({"istio.io/rev": "default"}));
        for (entry, client, labels, expected) in [
            (
                "rev.namespace.sidecar-injector.istio.io",
                service("a", 443, "/"),
                &none,
                true,
            ),
            (
                "sidecar-injector.istio.io",
                url("https://a.example.com/"),
                &none,
                true,
            ),
            (
                "i.example.com",
                service("istiod", 443, "/inject"),
                &none,
                true,
            ),
            (
                "i.example.com",
                service("istiod-1-31", 443, "/inject/net/n"),
                &none,
                true,
            ),
            ("i.example.com", service("a", 15017, "/inject"), &none, true),
            ("i.example.com", service("a", 443, "/inject"), &rev, true),
            ("i.example.com", service("istiod", 443, "/"), &rev, true),
            (
                "i.example.com",
                url("https://istiod.example.com/inject"),
                &none,
                true,
            ),
            (
                "i.example.com",
                url("https://a.example.com:15017/inject/x"),
                &none,
                true,
            ),
            (
                "secrets.example.com",
                service("secrets-injector", 443, "/inject"),
                &none,
                false,
            ),
            (
                "secrets.example.com",
                url("https://a.example.com/inject"),
                &none,
                false,
            ),
            (
                "i.example.com",
                service("istiod", 443, "/validate"),
                &none,
                false,
            ),
            ("i.example.com", service("a", 443, "/mutate"), &rev, false),
            (
                "i.example.com",
                service("a", 443, "/injection"),
                &rev,
                false,
            ),
            (
                "i.example.com",
                service("a", 443, "/inject"),
                &json!({"app": "sidecar-injector"}),
                false,
            ),
        ] {
            let webhook = json!({"name": entry, "clientConfig": client, "admissionReviewVersions": ["v1"], "sideEffects": "None"});
            let webhook = serde_json::from_value(webhook).unwrap();
            let configuration = json!({"metadata": {"labels": labels}});
            let configuration = serde_json::from_value(configuration).unwrap();
            assert_eq!(
                is_injector(&configuration, &webhook),
                expected,
                "{entry} {client} {labels}"
            );
        }
    }

    #[test]
    fn native_sidecars_follow_the_environment_and_the_version() {
        use NativeSidecars::{ByNodes, NotVisible, Off, On};
        for (is_old, env, expected) in [
            (false, json!([]), ByNodes),
            (true, json!([]), Off),
            (false, json!({"value": "auto"}), ByNodes),
            (true, json!({"value": "auto"}), Off),
            (false, json!({"value": "true"}), On),
            (false, json!({"value": "True"}), Off),
            (true, json!({"value": "True"}), On),
            (false, json!({}), Off),
            (
                false,
                json!({"valueFrom": {"configMapKeyRef": {"key": "a"}}}),
                NotVisible,
            ),
        ] {
            let mut container = json!({"name": "discovery"});
            if let Some(fields) = env.as_object() {
                let mut variable = fields.clone();
                variable.insert("name".to_owned(), json!("ENABLE_NATIVE_SIDECARS"));
                container["env"] = json!([variable]);
            }
            let container = serde_json::from_value(container).unwrap();
            let native = by_environment(&container, is_old);
            assert_eq!(native, expected, "{is_old} {env}");
        }
    }
    #[test]
    fn the_nodes_count_of_istiods_own_cluster_only() {
        use NativeSidecars::{ByNodes, ByNodesElsewhere};
        let elsewhere = json!({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}});
        for (own, path, expected) in [
            (None, Some("/inject"), ByNodes),
            (None, None, ByNodes),
            (None, Some("/inject/cluster/Kubernetes/net/n"), ByNodes),
            (None, Some("/inject/cluster/east"), ByNodesElsewhere),
            (
                Some(json!({"value": "east"})),
                Some("/inject/cluster/east"),
                ByNodes,
            ),
            (
                Some(json!({"value": "east"})),
                Some("/inject/cluster/Kubernetes"),
                ByNodesElsewhere,
            ),
            (
                Some(elsewhere.clone()),
                Some("/inject/cluster/Kubernetes"),
                ByNodesElsewhere,
            ),
            (Some(elsewhere), Some("/inject"), ByNodes),
        ] {
            let mut container = json!({"name": "discovery"});
            if let Some(fields) = own.as_ref().and_then(Value::as_object) {
                let mut variable = fields.clone();
                variable.insert("name".to_owned(), json!("CLUSTER_ID"));
                container["env"] = json!([variable]);
            }
            let container = serde_json::from_value(container).unwrap();
            let version = Version::of("1.31.0");
            let native = native_sidecars(&container, &version, path);
            assert_eq!(native, BTreeSet::from([expected]), "{own:?} {path:?}");
        }
    }
}
