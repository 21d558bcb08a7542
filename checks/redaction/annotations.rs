//! Annotations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::structured::structured;
use super::walk::Walk;
use crate::rules::annotations::{Verdict, verdict};
use crate::rules::credentials::{REDACTED, image, without_credentials};
use crate::rules::interpolation::{self, Surroundings};
use crate::rules::overrides::{self, Status};
use crate::rules::yaml;
use crate::way::asked::{means_no, means_yes};
use crate::way::names;

/// Annotations that pass as they are: numbers, ports, addresses, quantities, names of revisions and of templates.
const PLAIN: [&str; 14] = [
    names::INJECT,
    names::NATIVE,
    names::TEMPLATES,
    names::ISTIO_INJECTION,
    names::ISTIO_REV,
    names::ISTIO_TAG,
    names::DATAPLANE_MODE,
    "sidecar.istio.io/rewriteAppHTTPProbers",
    "prometheus.io/scrape",
    "prometheus.io/port",
    "prometheus.istio.io/scrape-targets",
    "deployment.kubernetes.io/revision",
    "meta.helm.sh/release-name",
    "kubernetes.io/config.mirror",
];

type Texts = BTreeMap<String, String>;

/// What passes of the annotations of an object.
pub fn annotations(walk: &mut Walk, all: Map<String, Value>) -> Value {
    let texts = all.iter().filter_map(|(name, value)| {
        let value = value.as_str()?;
        Some((name.clone(), value.to_owned()))
    });
    let texts: Texts = texts.collect();
    let mut kept = Map::new();
    for (name, value) in &texts {
        if !is_known(walk, name) {
            walk.drop(Value::Null);
            continue;
        }
        let passes = passing(walk, &texts, name, value);
        let passes = walk.replace_entry(name, value.clone(), passes);
        kept.insert(name.clone(), Value::String(passes));
    }
    Value::Object(kept)
}

/// Whether it matters that an object has the annotation.
fn is_known(walk: &Walk, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    PLAIN.contains(&name)
        || ["istio", "inject", "prometheus"]
            .iter()
            .any(|word| lower.contains(word))
        || walk.needed.is_asked()
        || walk.needed.is_printed(name)
}

/// What passes of the value of an annotation.
fn passing(walk: &Walk, all: &Texts, name: &str, value: &str) -> String {
    let replaced = || REDACTED.to_owned();
    let json = |text: &str| serde_json::from_str(text).ok();
    let printed = |text: &str| printed(walk, all, name, text);
    match name {
        "kubernetes.io/config.mirror" => replaced(),
        _ if PLAIN.contains(&name) || walk.needed.is_quoted(name) => value.to_owned(),
        names::PROXY_CONFIG => structured(
            value,
            |text| yaml::read(text).ok().map(Value::from),
            |text| (verdict(name, text), printed(text)),
        ),
        names::OVERRIDES => structured(value, json, overrides::overrides),
        names::STATUS => structured(value, json, status),
        VOLUME | MOUNT => structured(value, json, printed),
        "sidecar.istio.io/proxyImage" => image(value),
        _ if verdict(name, value).is_some() => value.to_owned(),
        _ if is_injection(name, value) => value.to_owned(),
        _ if walk.needed.is_printed(name) => {
            let judged = printed(value);
            let candidates = [replaced(), without_credentials(value)];
            let found = candidates.into_iter().find(|one| printed(one) == judged);
            found.unwrap_or_else(replaced)
        }
        _ => replaced(),
    }
}

const VOLUME: &str = "sidecar.istio.io/userVolume";
const MOUNT: &str = "sidecar.istio.io/userVolumeMount";

/// What becomes of the sidecar where the templates print another value of an annotation. A mount names the volume that
/// another annotation adds.
fn printed(walk: &Walk, all: &Texts, name: &str, value: &str) -> Vec<Verdict> {
    let mut changed = all.clone();
    changed.insert(name.to_owned(), value.to_owned());
    let texts: Vec<&str> = walk.needed.texts.iter().map(String::as_str).collect();
    let mut verdicts = Vec::new();
    for intercepts in [true, false] {
        let surroundings = Surroundings {
            templates: &texts,
            volumes: &[],
            intercepts,
        };
        let of = |name: &str| interpolation::verdict(name, &changed, surroundings);
        verdicts.extend([of(name), of(MOUNT)]);
    }
    verdicts
}

/// Whether somebody asks for injection, or against it, under a name that Istio does not know.
fn is_injection(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_about = name.contains("istio") || name.contains("inject");
    is_about && (means_yes(value) || means_no(value) || name.contains("rev"))
}

/// What is read of what istiod wrote about an injection: the revision, and the names of what it added.
fn status(text: &str) -> (Status, [Option<Value>; 4]) {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let of = |field: &str| value.as_ref().and_then(|value| value.get(field)).cloned();
    let told = ["revision", "volumes", "containers", "initContainers"].map(of);
    (overrides::status(text), told)
}
