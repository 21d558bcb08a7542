//! Can istiod render the sidecar for the pod?
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`RunTemplate`) and `validate.go`.

use std::fmt;

use super::reached::Istiod;
use super::{Answer, JudgedPod, names, wanted};
use crate::eval::annotations::{self, InvalidAnnotation};
use crate::eval::templates::templates;
use crate::facts::{Facts, Missing};

/// Whether istiod renders the sidecar.
pub type Rendered = Answer<Sidecar, Refusal>;

/// What istiod renders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecar {
    /// The templates, in their order.
    pub templates: Vec<String>,
}

/// Why istiod denies the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Annotations whose values it does not accept.
    Annotations(Vec<InvalidAnnotation>),
    /// Templates that it does not have.
    TemplateMissing {
        /// The first that it does not have.
        wanted: String,
        /// Those that it has.
        has: Vec<String>,
    },
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
                    .map(|one| format!("{}={:?}: {}", one.name, one.value, one.reason));
                write!(f, "istiod refuses {}", words.collect::<Vec<_>>().join("; "))
            }
            Self::TemplateMissing { wanted, has } => {
                write!(
                    f,
                    "istiod has no template {wanted:?}, only {}",
                    has.join(", ")
                )
            }
        }
    }
}

/// Whether an istiod that wants to inject the pod can.
pub fn rendered(facts: &Facts, istiod: &Istiod, pod: &JudgedPod) -> Rendered {
    match render(facts, istiod, pod) {
        Ok(Ok(sidecar)) => Answer::Yes(sidecar),
        Ok(Err(refusal)) => Answer::No(refusal),
        Err(missing) => Answer::Unknown(missing),
    }
}

fn render(
    facts: &Facts,
    istiod: &Istiod,
    pod: &JudgedPod,
) -> Result<Result<Sidecar, Refusal>, Missing> {
    let invalid = annotations::invalid_annotations(&pod.annotations);
    if !invalid.is_empty() {
        return Ok(Err(Refusal::Annotations(invalid)));
    }
    let config = wanted::config(facts, istiod)?;
    let annotation = pod.annotations.get(names::TEMPLATES).map(String::as_str);
    let selected = templates(annotation, &config.default_templates, &config.aliases);
    let missing = selected
        .iter()
        .find(|name| !config.templates.contains_key(*name));
    if let Some(wanted) = missing {
        let has = config.templates.keys().cloned().collect();
        return Ok(Err(Refusal::TemplateMissing {
            wanted: wanted.clone(),
            has,
        }));
    }
    match annotations::unclear_annotations(&pod.annotations)
        .into_iter()
        .next()
    {
        Some(unclear) => Err(Missing(format!(
            "annotation {}: {}",
            unclear.name, unclear.reason
        ))),
        None => Ok(Ok(Sidecar {
            templates: selected,
        })),
    }
}
