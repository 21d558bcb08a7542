//! The proxy explained, and what has to be in no_proxy.

use k8s_openapi::api::core::v1::Pod;

use crate::causes::reached::explain::{Explanation, object};
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::reached::{Detour, detours, environment_of, host};
use crate::way::{Destination, Outcome};

/// The manifest of kube-apiserver where kubeadm puts it.
const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/// The explanation of a call that goes to a proxy; `error` is what the API server said, where its pods
/// are out of sight.
pub fn explain(case: &Case, destination: &Destination, error: &str) -> Explanation {
    let Some(service) = destination.service() else {
        return Explanation::default();
    };
    let host = host(service);
    match detours(case, service) {
        Ok(detours) if !detours.is_empty() => by_environment(&detours, &host),
        _ => Explanation {
            because: format!("the API server sends calls of {host} to a proxy: {error}"),
            evidence: vec![Evidence::new(witness(case), ".message").actual(error)],
            fixes: vec![Fix::new(
                "add .svc to NO_PROXY in the proxy settings of the API server",
                Risk::MeshWide,
                format!(
                    "the API server calls {host} without the proxy; its pods are not visible here: on your own control \
                     plane set it in {MANIFEST}, of a managed cluster in the provider's settings"
                ),
            )],
        },
    }
}

/// Where the error of the API server stands.
fn witness(case: &Case) -> String {
    let rejection = case.observation().rejection.clone();
    rejection.map_or_else(String::new, |rejection| rejection.source)
}

/// Where some API servers send the call to a proxy and some do not: those that do.
pub fn some_of<'a>(
    case: &Case<'a>,
    destination: &Destination,
) -> Option<(Vec<Detour<'a>>, usize, String)> {
    let service = destination.service()?;
    let detours = detours(case, service).ok()?;
    let all = case.api_servers().ok()?.len();
    (!detours.is_empty() && detours.len() < all).then(|| (detours, all, host(service)))
}

/// The finding for some of the API servers.
pub fn detour_explained((detours, all, host): (Vec<Detour>, usize, String)) -> Finding {
    let explanation = by_environment(&detours, &host);
    Finding {
        severity: Severity::Error,
        effect: Effect::Decides(Outcome::Rejected),
        message: format!(
            "{} of {all} API servers: {}",
            detours.len(),
            explanation.because
        ),
        evidence: explanation.evidence,
        fixes: explanation.fixes,
    }
}

fn by_environment(detours: &[Detour], host: &str) -> Explanation {
    let mut explanation = Explanation::default();
    for detour in detours {
        let (pod, variable, proxy) = (detour.pod, detour.variable, &detour.proxy);
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("kube-system");
        let exemptions = Exemptions::of(pod);
        if explanation.because.is_empty() {
            explanation.because = format!(
                "kube-apiserver sends calls of {host} to the proxy {proxy} because {} does not exempt it",
                exemptions.in_words()
            );
        }
        let path = |name: &str| {
            format!(
                ".spec.containers[?(@.name==\"kube-apiserver\")].env[?(@.name==\"{name}\")].value"
            )
        };
        let object = object("pod", name, namespace);
        let mut list = Evidence::new(object.clone(), path(exemptions.variable));
        list.actual.clone_from(&exemptions.list);
        explanation
            .evidence
            .push(Evidence::new(object, path(variable)).actual(proxy));
        explanation
            .evidence
            .push(list.expected(exemptions.with_svc()));
        explanation
            .fixes
            .push(exempt(pod, name, namespace, &exemptions, host));
    }
    explanation
}

/// What has to be written by hand, with the command that shows whether it is.
fn exempt(pod: &Pod, name: &str, namespace: &str, exemptions: &Exemptions, host: &str) -> Fix {
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let node = node.unwrap_or_else(|| name.trim_start_matches("kube-apiserver-"));
    Fix::new(
        format!(
            "on node {node}, set {}={} in {MANIFEST}",
            exemptions.variable,
            exemptions.with_svc()
        ),
        Risk::MeshWide,
        format!(
            "the kubelet restarts kube-apiserver, which then calls {host} without the proxy; the command shows what it \
             runs with"
        ),
    )
    .run(Command::kubectl([
        "get",
        "pod",
        name,
        "-n",
        namespace,
        "-o",
        "jsonpath={.spec.containers[*].env}",
    ]))
}

/// The list of exemptions that Go reads.
struct Exemptions {
    variable: &'static str,
    list: Option<String>,
}

impl Exemptions {
    fn of(pod: &Pod) -> Self {
        let environment = environment_of(pod);
        let set = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| {
            let list = environment.get(name).filter(|list| !list.is_empty())?;
            Some((name, list.clone()))
        });
        match set {
            Some((variable, list)) => Self {
                variable,
                list: Some(list),
            },
            None => Self {
                variable: "NO_PROXY",
                list: None,
            },
        }
    }

    fn in_words(&self) -> String {
        match &self.list {
            Some(list) => format!("{}={list}", self.variable),
            None => "NO_PROXY, which is not set,".to_owned(),
        }
    }

    fn with_svc(&self) -> String {
        match &self.list {
            Some(list) => format!("{},.svc", list.trim_end_matches([',', ' '])),
            None => ".svc".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn svc_is_added_to_the_list_that_go_reads() {
        for (env, variable, list) in [
            (json!([]), "NO_PROXY", ".svc"),
            (
                json!([{ "name": "NO_PROXY", "value": "10.96.0.0/12, " }]),
                "NO_PROXY",
                "10.96.0.0/12,.svc",
            ),
            (
                json!([{ "name": "no_proxy", "value": "localhost" }]),
                "no_proxy",
                "localhost,.svc",
            ),
            (
                json!([{ "name": "no_proxy", "value": "a" }, { "name": "NO_PROXY", "value": "b" }]),
                "NO_PROXY",
                "b,.svc",
            ),
            (
                json!([{ "name": "no_proxy", "value": "a" }, { "name": "NO_PROXY", "value": "" }]),
                "no_proxy",
                "a,.svc",
            ),
        ] {
            let pod: Pod = serde_json::from_value(
                json!({ "spec": { "containers": [{ "name": "kube-apiserver", "env": env }] } }),
            )
            .unwrap();
            let exemptions = Exemptions::of(&pod);
            assert_eq!(
                (exemptions.variable, exemptions.with_svc().as_str()),
                (variable, list)
            );
        }
    }
}
