//! What must not leave the cluster in a file.

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::kinds::*;
use super::{Objects, Snapshot, Template};

/// What stands in the place of a value that may hold a credential.
pub const REDACTED: &str = "REDACTED";

/// Environment variables whose values decide about injection and hold no credentials.
const PLAIN_ENVIRONMENT: &[&str] = &[
    "REVISION",
    "INJECT_ENABLED",
    "INJECTION_WEBHOOK_CONFIG_NAME",
    "PILOT_CERT_PROVIDER",
    "EXTERNAL_ISTIOD",
    "ISTIOD_CUSTOM_HOST",
    "CLUSTER_ID",
    "ENABLE_NATIVE_SIDECARS",
    "NO_PROXY",
    "no_proxy",
];

/// Environment variables whose values are URLs that may carry a user and a password.
const PROXY_ENVIRONMENT: &[&str] = &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// Prefixes of the annotations that decide about injection; all others are redacted.
const PLAIN_ANNOTATIONS: &[&str] = &[
    "sidecar.istio.io/",
    "inject.istio.io/",
    "istio.io/",
    "proxy.istio.io/",
    "prometheus.istio.io/",
    "prometheus.io/",
    "status.sidecar.istio.io/",
    "readiness.status.sidecar.istio.io/",
    "traffic.sidecar.istio.io/",
    "topology.istio.io/",
    "kubernetes.io/config.",
    "deployment.kubernetes.io/",
    "admissions.enforcer/",
];

/// What can be written to a file without credentials.
pub trait Redact {
    /// Replaces environment values and annotations that may hold credentials. What the checks read stays.
    fn redact(&mut self);
}

/// The snapshot without what may hold credentials.
pub fn redact(mut snapshot: Snapshot) -> Snapshot {
    snapshot.reads.objects_mut().for_each(Objects::redact);
    for subject in &mut snapshot.subjects {
        if let Some(manifest) = &mut subject.manifest {
            manifest.object.metadata.redact();
            redact_template(&mut manifest.object.template);
        }
    }
    snapshot
}

fn redact_template(template: &mut Template) {
    template.metadata.redact();
    redact_spec(&mut template.spec);
}

impl Redact for ObjectMeta {
    fn redact(&mut self) {
        redact_annotations(self);
    }
}

/// Kinds of which nothing but the annotations can hold credentials.
macro_rules! only_metadata {
    ($($kind:ident),+) => {
        $(impl Redact for $kind {
            fn redact(&mut self) {
                self.metadata.redact();
            }
        })+
    };
}

only_metadata! {
    ConfigMap, EndpointSlice, Event, LimitRange, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding,
    MutatingWebhookConfiguration, Namespace, Node, ResourceQuota, Service, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration
}

/// Kinds with a pod template, and where it stands.
macro_rules! with_template {
    ($($kind:ident: $object:ident => $template:expr;)+) => {
        $(impl Redact for $kind {
            fn redact(&mut self) {
                self.metadata.redact();
                let $object = self;
                if let Some(template) = $template {
                    redact_template_spec(template);
                }
            }
        })+
    };
}

with_template! {
    Deployment: it => it.spec.as_mut().map(|spec| &mut spec.template);
    StatefulSet: it => it.spec.as_mut().map(|spec| &mut spec.template);
    DaemonSet: it => it.spec.as_mut().map(|spec| &mut spec.template);
    ReplicaSet: it => it.spec.as_mut().and_then(|spec| spec.template.as_mut());
    Job: it => it.spec.as_mut().map(|spec| &mut spec.template);
    CronJob: it => it.spec.as_mut().and_then(|spec| Some(&mut spec.job_template.spec.as_mut()?.template));
}

impl Redact for Pod {
    fn redact(&mut self) {
        self.metadata.redact();
        self.spec.iter_mut().for_each(redact_spec);
    }
}

fn redact_template_spec(template: &mut PodTemplateSpec) {
    template.metadata.iter_mut().for_each(Redact::redact);
    template.spec.iter_mut().for_each(redact_spec);
}

fn redact_annotations(metadata: &mut ObjectMeta) {
    for (name, value) in metadata.annotations.iter_mut().flatten() {
        if !PLAIN_ANNOTATIONS
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            REDACTED.clone_into(value);
        }
    }
}

fn redact_spec(spec: &mut PodSpec) {
    let containers = spec.containers.iter_mut();
    for container in containers.chain(spec.init_containers.iter_mut().flatten()) {
        redact_container(container);
    }
}

fn redact_container(container: &mut Container) {
    for variable in container.env.iter_mut().flatten() {
        let Some(value) = &mut variable.value else {
            continue;
        };
        if PROXY_ENVIRONMENT.contains(&variable.name.as_str()) {
            *value = without_user(value);
        } else if !PLAIN_ENVIRONMENT.contains(&variable.name.as_str()) {
            REDACTED.clone_into(value);
        }
    }
}

/// A URL without its user and password.
pub fn without_user(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{REDACTED}@{host}{path}"),
        None => url.to_owned(),
    }
}
