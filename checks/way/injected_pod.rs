//! The pod as webhooks see it that are called after an injection.
//!
//! What the template makes of it is not rendered here; this is what any sidecar brings.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EnvVar, SecurityContext, Volume, VolumeMount,
};

use super::called::{Called, Creation, NotCalled, called};
use super::namespace::namespace_labels;
use super::rendered::containers::{INIT, PROXY};
use super::terms::Terms;
use super::{Answer, JudgedPod, names};
use crate::facts::Missing;
use crate::way::Case;

/// A webhook that may be called for the injected pod only, or for the other only: that depends on the template.
pub struct Differs {
    /// Why it is not known.
    pub missing: Missing,
    /// Whether one of its conditions may end in an error, before anybody is asked.
    pub may_be_error: bool,
}

/// Whether a webhook is called for the injected pod, too, or not for it either.
///
/// # Errors
/// [`Differs`] where it is not the same.
pub fn same_for_injected(
    case: &Case,
    webhook: &MutatingWebhook,
    terms: &Terms,
    pod: &JudgedPod,
    answer: &Called,
) -> Result<(), Differs> {
    // Most webhooks are not for the namespace, whatever the pod is like.
    if let Answer::No(NotCalled::NamespaceSelector(_) | NotCalled::Rules(_)) = answer {
        return Ok(());
    }
    let namespace = namespace_labels(case);
    // Which image the proxy has is for the injector's values to say.
    let kind_of = |native, image| {
        let injected = injected(pod, native, image);
        kind(&called(terms, namespace.as_ref(), &Creation::of(&injected)))
    };
    let images = ["istio/proxyv2:1.31.0", "registry.example/proxy@sha256:0"];
    let kinds = images.map(|image| [kind_of(true, image), kind_of(false, image)]);
    let mut kinds = kinds.iter().flatten();
    if kinds.clone().all(|one| *one == kind(answer)) {
        return Ok(());
    }
    Err(Differs {
        missing: Missing(format!(
            "webhook {} asks about the pod as the injection leaves it, which is not rendered here",
            webhook.name
        )),
        may_be_error: kinds.any(|one| *one == Kind::Error),
    })
}

/// What follows from an answer.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Call,
    /// What failurePolicy says.
    Error,
    Nothing,
    Unknown,
}

fn kind(called: &Called) -> Kind {
    match called {
        Answer::Yes(_) => Kind::Call,
        Answer::No(NotCalled::ConditionError { .. }) => Kind::Error,
        Answer::No(_) => Kind::Nothing,
        Answer::Unknown(_) => Kind::Unknown,
    }
}

fn injected(pod: &JudgedPod, native: bool, image: &str) -> JudgedPod {
    let mut pod = pod.clone();
    for (label, value) in [
        ("security.istio.io/tlsMode", "istio"),
        ("service.istio.io/canonical-name", "any"),
        ("service.istio.io/canonical-revision", "latest"),
    ] {
        let label = pod.labels.entry(label.to_owned());
        label.or_insert_with(|| value.to_owned());
    }
    for annotation in [
        names::STATUS,
        "istio.io/rev",
        "kubectl.kubernetes.io/default-container",
        "kubectl.kubernetes.io/default-logs-container",
        "prometheus.io/path",
        "prometheus.io/port",
        "prometheus.io/scrape",
    ] {
        pod.annotations.entry(annotation.to_owned()).or_default();
    }
    let container = |name: &str| Container {
        name: name.to_owned(),
        image: Some(image.to_owned()),
        args: Some(vec!["proxy".to_owned()]),
        security_context: Some(SecurityContext::default()),
        ..Container::default()
    };
    let containers = &mut pod.spec.containers;
    let own = containers.iter().position(|one| one.name == PROXY);
    let mut proxy = own.map_or_else(|| container(PROXY), |index| containers.remove(index));
    proxy.ports.get_or_insert_default().push(ContainerPort {
        container_port: 15090,
        name: Some("http-envoy-prom".to_owned()),
        ..ContainerPort::default()
    });
    proxy.env.get_or_insert_default().push(EnvVar {
        name: "POD_NAME".to_owned(),
        ..EnvVar::default()
    });
    proxy
        .volume_mounts
        .get_or_insert_default()
        .push(VolumeMount {
            name: "istio-envoy".to_owned(),
            mount_path: "/etc/istio/proxy".to_owned(),
            ..VolumeMount::default()
        });
    let init_containers = pod.spec.init_containers.get_or_insert_default();
    init_containers.push(container(INIT));
    if native {
        init_containers.push(proxy);
    } else {
        containers.push(proxy);
    }
    let volumes = pod.spec.volumes.get_or_insert_default();
    for name in [
        "workload-socket",
        "istio-envoy",
        "istio-data",
        "istio-podinfo",
        "istio-token",
    ] {
        volumes.push(Volume {
            name: name.to_owned(),
            ..Volume::default()
        });
    }
    pod
}
