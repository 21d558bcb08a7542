//! What somebody asked for, in a label or an annotation: the measure of every severity.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::names;
use super::selector::Labels;
use crate::facts::{Missing, Workload};
use crate::report::{Evidence, Field};
use crate::rules::istio_keys::Meant;
use crate::way::Case;

/// A label or an annotation by which somebody says whether to inject, or with which revision. It may be one
/// that neither the API server nor istiod looks at: what counts is what its author wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Which object it stands on.
    pub place: Place,
    /// Whether it is a label or an annotation.
    pub field: Field,
    /// The key, as it is written.
    pub key: String,
    /// The value.
    pub value: String,
    /// What is wanted.
    pub means: Means,
    /// Whether the key is Istio's, and not one that resembles it.
    pub is_exact: bool,
    /// The same as evidence, with who set it.
    pub evidence: Evidence,
}

/// Where it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the pod template, or in the pod itself.
    Template,
    /// In the metadata of what makes the pods.
    Workload,
    /// In the metadata of the namespace.
    Namespace,
}

/// What its author wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A sidecar.
    Inject,
    /// None.
    OptOut,
    /// A sidecar of the revision that the value names.
    Revision,
}

impl Said {
    /// Whether it asks for injection.
    pub fn asks(&self) -> bool {
        self.means != Means::OptOut
    }

    /// Whether it is a label of the pod template by which the API server or istiod decides.
    pub fn is_label_of_template(&self) -> bool {
        self.place == Place::Template && self.field == Field::Labels && self.is_exact
    }

    /// It in words: `annotation sidecar.istio.io/inject=true of deployment/reviews's pod template`.
    pub fn in_words(&self) -> String {
        let place = match self.place {
            Place::Template => "the pod template",
            Place::Workload | Place::Namespace => &self.evidence.object,
        };
        let what = self.field.name().trim_end_matches('s');
        format!("{what} {}={} of {place}", self.key, self.value_in_words())
    }

    /// The value: as it is where it could be a label's, which an annotation's need not.
    pub fn value_in_words(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        match self.value.chars().all(is_plain) {
            true => self.value.clone(),
            false => format!("{:?}", self.value),
        }
    }
}

/// What is said about the pods of a target, worked out: first what stands in their template, then what stands on the object that makes
/// them, which no controller copies to pods. In each, Istio's own keys come first.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub(super) fn said_of_pods(case: &Case) -> Result<Vec<Said>, Missing> {
    let workload = case.workload()?;
    let mut said = said_in_template(case, workload);
    if !workload.template_path().is_empty() {
        let own = Words {
            case,
            place: Place::Workload,
            object: &workload.reference(),
            path: Vec::new(),
            set_in: &workload.metadata,
            meant: Case::meant_of_pods,
        };
        said.extend(own.said(&workload.metadata));
    }
    // Who opts out may well name a revision: it stands for the day on which the opt-out goes.
    let opts_out = |one: &Said| one.place == Place::Template && one.is_exact && !one.asks();
    if said.iter().any(opts_out) {
        said.retain(|one| one.means != Means::Revision);
    }
    Ok(said)
}

fn said_in_template(case: &Case, workload: &Workload) -> Vec<Said> {
    let path = workload.template_path().split('.');
    let template = Words {
        case,
        place: Place::Template,
        object: &workload.reference(),
        path: path.filter(|step| !step.is_empty()).collect(),
        set_in: &workload.metadata,
        meant: Case::meant_of_pods,
    };
    template.said(&workload.template.metadata)
}

/// What is said about the pods of the target's namespace in the namespace.
///
/// # Errors
/// [`Missing`] where the namespace was not read.
pub fn said_of_namespace(case: &Case) -> Result<Vec<Said>, Missing> {
    let Some(namespace) = case.namespace()? else {
        return Ok(Vec::new());
    };
    let words = Words {
        case,
        place: Place::Namespace,
        object: &format!("namespace/{}", case.target().namespace),
        path: Vec::new(),
        set_in: &namespace.metadata,
        meant: Case::meant_of_namespaces,
    };
    Ok(words.said(&namespace.metadata))
}

/// Who asks for injection of the pods, on their own account.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn pod_asks(case: &Case) -> Result<Option<Said>, Missing> {
    Ok(case.said_of_pods()?.iter().find(|one| one.asks()).cloned())
}

/// Who asks for a sidecar in so many words, and does not merely name a revision.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn pod_asks_for_sidecar(case: &Case) -> Result<Option<Said>, Missing> {
    let mut said = case.said_of_pods()?.iter();
    Ok(said.find(|one| one.means == Means::Inject).cloned())
}

/// Who asks for injection, on account of the pods or of the namespace.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn asks(case: &Case) -> Result<Option<Said>, Missing> {
    if let Some(said) = pod_asks(case)? {
        return Ok(Some(said));
    }
    Ok(said_of_namespace(case)?.into_iter().find(Said::asks))
}

/// Where labels and annotations stand.
struct Words<'a, 'c> {
    case: &'a Case<'c>,
    place: Place,
    object: &'a str,
    /// The steps to their metadata.
    path: Vec<&'a str>,
    /// The metadata of the whole object, which tells who set them.
    set_in: &'a ObjectMeta,
    meant: fn(&Case<'c>, &str) -> Option<Meant>,
}

impl Words<'_, '_> {
    fn said(&self, metadata: &ObjectMeta) -> Vec<Said> {
        let annotations = metadata.annotations.as_ref();
        let maps = [
            (Field::Labels, metadata.labels.as_ref()),
            (Field::Annotations, annotations),
        ];
        let is_injected = annotations.is_some_and(|all| all.contains_key(names::STATUS));
        let mut said = Vec::new();
        for (field, map) in maps {
            let entries = map.into_iter().flat_map(Labels::iter);
            for (key, value) in entries {
                // istiod writes the revision that has injected a pod.
                let is_istiods =
                    is_injected && field == Field::Annotations && key == names::ISTIO_REV;
                if !is_istiods {
                    said.extend(self.one(field, key, value));
                }
            }
        }
        said.sort_by_key(|one| (!one.is_exact, one.means == Means::Revision));
        said
    }

    fn one(&self, field: Field, key: &str, value: &str) -> Option<Said> {
        let exact = match (key, self.place) {
            (names::ISTIO_REV, _) => Some(Meant::Revision),
            (names::ISTIO_INJECTION, Place::Namespace) => Some(Meant::Inject),
            (names::INJECT, Place::Template | Place::Workload) => Some(Meant::Inject),
            _ => None,
        };
        // A namespace's label of the right name has to say yes; whoever misplaced it meant something by it.
        let is_label = exact.is_some() && field == Field::Labels;
        let is_misplaced = self.place == Place::Namespace && !is_label;
        let means = match exact.or_else(|| (self.meant)(self.case, key))? {
            Meant::Revision => Means::Revision,
            Meant::Inject if means_no(value) => Means::OptOut,
            Meant::Inject if means_yes(value) || is_misplaced => Means::Inject,
            Meant::Inject => return None,
        };
        let steps = ["metadata", field.name(), key];
        let steps: Vec<_> = self.path.iter().copied().chain(steps).collect();
        let parts = self.path.iter().copied().chain(["metadata", field.name()]);
        let path: String = parts.map(|part| format!(".{part}")).collect();
        let evidence = Evidence::new(self.object, format!("{path}['{key}']"));
        Some(Said {
            place: self.place,
            field,
            key: key.to_owned(),
            value: value.to_owned(),
            means,
            is_exact: exact.is_some(),
            evidence: evidence.actual(value).set_in(self.set_in, &steps),
        })
    }
}

/// Whether a person who writes this value wants injection, whatever Istio makes of it.
pub fn means_yes(value: &str) -> bool {
    const WORDS: [&str; 9] = [
        "y", "yes", "true", "t", "on", "1", "enable", "enabled", "inject",
    ];
    WORDS.contains(&value.trim().to_lowercase().as_str())
}

/// Whether a person who writes this value wants no injection, whatever Istio makes of it.
pub fn means_no(value: &str) -> bool {
    const WORDS: [&str; 9] = [
        "n", "no", "false", "f", "off", "0", "disable", "disabled", "none",
    ];
    WORDS.contains(&value.trim().to_lowercase().as_str())
}
