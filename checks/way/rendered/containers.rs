//! Whether the names of the pod's own containers go together with those of the templates.
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`RunTemplate`) and `webhook.go`
//! (`reapplyOverwrittenContainers`); Kubernetes 1.36, `pkg/apis/core/validation/validation.go`.

use k8s_openapi::api::core::v1::{Container, PodSpec};
use serde_json::Value;

use super::mesh::intercepts;
use super::native::{Native, by_native};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::facts::{MakesPods, Missing};
use crate::way::Case;
use crate::way::{InjectorConfig, Istiod, JudgedPod, names};

/// The name of the sidecar's container.
pub(crate) const PROXY: &str = "istio-proxy";
/// The name of the init container that redirects the pod's traffic.
pub(crate) const INIT: &str = "istio-init";
/// The name of the init container that looks whether the CNI plugin has redirected it.
pub(crate) const VALIDATION: &str = "istio-validation";

/// The template of gateways, as Istio's charts call it.
pub(crate) const GATEWAY: &str = "gateway";

/// Whether a pod is a gateway's: nothing but a proxy, whose image the injector is to fill in.
pub(crate) fn is_gateway(spec: &PodSpec) -> bool {
    match spec.containers.as_slice() {
        [only] => only.name == PROXY && only.image.as_deref() == Some("auto"),
        _ => false,
    }
}

/// Whether it can depend on the nodes, where the proxy goes, what becomes of a pod: it brings containers that Istio's
/// templates bring, too, or none at all, or asks for several templates.
pub fn may_depend_on_nodes(member: &dyn MakesPods) -> bool {
    let (metadata, spec) = member.template();
    spec_may_depend_on_nodes(metadata, spec)
}

/// The same of the metadata and the spec of a pod template.
pub fn spec_may_depend_on_nodes(metadata: Option<&ObjectMeta>, spec: Option<&PodSpec>) -> bool {
    let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
    let templates = annotations.and_then(|all| all.get(names::TEMPLATES));
    spec.is_some_and(brings) || templates.is_some_and(|names| names.contains(','))
}

fn brings(spec: &PodSpec) -> bool {
    let mut names =
        names_of(&spec.containers).chain(names_of(spec.init_containers.iter().flatten()));
    spec.containers.is_empty() || names.any(is_istios)
}

/// Whether a container has the name of one that Istio's templates bring.
pub(crate) fn is_istios(name: &str) -> bool {
    [PROXY, INIT, VALIDATION].contains(&name)
}

fn names_of<'a>(
    containers: impl IntoIterator<Item = &'a Container>,
) -> impl Iterator<Item = &'a str> {
    containers
        .into_iter()
        .map(|container| container.name.as_str())
}

/// Why the API server refuses the injected pod for the names of its containers, if so.
pub(super) fn conflict(
    case: &Case,
    istiod: &Istiod,
    injector: &InjectorConfig,
    templates: &[&str],
    pod: &JudgedPod,
) -> Result<Option<String>, Missing> {
    if !brings(&pod.spec) && proxies(templates) < 2 {
        return Ok(None);
    }
    let init = if templates.iter().any(|text| has(text, INIT)) {
        init_container(case, istiod, injector, pod)?
    } else {
        None
    };
    let conflict = |native| {
        let names = Names::of(&pod.spec).injected(templates, native, init);
        names.conflict()
    };
    if templates.iter().any(|text| is_native(text)) {
        return by_native(case, istiod, pod, conflict);
    }
    Ok(conflict(Native {
        in_template: false,
        in_pod: false,
    }))
}

/// How many templates bring a proxy.
pub(super) fn proxies(templates: &[&str]) -> usize {
    templates.iter().filter(|text| brings_proxy(text)).count()
}

/// Whether a template brings a proxy.
pub(super) fn brings_proxy(template: &str) -> bool {
    has(template, PROXY)
}

fn has(template: &str, container: &str) -> bool {
    template.contains(&format!("- name: {container}\n"))
}

/// Whether a template brings a proxy, and asks istiod where to put it.
pub(super) fn is_native(template: &str) -> bool {
    template.contains("$nativeSidecar") && has(template, PROXY)
}

/// The init container that the sidecar template brings, by the pod's annotations and the mesh.
fn init_container(
    case: &Case,
    istiod: &Istiod,
    injector: &InjectorConfig,
    pod: &JudgedPod,
) -> Result<Option<&'static str>, Missing> {
    if !intercepts(case, istiod, pod)? {
        return Ok(None);
    }
    let values = injector.known_values()?;
    let cni = values
        .pointer("/pilot/cni/enabled")
        .and_then(Value::as_bool);
    Ok(Some(if cni == Some(true) { VALIDATION } else { INIT }))
}

/// The names of a pod's containers.
#[derive(Clone, Debug, Default)]
struct Names<'a> {
    containers: Vec<&'a str>,
    init_containers: Vec<&'a str>,
    /// Whether a proxy with probes has become an init container that does not.
    ends: bool,
}

impl<'a> Names<'a> {
    fn of(spec: &'a PodSpec) -> Self {
        Self {
            containers: names_of(&spec.containers).collect(),
            init_containers: names_of(spec.init_containers.iter().flatten()).collect(),
            ends: false,
        }
    }

    /// The names after one template after the other.
    fn injected(mut self, templates: &[&str], native: Native, init: Option<&'static str>) -> Self {
        let own_proxy = self.containers.contains(&PROXY);
        let mut brought = Self::default();
        let mut has_probes = false;
        for text in templates {
            let template = Self::of_template(text, native, init);
            brought.merge(&template);
            if native.in_pod && brought.init_containers.contains(&PROXY) {
                self.move_proxy(has_probes);
            }
            self.merge(&template);
            has_probes |= template.containers.contains(&PROXY);
        }
        if own_proxy && brought.containers.contains(&PROXY) {
            add(&mut self.containers, PROXY);
        }
        self
    }

    fn of_template(text: &str, native: Native, init: Option<&'static str>) -> Self {
        let mut template = Self::default();
        template
            .init_containers
            .extend(init.filter(|_| has(text, INIT)));
        if is_native(text) && native.in_template {
            template.init_containers.push(PROXY);
        } else if has(text, PROXY) {
            template.containers.push(PROXY);
        }
        template
    }

    /// A container of a known name is changed, another one added.
    fn merge(&mut self, template: &Self) {
        for name in &template.containers {
            add(&mut self.containers, name);
        }
        for name in &template.init_containers {
            add(&mut self.init_containers, name);
        }
    }

    fn move_proxy(&mut self, has_probes: bool) {
        if let Some(index) = self.containers.iter().position(|name| *name == PROXY) {
            let proxy = self.containers.remove(index);
            // Of two, the strategic merge changes the first and leaves the second.
            let is_second = self.init_containers.contains(&proxy);
            self.ends |= is_second && has_probes;
            add(&mut self.init_containers, proxy);
        }
    }

    fn conflict(&self) -> Option<String> {
        if self.containers.is_empty() {
            return Some("it has no containers beside its init containers".to_owned());
        }
        if self.ends {
            return Some(format!(
                "init container {PROXY} has probes, but not restartPolicy: Always"
            ));
        }
        let mut names: Vec<_> = self
            .containers
            .iter()
            .chain(&self.init_containers)
            .collect();
        names.sort();
        let twice = names.windows(2).find(|pair| pair.first() == pair.last())?;
        Some(format!(
            "it has two containers of the name {}",
            twice.first()?
        ))
    }
}

fn add<'a>(names: &mut Vec<&'a str>, name: &'a str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDECAR: &str = "{{ $nativeSidecar := 1 }}\n- name: istio-init\n- name: istio-proxy\n";
    const GATEWAY: &str = "- name: istio-proxy\n";

    /// Each row was seen on a real control plane.
    #[test]
    fn a_name_may_be_there_once_and_a_container_has_to_be_left() {
        type Own<'a> = (&'a [&'a str], &'a [&'a str]);
        let (on, off) = ((true, true), (false, false));
        type Row<'a> = (&'a [&'a str], Own<'a>, (bool, bool), bool);
        let table: [Row; 18] = [
            (&[SIDECAR], (&["app"], &[]), on, false),
            (&[SIDECAR], (&["app", "istio-proxy"], &[]), on, false),
            (&[SIDECAR], (&["app", "istio-proxy"], &[]), off, false),
            (
                &[SIDECAR],
                (&["app", "istio-proxy"], &[]),
                (true, false),
                true,
            ),
            (&[SIDECAR], (&["app"], &["istio-proxy"]), on, false),
            (&[SIDECAR], (&["app"], &["istio-proxy"]), off, true),
            (
                &[SIDECAR],
                (&["app", "istio-proxy"], &["istio-proxy"]),
                on,
                false,
            ),
            (&[SIDECAR], (&["istio-proxy"], &[]), on, true),
            (&[SIDECAR], (&["istio-proxy"], &[]), off, false),
            (&[SIDECAR], (&["app"], &["istio-init"]), on, false),
            (&[SIDECAR], (&["app", "istio-init"], &[]), on, true),
            (&[GATEWAY], (&["istio-proxy"], &[]), on, false),
            (&[SIDECAR, GATEWAY], (&["app"], &[]), on, true),
            (&[SIDECAR, GATEWAY], (&["app"], &[]), off, false),
            (&[SIDECAR, ""], (&["app", "istio-proxy"], &[]), on, false),
            (&["", SIDECAR], (&["app"], &[]), on, false),
            (&[GATEWAY, SIDECAR], (&["app"], &[]), on, false),
            (&[GATEWAY, SIDECAR], (&["app"], &["istio-proxy"]), on, true),
        ];
        for (templates, (containers, init_containers), (in_template, in_pod), expected) in table {
            let own = Names {
                containers: containers.to_vec(),
                init_containers: init_containers.to_vec(),
                ..Names::default()
            };
            let names = own.injected(
                templates,
                Native {
                    in_template,
                    in_pod,
                },
                Some(INIT),
            );
            assert_eq!(
                names.conflict().is_some(),
                expected,
                "{templates:?} {names:?}"
            );
        }
    }
}
