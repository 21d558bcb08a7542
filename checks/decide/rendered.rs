//! Can istiod render the sidecar for the pod?
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`RunTemplate`), `validate.go` and `webhook.go`
//! (`injectPod`), in their order. What is certain to be refused is so whatever else is in doubt.

use std::fmt;

use serde_json::Value;

use super::reached::Istiod;
use super::{Answer, Config, InjectorConfig, JudgedPod, names, wanted};
use crate::eval::annotations::{self, InvalidAnnotation, Verdict};
use crate::eval::interpolation::{self, Surroundings};
use crate::eval::overrides::{self, Status};
use crate::eval::prometheus::{Merging, Scraping, scraping};
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
    /// The injector's values lack what its templates cannot do without.
    Values(&'static str),
    /// What an earlier injection wrote down about its own work makes istiod crash.
    Status(String),
    /// A port that istiod does not let Prometheus scrape.
    Scrape(String),
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
                    .map(|one| format!("{}={:?}: {}", one.name, one.value, one.reason));
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
            Self::Values(path) => {
                write!(
                    f,
                    "the injector's values lack {path}, which its templates need"
                )
            }
            Self::Status(reason) => {
                write!(
                    f,
                    "istiod crashes over annotation {}: {reason}",
                    names::STATUS
                )
            }
            Self::Scrape(reason) => write!(f, "istiod refuses the pod: {reason}"),
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
    let (refused, mut doubts) = validated(istiod, pod);
    if let Some(refusal) = refused {
        return Ok(Err(refusal));
    }
    let injector = wanted::injector_config(facts, istiod)?;
    let config = wanted::config(facts, istiod)?;
    let selected = selected_templates(&config, pod);
    if let Some(refusal) = missing(&config, &injector, &selected) {
        return Ok(Err(refusal));
    }
    let (refused, more) = interpolated(&config, &selected, pod);
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
    if let Some(refusal) = unscrapable(facts, istiod, pod)? {
        return Ok(Err(refusal));
    }
    Ok(Ok(Sidecar {
        templates: selected,
    }))
}

/// The templates that istiod renders for the pod, whether it has them or not.
pub fn selected_templates(config: &Config, pod: &JudgedPod) -> Vec<String> {
    let annotation = pod.annotations.get(names::TEMPLATES).map(String::as_str);
    templates(annotation, &config.default_templates, &config.aliases)
}

type Judgement = (Option<Refusal>, Vec<Missing>);

/// What istiod checks before it renders anything.
fn validated(istiod: &Istiod, pod: &JudgedPod) -> Judgement {
    let mut doubts: Vec<Missing> = annotations::unclear_annotations(&pod.annotations)
        .iter()
        .map(doubt)
        .collect();
    let mut invalid = annotations::invalid_annotations(&pod.annotations);
    invalid.retain(|one| match is_checked(&one.name, istiod.minor) {
        Some(checked) => checked,
        None => {
            doubts.push(Missing(format!(
                "annotation {}: whether istiod checks it depends on its patch version",
                one.name
            )));
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
/// 1.30, and by the last patches of 1.27 to 1.29.
fn is_checked(annotation: &str, istiod_minor: Option<u32>) -> Option<bool> {
    let interfaces = [
        "traffic.sidecar.istio.io/excludeInterfaces",
        "traffic.sidecar.istio.io/kubevirtInterfaces",
        "istio.io/reroute-virtual-interfaces",
    ];
    match istiod_minor {
        Some(27..=29) if interfaces.contains(&annotation) => None,
        Some(..=26) if interfaces.contains(&annotation) => Some(false),
        _ => Some(true),
    }
}

fn doubt(unclear: &InvalidAnnotation) -> Missing {
    Missing(format!("annotation {}: {}", unclear.name, unclear.reason))
}

/// What istiod's own configuration lacks.
fn missing(config: &Config, injector: &InjectorConfig, selected: &[String]) -> Option<Refusal> {
    let unknown = selected
        .iter()
        .find(|name| !config.templates.contains_key(*name));
    if let Some(wanted) = unknown {
        return Some(Refusal::TemplateMissing {
            wanted: wanted.clone(),
            has: config.templates.keys().cloned().collect(),
        });
    }
    // With values that do not parse, istiod goes on with those that it read before.
    let values = injector.values.as_ref().ok()?;
    let needed = "global.proxy.privileged";
    let printed = format!("{{{{ .Values.{needed} }}}}");
    let prints = |name: &String| {
        config
            .templates
            .get(name)
            .is_some_and(|text| text.contains(&printed))
    };
    (selected.iter().any(prints) && lacks(values, needed)).then_some(Refusal::Values(needed))
}

/// Whether values that istiod can read have nothing at a path.
fn lacks(values: &Value, path: &str) -> bool {
    let mut value = values;
    for step in path.split('.') {
        match value {
            Value::Object(fields) => match fields.get(step) {
                None | Some(Value::Null) => return true,
                Some(inner) => value = inner,
            },
            _ => return false,
        }
    }
    false
}

/// What the templates make of annotations that nobody checks.
fn interpolated(config: &Config, selected: &[String], pod: &JudgedPod) -> Judgement {
    let texts: Vec<&str> = selected
        .iter()
        .filter_map(|name| config.templates.get(name))
        .map(String::as_str)
        .collect();
    let volumes = pod.spec.volumes.iter().flatten();
    let volumes: Vec<&str> = volumes.map(|volume| volume.name.as_str()).collect();
    let surroundings = Surroundings {
        templates: &texts,
        volumes: &volumes,
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

/// Why istiod does not let Prometheus scrape the pod, if so: since 1.31.
fn unscrapable(
    facts: &Facts,
    istiod: &Istiod,
    pod: &JudgedPod,
) -> Result<Option<Refusal>, Missing> {
    let concerned = pod
        .annotations
        .keys()
        .any(|key| key.starts_with("prometheus"));
    if !concerned || istiod.minor.is_some_and(|minor| minor < 31) {
        return Ok(None);
    }
    match scraping(&pod.annotations, merging(facts, istiod)?) {
        Scraping::Accepted => Ok(None),
        Scraping::Refused {
            annotation,
            message,
            ..
        } => Ok(Some(Refusal::Scrape(format!(
            "annotation {annotation}: {message}"
        )))),
        Scraping::CannotTell { annotations } => Err(Missing(format!(
            "annotations {} mean the same to Prometheus, and istiod takes any of them",
            annotations.join(", ")
        ))),
    }
}

/// What the mesh's ConfigMap says about the merging of metrics.
fn merging(facts: &Facts, istiod: &Istiod) -> Result<Merging, Missing> {
    let name = names::with_revision("istio", &istiod.revision);
    let config_map = facts.mesh_config_map(&istiod.namespace, &name)?;
    let text = config_map.and_then(|config_map| config_map.data.as_ref()?.get("mesh"));
    let Some(text) = text else {
        return Ok(Merging::default());
    };
    merging_of(text).map_err(|error| {
        Missing(format!(
            "istiod keeps an older mesh configuration, as ConfigMap {name} does not parse: {error}"
        ))
    })
}

fn merging_of(mesh: &str) -> Result<Merging, String> {
    let mesh: Value = serde_saphyr::from_str(mesh).map_err(|error| error.to_string())?;
    let either = |value: &Value, json: &str, proto: &str| -> Option<Value> {
        value.get(json).or_else(|| value.get(proto)).cloned()
    };
    let default = Merging::default();
    let config = either(&mesh, "defaultConfig", "default_config").unwrap_or_default();
    let port = either(&config, "statusPort", "status_port");
    let port = port.and_then(|port| i32::try_from(port.as_i64()?).ok());
    Ok(Merging {
        enabled: either(&mesh, "enablePrometheusMerge", "enable_prometheus_merge")
            .and_then(|enabled| enabled.as_bool()),
        status_port: port.unwrap_or(default.status_port),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::PodSpec;
    use serde_json::json;

    use super::*;

    fn pod(annotations: &[(&str, &str)]) -> JudgedPod {
        let annotations = annotations
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        JudgedPod {
            namespace: "shop".to_owned(),
            labels: BTreeMap::new(),
            annotations: annotations.collect(),
            spec: PodSpec::default(),
            name: None,
        }
    }

    #[test]
    fn names_of_interfaces_are_checked_since_1_30() {
        let interface = "istio.io/reroute-virtual-interfaces";
        let other = "sidecar.istio.io/interceptionMode";
        for (minor, expected) in [
            (Some(26), Some(false)),
            (Some(28), None),
            (Some(30), Some(true)),
            (None, Some(true)),
        ] {
            assert_eq!(is_checked(interface, minor), expected, "{minor:?}");
            assert_eq!(is_checked(other, minor), Some(true), "{minor:?}");
        }
    }

    #[test]
    fn an_unknown_template_and_incomplete_values_are_refused() {
        let config = Config {
            default_templates: vec!["sidecar".to_owned()],
            templates: BTreeMap::from([
                (
                    "sidecar".to_owned(),
                    "privileged: {{ .Values.global.proxy.privileged }}".to_owned(),
                ),
                ("gateway".to_owned(), String::new()),
            ]),
            ..Config::default()
        };
        let refuses = |annotation: Option<&str>, values: Result<Value, String>| {
            let pod = pod(annotation.map(|value| (names::TEMPLATES, value)).as_slice());
            let injector = InjectorConfig {
                config: Ok(config.clone()),
                values,
            };
            missing(&config, &injector, &selected_templates(&config, &pod))
                .map(|refusal| refusal.to_string())
        };
        let full = || Ok(json!({ "global": { "proxy": { "privileged": false } } }));
        let lacks = Some(
            "the injector's values lack global.proxy.privileged, which its templates need"
                .to_owned(),
        );
        assert_eq!(refuses(None, full()), None);
        assert_eq!(refuses(None, Ok(json!({}))), lacks);
        assert_eq!(
            refuses(None, Ok(json!({ "global": { "proxy": null } }))),
            lacks
        );
        // istiod cannot read these, and keeps what it had.
        assert_eq!(refuses(None, Ok(json!({ "global": 5 }))), None);
        assert_eq!(refuses(None, Err("broken".to_owned())), None);
        assert_eq!(refuses(Some("gateway"), Ok(json!({}))), None);
        let unknown = |name: &str| {
            Some(format!(
                "istiod has no template {name:?}, only gateway, sidecar"
            ))
        };
        assert_eq!(refuses(Some("gatway"), full()), unknown("gatway"));
        assert_eq!(refuses(Some("sidecar,"), full()), unknown(""));
    }

    #[test]
    fn the_mesh_says_how_metrics_are_merged() {
        for (mesh, enabled, port) in [
            ("{}", None, 15_020),
            ("enablePrometheusMerge: false", Some(false), 15_020),
            ("defaultConfig:\n  statusPort: 15999", None, 15_999),
            (
                "default_config: {status_port: 1}\nenable_prometheus_merge: true",
                Some(true),
                1,
            ),
        ] {
            let merging = merging_of(mesh).unwrap();
            assert_eq!(
                (merging.enabled, merging.status_port),
                (enabled, port),
                "{mesh}"
            );
        }
        assert!(merging_of("a: [").is_err());
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
