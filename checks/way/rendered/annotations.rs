//! Annotations that istiod, or the YAML of its templates, does not take.

use super::Refusal;
use crate::facts::Missing;
use crate::rules::annotations::{self, InvalidAnnotation};
use crate::rules::interpolation::{self, Surroundings, Templates};
use crate::rules::overrides;
use crate::rules::verdict::Verdict;
use crate::way::{Istiod, JudgedPod, Version, names};

/// What is certain to be refused, and what is in doubt.
pub(super) type Judgement = (Option<Refusal>, Vec<Missing>);

/// What istiod checks before it renders anything.
pub(super) fn validated(istiod: &Istiod, pod: &JudgedPod) -> Judgement {
    let mut doubts: Vec<Missing> = annotations::unclear_annotations(&pod.annotations)
        .iter()
        .map(doubt)
        .collect();
    let mut invalid = annotations::invalid_annotations(&pod.annotations);
    invalid.retain(|one| match is_checked(&one.name, &istiod.version) {
        Ok(checked) => checked,
        Err(missing) => {
            doubts.push(Missing(format!("annotation {}: {missing}", one.name)));
            false
        }
    });
    if !invalid.is_empty() {
        return (Some(Refusal::Annotations(invalid)), doubts);
    }
    let overrides = pod.annotations.get(names::OVERRIDES);
    match overrides.map_or(Verdict::Valid, |text| overrides::overrides(text)) {
        Verdict::Valid => (None, doubts),
        Verdict::Invalid(reason) => (Some(Refusal::Overrides(reason)), doubts),
        Verdict::CannotTell(reason) => {
            doubts.push(Missing(format!(
                "annotation {}: {reason}",
                names::OVERRIDES
            )));
            (None, doubts)
        }
    }
}

/// Whether an istiod of this version checks an annotation. Names of interfaces are checked since
/// 1.30, 1.28.5 and 1.27.9, and by the last patches of 1.29.
fn is_checked(annotation: &str, version: &Version) -> Result<bool, Missing> {
    let interfaces = [
        "traffic.sidecar.istio.io/excludeInterfaces",
        "traffic.sidecar.istio.io/kubevirtInterfaces",
        "istio.io/reroute-virtual-interfaces",
    ];
    if !interfaces.contains(&annotation) {
        return Ok(true);
    }
    let checked = version.agreed(|number| match (number.minor, number.patch) {
        (..=26, _) => Some(false),
        (27, Some(patch)) => Some(patch >= 9),
        (28, Some(patch)) => Some(patch >= 5),
        (27..=29, _) => None,
        _ => Some(true),
    })?;
    checked.ok_or_else(|| {
        let patch = "whether istiod checks it depends on its patch version";
        Missing(patch.to_owned())
    })
}

fn doubt(unclear: &InvalidAnnotation) -> Missing {
    Missing(format!("annotation {}: {}", unclear.name, unclear.reason))
}

/// What the templates make of annotations that nobody checks.
///
/// `intercepts` says whether the sidecar comes with its init container, if that is known.
pub(super) fn interpolated(
    templates: &Templates,
    pod: &JudgedPod,
    intercepts: Option<bool>,
) -> Judgement {
    let volumes = pod.spec.volumes.iter().flatten();
    let volumes: Vec<&str> = volumes.map(|volume| volume.name.as_str()).collect();
    let surroundings = Surroundings {
        templates,
        volumes: &volumes,
        intercepts,
    };
    let (mut invalid, mut doubts) = (Vec::new(), Vec::new());
    for (name, value) in &pod.annotations {
        let finding = |reason| InvalidAnnotation {
            name: name.clone(),
            value: value.clone(),
            reason,
            accepted: "a value that leaves the sidecar's YAML as it is meant",
        };
        match interpolation::verdict(name, &pod.annotations, surroundings) {
            Verdict::Valid => {}
            Verdict::Invalid(reason) => invalid.push(finding(reason)),
            Verdict::CannotTell(reason) => doubts.push(doubt(&finding(reason))),
        }
    }
    let refusal = (!invalid.is_empty()).then_some(Refusal::Annotations(invalid));
    (refusal, doubts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_interfaces_are_checked_since_1_30() {
        let interface = "istio.io/reroute-virtual-interfaces";
        let other = "sidecar.istio.io/interceptionMode";
        for (version, expected) in [
            ("1.26.4", Some(false)),
            ("1.27.8", Some(false)),
            ("1.27.9", Some(true)),
            ("1.28", None),
            ("1.28.5", Some(true)),
            ("1.29.1", None),
            ("1.30.0", Some(true)),
            ("latest", None),
        ] {
            let version = Version::of(version);
            assert_eq!(
                is_checked(interface, &version).ok(),
                expected,
                "{version:?}"
            );
            assert_eq!(is_checked(other, &version), Ok(true), "{version:?}");
        }
    }
}
