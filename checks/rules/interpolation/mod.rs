//! Annotations that istiod puts into the sidecar's YAML as they are. It does not check these: a colon, a quote or a line
//! break in the wrong place, and the sidecar cannot be read, or is another than was meant.
//!
//! Sources: the templates in key `config` of the injector's ConfigMap, and `RunTemplate`, `applyOverlayYAML` and
//! `fromJSON` of Istio `pkg/kube/inject` (1.32-dev). Only the template that is in use tells what becomes of a value, so
//! it is looked at: each place where it prints the annotation is read as YAML twice, with the value and with a harmless
//! word, and has to come out in the same shape.

#[cfg(test)]
pub(crate) mod fixture;
mod number;
mod place;
mod printed;
mod proxy_metadata;
mod volume;

use super::verdict::Verdict;
use place::Place;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Templates that are rendered together. Where they print an annotation is the same for all pods, and worked out once.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    texts: Vec<String>,
    places: RefCell<Places>,
}

/// By the annotation, and by whether the sidecar comes with its init container, if that is known.
type Places = HashMap<(String, Option<bool>), Rc<[Place]>>;

impl Templates {
    /// Those of these texts.
    pub fn new<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self {
            texts: texts.into_iter().map(str::to_owned).collect(),
            places: RefCell::default(),
        }
    }

    /// Their texts, in their order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// Whether one of them names an annotation; that of gateways has no use for many. What it prints in quotes has no
    /// [Place].
    fn name(&self, annotation: &str) -> bool {
        self.texts().any(|text| text.contains(annotation))
    }

    fn places(&self, name: &str, intercepts: Option<bool>) -> Rc<[Place]> {
        let mut known = self.places.borrow_mut();
        let places = known.entry((name.to_owned(), intercepts));
        let places = places.or_insert_with(|| place::places(name, self.texts(), intercepts).into());
        Rc::clone(places)
    }
}

/// What a pod's annotations go into.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The templates that istiod renders for the pod.
    pub templates: &'a Templates,
    /// The names of the volumes that the pod has itself.
    pub volumes: &'a [&'a str],
    /// Whether the sidecar comes with its init container, if that is known.
    pub intercepts: Option<bool>,
}

/// Whether the sidecar can still be read with this annotation in it.
pub fn verdict(
    name: &str,
    annotations: &BTreeMap<String, String>,
    surroundings: Surroundings,
) -> Verdict {
    let Some(value) = annotations.get(name) else {
        return Verdict::Valid;
    };
    match name {
        "proxy.istio.io/config" => proxy_metadata::verdict(value, surroundings),
        "sidecar.istio.io/proxyCPU"
        | "sidecar.istio.io/proxyMemory"
        | "sidecar.istio.io/proxyCPULimit"
        | "sidecar.istio.io/proxyMemoryLimit"
            if surroundings.templates.name(name) =>
        {
            number::not_negative(value)
        }
        "readiness.status.sidecar.istio.io/initialDelaySeconds"
        | "readiness.status.sidecar.istio.io/periodSeconds"
        | "readiness.status.sidecar.istio.io/failureThreshold" => {
            // Port 0 turns the proxy's probe off.
            let port = annotations.get("status.sidecar.istio.io/port");
            match port.map(String::as_str) {
                Some("0") => Verdict::Valid,
                _ => number::fits_32_bits(value),
            }
        }
        "sidecar.istio.io/proxyImageType" => image_type(value, annotations),
        // Rendered only where it is a whole image.
        "sidecar.istio.io/proxyImage" if !value.contains('/') => Verdict::Valid,
        // Rendered only for one CNI provider, and in there not as it is.
        "k8s.v1.cni.cncf.io/networks" => Verdict::Valid,
        _ if super::annotations::verdict(name, value).is_some() => Verdict::Valid,
        _ => in_all_places(name, annotations, surroundings),
    }
}

/// The end of the image's tag, unless an annotation names a whole image.
fn image_type(value: &str, annotations: &BTreeMap<String, String>) -> Verdict {
    let image = annotations.get("sidecar.istio.io/proxyImage");
    if image.is_some_and(|image| image.contains('/')) {
        return Verdict::Valid;
    }
    printed::printed(&format!("image: \"x{}\"", printed::MARK), value)
}

fn in_all_places(
    name: &str,
    annotations: &BTreeMap<String, String>,
    surroundings: Surroundings,
) -> Verdict {
    let mut all: Option<Verdict> = None;
    let places = surroundings.templates.places(name, surroundings.intercepts);
    for place in places.iter() {
        let verdict = place.take(name, annotations, surroundings);
        if place.always && matches!(verdict, Verdict::Invalid(_)) {
            return verdict;
        }
        all = Some(match all {
            Some(before) => together(before, verdict),
            None => verdict,
        });
    }
    all.unwrap_or(Verdict::Valid)
}

/// Of two places where a value goes under conditions, often only one is rendered.
fn together(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Valid, Verdict::Valid) => Verdict::Valid,
        (Verdict::Invalid(reason), Verdict::Invalid(_)) => Verdict::Invalid(reason),
        (Verdict::Invalid(reason) | Verdict::CannotTell(reason), _)
        | (Verdict::Valid, Verdict::Invalid(reason) | Verdict::CannotTell(reason)) => {
            Verdict::CannotTell(reason)
        }
    }
}

/// The verdict on a value that goes into something which cannot be followed.
fn unknown_use() -> Verdict {
    Verdict::CannotTell(
        "the injector's template uses it in a way that is not known here".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::fixture::judge;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(value in "\\PC*", other in "[{}\\[\\]\"':,a0\\n -]{0,20}") {
            for name in ["sidecar.istio.io/logLevel", "sidecar.istio.io/userVolume", "sidecar.istio.io/userVolumeMount", "proxy.istio.io/config", "sidecar.istio.io/bootstrapOverride"] {
                let _ = (judge(&[(name, &value)]), judge(&[(name, &other)]));
            }
        }
    }
}
