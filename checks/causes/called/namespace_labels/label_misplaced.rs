//! The label in the wrong place, or misspelt.

use crate::causes::called::uncalled;
use crate::causes::fields::{NAMESPACE_KEYS, namespace_field};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{label_namespace, relabelled};
use crate::report::{Effect, Field, Finding, Fix, Severity};
use crate::way::Case;
use crate::way::asked::means_no;
use crate::way::relabelled::Label;
use crate::way::selector::Labels;
use crate::way::{Outcome, names};

declare_check! {
    /// The injection label of the namespace sits under annotations, or its key is misspelt.
    ///
    /// ## What it finds
    /// The namespace has no injection label, but an annotation `istio-injection` or `istio.io/rev`,
    /// a label whose key is close to one of these (`istio-inject`, `istio.injection`), or the pod's
    /// label `sidecar.istio.io/inject`.
    ///
    /// ## Why it matters
    /// A webhook's namespaceSelector sees labels only, under their exact keys. Nothing warns of others.
    ///
    /// ## How to heal it
    /// Set the right label, take the wrong one away, and restart the pods.
    ///
    /// ## References
    /// - Kubernetes, matching requests by namespaceSelector:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>
    "INJ103", "namespace-label-misplaced", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    if NAMESPACE_KEYS
        .iter()
        .any(|key| what_if.namespace.contains_key(*key))
    {
        return Ok(Verdict::Passed);
    }
    let metadata = case.namespace()?.map(|namespace| &namespace.metadata);
    let annotations = metadata.and_then(|metadata| metadata.annotations.as_ref());
    let annotation = annotations
        .and_then(|annotations| misplaced(annotations, |key| NAMESPACE_KEYS.contains(&key)));
    let label = misplaced(&what_if.namespace, resembles);
    let found = annotation
        .map(|entry| (Field::Annotations, entry))
        .or(label.map(|entry| (Field::Labels, entry)));
    let Some((field, (key, value))) = found else {
        return Ok(Verdict::Passed);
    };
    let (name, place) = (&case.target().namespace, field.name().trim_end_matches('s'));
    let message =
        format!("namespace {name} has {place} {key}={value}, which no injection webhook looks at");
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(namespace_field(case, field, key)?);
    if let Some(label) = what_if.namespace_label() {
        finding = finding.fix(replace(case, &label, field, key)?);
    }
    Ok(Verdict::of([finding]))
}

/// Takes what is misplaced away, and labels the namespace.
fn replace(case: &Case, label: &Label, field: Field, key: &str) -> Result<Fix, Missing> {
    let right = label_namespace(case, label)?;
    let none = Fix {
        steps: Vec::new(),
        ..right.clone()
    };
    let wrong = relabelled(case, none, field, &[(key, None)])?;
    let steps = wrong.steps.into_iter().chain(right.steps);
    Ok(Fix {
        steps: steps.collect(),
        ..wrong
    })
}

fn misplaced(map: &Labels, is_meant: impl Fn(&str) -> bool) -> Option<(&String, &String)> {
    map.iter()
        .find(|(key, value)| is_meant(key) && !means_no(value))
}

/// Whether a person who writes this key on a namespace means one of the injection labels.
fn resembles(key: &str) -> bool {
    let key = key.to_lowercase();
    key == names::INJECT
        || strsim::osa_distance(&key, names::ISTIO_INJECTION) <= 3
        || [
            "istio.io/injection",
            "istio.io/revision",
            "istio-rev",
            "istio-revision",
        ]
        .contains(&key.as_str())
        || strsim::osa_distance(&key, names::ISTIO_REV) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_mean_injection_are_told_from_istios_other_keys() {
        for key in [
            "istio-inject",
            "istio.injection",
            "istio_injection",
            "Istio-Injection",
            "istio.io/injection",
            "istio.io/revision",
            names::INJECT,
        ] {
            assert!(resembles(key), "{key}");
        }
        for key in [
            "istio.io/use-waypoint",
            "istio.io/dataplane-mode",
            "istio.io/tag",
            "app",
            "kubernetes.io/metadata.name",
        ] {
            assert!(!resembles(key), "{key}");
        }
    }
}
