//! Annotations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::structured::structured;
use super::walk::Walk;
use crate::causes::fields::NAMESPACE_KEYS;
use crate::rules::annotations::verdict;
use crate::rules::credentials::{REDACTED, image, without_credentials};
use crate::rules::drainability;
use crate::rules::interpolation::{self, Surroundings, Templates};
use crate::rules::istio_keys;
use crate::rules::last_applied::{LAST_APPLIED, only_labels};
use crate::rules::overrides::{self, Status};
use crate::rules::proxy_config::discovery_address;
use crate::rules::verdict::Verdict;
use crate::rules::yaml;
use crate::way::asked::{means_no, means_yes};
use crate::way::{OF_KUBEADM, names};

/// Annotations that pass as they are: numbers, ports, addresses, quantities, names of revisions, of templates and of volumes.
const PLAIN: [&str; 20] = [
    names::INJECT,
    names::NATIVE,
    names::TEMPLATES,
    names::ISTIO_INJECTION,
    names::ISTIO_REV,
    names::ISTIO_TAG,
    names::DATAPLANE_MODE,
    names::REDIRECTION,
    OF_KUBEADM,
    "sidecar.istio.io/rewriteAppHTTPProbers",
    drainability::SAFE,
    drainability::SAFE_VOLUMES,
    drainability::LIKE_DAEMON_SET,
    "prometheus.io/scrape",
    "prometheus.io/port",
    "prometheus.istio.io/scrape-targets",
    "deployment.kubernetes.io/revision",
    "meta.helm.sh/release-name",
    "meta.helm.sh/release-namespace",
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
        let applied = only_injection_labels(name, value);
        if applied.is_none() && !is_known(walk, name) {
            walk.drop(Value::Null);
            continue;
        }
        let passes = applied.unwrap_or_else(|| passing(walk, &texts, name, value));
        let passes = walk.replace_entry(name, value.clone(), passes);
        kept.insert(name.clone(), Value::String(passes));
    }
    Value::Object(kept)
}

/// Of the manifest that was applied last, the labels that ask for injection; none where it is nothing such.
fn only_injection_labels(name: &str, value: &str) -> Option<String> {
    let is_manifest = name == LAST_APPLIED;
    is_manifest
        .then(|| only_labels(value, &NAMESPACE_KEYS))
        .flatten()
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
    // A finding proposes the right name with the same value.
    let name = istio_keys::of_sidecars(name).unwrap_or(name);
    let replaced = || REDACTED.to_owned();
    let json = |text: &str| serde_json::from_str(text).ok();
    let printed = |text: &str| printed(walk, all, name, text);
    match name {
        "kubernetes.io/config.mirror" | OF_KUBEADM => replaced(),
        _ if PLAIN.contains(&name) || walk.needed.is_quoted(name) => value.to_owned(),
        names::PROXY_CONFIG => structured(
            value,
            |text| yaml::read(text).ok().map(Value::from),
            |text| {
                let certificates = text.contains("OUTPUT_CERTS");
                (
                    verdict(name, text),
                    printed(text),
                    discovery_address(text),
                    certificates,
                )
            },
        ),
        names::OVERRIDES => structured(value, json, overrides::overrides),
        names::STATUS => structured(value, json, status),
        VOLUME | MOUNT => structured(value, json, printed),
        BOOTSTRAP if is_object_name(value) => value.to_owned(),
        IMAGE if image(value) == value && value.contains(['/', ':']) => value.to_owned(),
        PORTS if is_numbers(value) => value.to_owned(),
        // That nothing is redirected is so by empty annotations.
        _ if value.is_empty() => value.to_owned(),
        _ if verdict(name, value).is_some() => value.to_owned(),
        _ if is_injection(name, value) => value.to_owned(),
        _ if walk.needed.is_printed(name) => {
            let judged = printed(value);
            let least = match name {
                IMAGE => image(value),
                _ => replaced(),
            };
            let candidates = [least, without_credentials(value)];
            let found = candidates.into_iter().find(|one| printed(one) == judged);
            found.unwrap_or_else(replaced)
        }
        _ => replaced(),
    }
}

/// The name of a ConfigMap.
const BOOTSTRAP: &str = "sidecar.istio.io/bootstrapOverride";
/// A list of ports; istio-init fails where it is none.
const PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
const VOLUME: &str = "sidecar.istio.io/userVolume";
const IMAGE: &str = "sidecar.istio.io/proxyImage";
const MOUNT: &str = "sidecar.istio.io/userVolumeMount";

fn is_numbers(list: &str) -> bool {
    list.chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ',' | ' '))
}

/// What becomes of the sidecar where the templates print another value of an annotation. A mount names the volume that
/// another annotation adds, and the image's type does not matter where the image is a whole one.
fn printed(walk: &Walk, all: &Texts, name: &str, value: &str) -> Vec<Verdict> {
    let mut changed = all.clone();
    changed.insert(name.to_owned(), value.to_owned());
    let templates = Templates::new(walk.needed.texts.iter().map(String::as_str));
    let mut verdicts = Vec::new();
    for intercepts in [Some(true), Some(false), None] {
        let surroundings = Surroundings {
            templates: &templates,
            volumes: &[],
            intercepts,
        };
        let of = |name: &str| interpolation::verdict(name, &changed, surroundings);
        verdicts.extend([of(name), of(MOUNT), of("sidecar.istio.io/proxyImageType")]);
    }
    verdicts
}

fn is_object_name(value: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    value.chars().all(fits)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::kinds::{ConfigMap, Deployment};
    use crate::facts::{Connection, Fact, Object, Read, Snapshot, Store};
    use crate::redaction::redact;
    use crate::rules::interpolation::fixture::SIDECAR;
    use jiff::Timestamp;
    use serde_json::json;

    /// A snapshot with Istio's own template, and a workload with these annotations.
    fn snapshot(annotations: &Texts) -> Snapshot {
        let config = json!({"templates": {"sidecar": SIDECAR}}).to_string();
        let config_map = json!({
            "metadata": {"name": names::INJECTOR_CONFIG}, "data": {"config": config, "values": "{}"},
        });
        let template = json!({"metadata": {"annotations": annotations}});
        let workload = json!({"spec": {"selector": {}, "template": template}});
        fn put<T: Object>(reads: &mut Store, object: Value) {
            let object: T = serde_json::from_value(object).unwrap();
            reads.insert(
                Read::list(T::RESOURCE, None),
                Fact::Got(T::objects(vec![object])),
            );
        }
        let mut reads = Store::default();
        put::<ConfigMap>(&mut reads, config_map);
        put::<Deployment>(&mut reads, workload);
        Snapshot {
            api_version: String::new(),
            kind: String::new(),
            recorded_at: Timestamp::UNIX_EPOCH,
            connection: Connection::default(),
            server_version: Fact::NotAsked,
            subjects: Vec::new(),
            reads,
        }
    }

    /// The annotations of the workload, and what becomes of the sidecar by them.
    fn verdicts(snapshot: &Snapshot) -> (Texts, Vec<(String, Verdict)>) {
        let read = Read::list(crate::facts::Resource::Deployment, None);
        let workload = &snapshot.reads.list::<Deployment>(&read).unwrap()[0];
        let metadata = workload.spec.as_ref().unwrap().template.metadata.as_ref();
        let annotations = metadata.unwrap().annotations.clone().unwrap();
        let read = Read::list(crate::facts::Resource::ConfigMap, None);
        let config_map = &snapshot.reads.list::<ConfigMap>(&read).unwrap()[0];
        let config = crate::way::InjectorConfig::parse(config_map)
            .config
            .unwrap();
        let mut verdicts = Vec::new();
        for intercepts in [Some(true), Some(false), None] {
            let surroundings = Surroundings {
                templates: &Templates::new([config.templates["sidecar"].as_str()]),
                volumes: &["own"],
                intercepts,
            };
            for name in annotations.keys() {
                let verdict = interpolation::verdict(name, &annotations, surroundings);
                verdicts.push((name.clone(), verdict));
            }
        }
        (annotations, verdicts)
    }

    #[test]
    fn a_value_is_printed_as_before_and_its_secret_is_gone() {
        const NAMES: [&str; 9] = [
            "sidecar.istio.io/logLevel",
            "sidecar.istio.io/componentLogLevel",
            "sidecar.istio.io/bootstrapOverride",
            "sidecar.istio.io/proxyImage",
            "sidecar.istio.io/userVolume",
            "sidecar.istio.io/userVolumeMount",
            "traffic.sidecar.istio.io/includeOutboundPorts",
            "proxy.istio.io/config",
            "example.com/other",
        ];
        const VALUES: [&str; 16] = [
            "hunter2",
            "",
            "5",
            "true",
            "a: hunter2",
            "\"hunter2",
            "u:hunter2@registry/image:1",
            "password=hunter2",
            "{}",
            "[]",
            "null",
            r#"{"v":{"csi":{"driver":"hunter2"}}}"#,
            r#"{"v":{"csi":"hunter2"}}"#,
            r#"{"own":{"mountPath":"hunter2"}}"#,
            r#"{"other":{"mountPath":"hunter2"}}"#,
            "proxyMetadata: {A: hunter2}",
        ];
        for name in NAMES {
            for value in VALUES {
                let pairs = [(name.to_owned(), value.to_owned())];
                let live = snapshot(&Texts::from(pairs));
                let (_, expected) = verdicts(&live);
                let (file, _) = redact(live).unwrap();
                let (annotations, actual) = verdicts(&file);
                let told = annotations.get(name);
                let of_name = |all: &[(String, Verdict)]| {
                    let own = all.iter().filter(|(one, _)| one == name);
                    own.map(|(_, verdict)| verdict.clone()).collect::<Vec<_>>()
                };
                if told.is_some() {
                    assert_eq!(
                        of_name(&actual),
                        of_name(&expected),
                        "{name}={value} {told:?}"
                    );
                } else {
                    assert!(
                        expected.iter().all(|(_, one)| *one == Verdict::Valid),
                        "{name}={value}"
                    );
                }
                // What breaks the sidecar is told as it is, unless it looks like a secret.
                let is_valid = expected.iter().all(|(_, one)| *one == Verdict::Valid);
                if is_valid
                    && ![(IMAGE, "hunter2"), (BOOTSTRAP, "hunter2")].contains(&(name, value))
                {
                    assert!(
                        !told.is_some_and(|told| told.contains("hunter2")),
                        "{name}={value} {told:?}"
                    );
                }
            }
        }
    }
}
