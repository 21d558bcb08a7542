//! Can istiod render the sidecar for the pod?
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`RunTemplate`), `validate.go` and `webhook.go`
//! (`injectPod`), in their order. What is certain to be refused is so whatever else is in doubt.

mod annotations;
pub(crate) mod containers;
#[cfg(test)]
mod fixture;
mod mesh;
mod metrics;
mod native;
mod probes;
pub(crate) mod resources;
mod templates;
mod volumes;

use std::fmt;

use super::{Answer, InjectorConfig, Istiod, JudgedPod, names, wanted};
use crate::facts::Missing;
use crate::rules::annotations::InvalidAnnotation;
use crate::rules::overrides::{self, Status};
use crate::way::Case;

pub(crate) use native::{kubelet_version, kubernetes_minor};

/// Whether istiod renders the sidecar.
pub type Rendered = Answer<Sidecar, Refusal>;

/// What istiod renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// The templates, in their order.
    pub templates: Vec<String>,
    /// Those of them that bring a proxy.
    pub proxies: Vec<String>,
}

/// Why istiod denies the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Annotations whose values it does not accept, or cannot put into a sidecar.
    Annotations(Vec<InvalidAnnotation>),
    /// What an earlier injection wrote down about the pod's own containers is not what istiod reads.
    Overrides(String),
    /// Templates that it does not have.
    TemplateMissing {
        /// The first that it does not have.
        wanted: String,
        /// Those that it has.
        has: Vec<String>,
    },
    /// A template that cannot be rendered for this pod or any other.
    TemplateBroken {
        /// Its name.
        template: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What an earlier injection wrote down about its own work makes istiod crash.
    Status(String),
    /// A port that istiod does not let Prometheus scrape.
    Scrape {
        /// The annotation that names it.
        annotation: String,
        /// What istiod says of it.
        message: String,
    },
    /// The API server refuses the injected pod.
    InvalidPod(String),
    /// The API server refuses the pod that two istiods have injected, as each has put its proxy to another place.
    TwoProxies {
        /// The revision of the istiod that made the proxy an init container.
        first: String,
        /// The revision of the one that came after it.
        then: String,
    },
}

impl Refusal {
    /// Whether the API server gets no answer at all, so that failurePolicy decides.
    pub fn is_crash(&self) -> bool {
        matches!(self, Self::Status(_))
    }
}

impl fmt::Display for Sidecar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from template {}", self.templates.join(", "))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Annotations(invalid) => {
                let words = invalid
                    .iter()
                    .map(|one| format!("{}={:?}: {}", one.name, one.shown(), one.reason));
                write!(f, "istiod refuses {}", words.collect::<Vec<_>>().join("; "))
            }
            Self::Overrides(reason) => {
                write!(
                    f,
                    "istiod cannot read annotation {}: {reason}",
                    names::OVERRIDES
                )
            }
            Self::TemplateMissing { wanted, has } => {
                write!(
                    f,
                    "istiod has no template {wanted:?}, only {}",
                    has.join(", ")
                )
            }
            Self::TemplateBroken { template, reason } => {
                write!(f, "istiod cannot render template {template:?}: {reason}")
            }
            Self::Status(reason) => {
                write!(
                    f,
                    "istiod crashes over annotation {}: {reason}",
                    names::STATUS
                )
            }
            Self::Scrape {
                annotation,
                message,
            } => write!(
                f,
                "istiod refuses the pod: annotation {annotation}: {message}"
            ),
            Self::InvalidPod(reason) => {
                write!(f, "the API server refuses the injected pod: {reason}")
            }
            Self::TwoProxies { first, then } => write!(
                f,
                "the API server refuses the pod, as istiod of revision {first} makes {} an init container, and that of revision {then} adds another one",
                containers::PROXY
            ),
        }
    }
}

/// Whether an istiod that wants to inject the pod can.
pub fn rendered(case: &Case, istiod: &Istiod, pod: &JudgedPod) -> Rendered {
    match render(case, istiod, pod) {
        Ok(Ok(sidecar)) => Answer::Yes(sidecar),
        Ok(Err(refusal)) => Answer::No(refusal),
        Err(missing) => Answer::Unknown(missing),
    }
}

fn render(
    case: &Case,
    istiod: &Istiod,
    pod: &JudgedPod,
) -> Result<Result<Sidecar, Refusal>, Missing> {
    let (refused, mut doubts) = annotations::validated(istiod, pod);
    if let Some(refusal) = refused {
        return Ok(Err(refusal));
    }
    let injector = wanted::injector_config(case, istiod)?;
    let config = wanted::config(case, istiod)?;
    let templates = templates::selected(&config, pod);
    if let Some(refusal) = templates::unusable(&config, &injector, &templates)? {
        return Ok(Err(refusal));
    }
    let together = injector.together(&config, &templates);
    let (mut refused, mut more) = annotations::interpolated(&together, pod, None);
    if !more.is_empty() {
        let intercepts = mesh::intercepts(case, istiod, pod)?;
        (refused, more) = annotations::interpolated(&together, pod, Some(intercepts));
    }
    if let Some(refusal) = refused {
        return Ok(Err(refusal));
    }
    doubts.extend(more);
    if let Some(doubt) = doubts.into_iter().next() {
        return Err(doubt);
    }
    if let Some(refusal) = crash(pod)? {
        return Ok(Err(refusal));
    }
    let unscrapable = metrics::unscrapable(case, istiod, pod);
    if let Ok(Some(refusal)) = unscrapable {
        return Ok(Err(refusal));
    }
    let texts: Vec<&str> = together.texts().collect();
    if let Some(reason) = invalid(case, istiod, &injector, &texts, pod)? {
        return Ok(Err(Refusal::InvalidPod(reason)));
    }
    unscrapable?;
    let text_of = |name: &String| config.templates.get(name).map(String::as_str);
    let brings_proxy = |name: &&String| text_of(name).is_some_and(containers::brings_proxy);
    Ok(Ok(Sidecar {
        proxies: templates.iter().filter(brings_proxy).cloned().collect(),
        templates,
    }))
}

/// Whether a sidecar that this istiod renders is among the init containers.
///
/// # Errors
/// [`Missing`] where that cannot be told.
pub fn is_native(case: &Case, istiod: &Istiod, pod: &JudgedPod) -> Result<bool, Missing> {
    let injector = wanted::injector_config(case, istiod)?;
    let config = wanted::config(case, istiod)?;
    let templates = templates::selected(&config, pod);
    let together = injector.together(&config, &templates);
    if !together.texts().any(containers::is_native) {
        return Ok(false);
    }
    native::by_native(case, istiod, pod, |native| native.in_template)
}

/// Why the API server refuses the injected pod, if so.
fn invalid(
    case: &Case,
    istiod: &Istiod,
    injector: &InjectorConfig,
    templates: &[&str],
    pod: &JudgedPod,
) -> Result<Option<String>, Missing> {
    if let Some(reason) = windows(templates, pod) {
        return Ok(Some(reason));
    }
    if let Some(reason) = volumes::conflict(templates, pod)? {
        return Ok(Some(reason));
    }
    if let Some(reason) = probes::conflict(injector, templates, pod)? {
        return Ok(Some(reason));
    }
    if let Some(reason) = resources::conflict(injector, templates, pod)? {
        return Ok(Some(reason));
    }
    containers::conflict(case, istiod, injector, templates, pod)
}

/// Why the API server refuses the injected pod for its operating system, if so.
/// Source: Kubernetes 1.36, `pkg/apis/core/validation/validation.go` (`validateWindows`).
fn windows(templates: &[&str], pod: &JudgedPod) -> Option<String> {
    let os = pod.spec.os.as_ref()?;
    let restricts = |text: &&str| text.contains("  securityContext:\n");
    let refused = os.name == "windows" && templates.iter().any(restricts);
    refused
        .then(|| "it is a Windows pod, and the sidecar has a securityContext of Linux".to_owned())
}

/// Whether istiod crashes over what an earlier injection wrote, or somebody copied.
fn crash(pod: &JudgedPod) -> Result<Option<Refusal>, Missing> {
    let Some(status) = pod.annotations.get(names::STATUS) else {
        return Ok(None);
    };
    match overrides::status(status) {
        Status::Readable | Status::Ignored => Ok(None),
        Status::Panics { field, reason } => {
            Ok(Some(Refusal::Status(format!("{field} in it: {reason}"))))
        }
        Status::CannotTell(reason) => {
            Err(Missing(format!("annotation {}: {reason}", names::STATUS)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::pod;
    use super::*;

    #[test]
    fn a_windows_pod_takes_no_sidecar_of_linux() {
        let mut pod = pod(&[]);
        let (linux, plain) = ("  - name: a\n    securityContext:\n", "  - name: a\n");
        assert_eq!(windows(&[linux], &pod), None);
        pod.spec.os = serde_json::from_value(serde_json::json!({"name": "windows"})).unwrap();
        assert_eq!(windows(&[plain], &pod), None);
        assert!(windows(&[plain, linux], &pod).is_some());
    }

    #[test]
    fn only_a_status_of_the_wrong_shape_is_a_crash() {
        for (status, expected) in [
            (r#"{"containers":["istio-proxy"]}"#, false),
            ("not json", false),
            (r#"{"containers":"x"}"#, true),
        ] {
            let refusal = crash(&pod(&[(names::STATUS, status)])).unwrap();
            assert_eq!(
                refusal.is_some_and(|refusal| refusal.is_crash()),
                expected,
                "{status}"
            );
        }
    }
}
