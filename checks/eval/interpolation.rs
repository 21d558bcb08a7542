//! Annotations that istiod puts into the sidecar's YAML as they are. It does not check these: a colon, a quote or a line
//! break in the wrong place, and the sidecar cannot be read, or is another than was meant.
//!
//! Sources: the templates in key `config` of the injector's ConfigMap, and `RunTemplate`, `applyOverlayYAML` and
//! `fromJSON` of Istio `pkg/kube/inject` (1.32-dev). Only the template that is in use tells what becomes of a value, so
//! it is looked at: each place where it prints the annotation is read as YAML twice, with the value and with a harmless
//! word, and has to come out in the same shape.

use super::annotations::Verdict;
use k8s_openapi::api::core::v1::{Volume, VolumeMount};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a pod's annotations go into.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The texts of the templates that istiod renders for the pod.
    pub templates: &'a [&'a str],
    /// The names of the volumes that the pod has itself.
    pub volumes: &'a [&'a str],
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
        "proxy.istio.io/config" => proxy_metadata(value, surroundings),
        "sidecar.istio.io/proxyCPU"
        | "sidecar.istio.io/proxyMemory"
        | "sidecar.istio.io/proxyCPULimit"
        | "sidecar.istio.io/proxyMemoryLimit" => not_negative(value),
        "readiness.status.sidecar.istio.io/initialDelaySeconds"
        | "readiness.status.sidecar.istio.io/periodSeconds"
        | "readiness.status.sidecar.istio.io/failureThreshold" => fits_32_bits(value),
        // Rendered only where it is a whole image.
        "sidecar.istio.io/proxyImage" if !value.contains('/') => Verdict::Valid,
        // Rendered only for one CNI provider, and in there not as it is.
        "k8s.v1.cni.cncf.io/networks" => Verdict::Valid,
        _ if super::annotations::verdict(name, value).is_some() => Verdict::Valid,
        _ => places(name, surroundings.templates)
            .into_iter()
            .map(|place| place.take(name, annotations, surroundings))
            .reduce(together)
            .unwrap_or(Verdict::Valid),
    }
}

/// Of two places where a value goes, often only one is rendered.
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

/// The API server refuses what istiod takes.
fn not_negative(quantity: &str) -> Verdict {
    let negative =
        quantity.starts_with('-') && quantity.contains(|digit| ('1'..='9').contains(&digit));
    if negative {
        Verdict::Invalid("a container cannot ask for less than nothing".to_owned())
    } else {
        Verdict::Valid
    }
}

/// istiod takes 32 bits, of which a probe has 31.
fn fits_32_bits(number: &str) -> Verdict {
    let digits = number.trim_start_matches('0');
    let fits = digits.is_empty() || digits.parse::<i32>().is_ok();
    if fits || digits.contains(|digit: char| !digit.is_ascii_digit()) {
        Verdict::Valid
    } else {
        Verdict::Invalid("it is more than 2147483647".to_owned())
    }
}

// ---- The places in the templates

/// A place where a template prints an annotation.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// As it is: the line, with a mark where the value goes.
    AsItIs(String),
    /// Its items, one by one, as volumes or mounts.
    Items,
    /// In a way that is not known here.
    Otherwise,
}

/// What stands in a line for the value. No template has it.
const MARK: char = '\u{fffc}';

fn places(name: &str, templates: &[&str]) -> Vec<Place> {
    let named = [format!("`{name}`"), format!("\"{name}\"")];
    let mut places = Vec::new();
    for template in templates {
        for (start, action, end) in actions(template) {
            if named.iter().any(|name| action.contains(name.as_str())) {
                let after = template.get(end..).unwrap_or_default();
                places.extend(place(action, line(template, start, end), after));
            }
        }
    }
    places
}

/// Every action with where it begins and ends, the braces included.
fn actions(template: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    template.match_indices("{{").filter_map(|(start, _)| {
        let rest = template.get(start..)?;
        let length = rest.find("}}")? + 2;
        let action = rest.get(..length)?.trim_matches(['{', '}', '-']).trim();
        Some((start, action, start + length))
    })
}

/// The line around an action, with the mark in its place and a word in that of others.
fn line(template: &str, start: usize, end: usize) -> String {
    let before = template.get(..start).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = template.get(end..).unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    let others = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((plain, action)) = rest.split_once("{{") {
            out.push_str(plain);
            let printed = !action
                .trim_start_matches('-')
                .trim_start()
                .starts_with("end");
            if printed {
                out.push('x');
            }
            rest = action.split_once("}}").map_or("", |(_, rest)| rest);
        }
        out + rest
    };
    format!("{}{MARK}{}", others(before), others(after))
}

fn place(action: &str, line: String, after: &str) -> Option<Place> {
    let first = action.split_whitespace().next().unwrap_or_default();
    match first {
        "if" | "else" | "$nativeSidecar" | "$capNetBindService" | "$tproxy" => None,
        _ if action.ends_with("| quote") => None,
        "annotation" | "index" if !action.contains('|') => Some(Place::AsItIs(line)),
        "range"
            if action.contains("fromJSON") && next_lines(after, 3).contains("toYaml $value") =>
        {
            Some(Place::Items)
        }
        _ => Some(Place::Otherwise),
    }
}

fn next_lines(text: &str, count: usize) -> String {
    text.lines().take(count).collect::<Vec<_>>().join("\n")
}

impl Place {
    fn take(
        &self,
        name: &str,
        annotations: &BTreeMap<String, String>,
        surroundings: Surroundings,
    ) -> Verdict {
        let value = annotations.get(name).map_or("", String::as_str);
        match self {
            Self::AsItIs(line) => printed(line, value),
            Self::Items => items(name, value, annotations, surroundings),
            Self::Otherwise if is_harmless(value) => Verdict::Valid,
            Self::Otherwise => Verdict::CannotTell(
                "the injector's template uses it in a way that is not known here".to_owned(),
            ),
        }
    }
}

/// Letters, digits and what is a plain word to any parser.
fn is_harmless(value: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._/-".contains(character);
    value.starts_with(|first: char| first.is_ascii_alphabetic()) && value.chars().all(plain)
}

// ---- A value as it is

/// Whether a line of YAML has the same shape with the value as with a word.
fn printed(line: &str, value: &str) -> Verdict {
    if is_harmless(value) && !is_old_boolean(value) && !matches!(value, "null" | "true" | "false") {
        return Verdict::Valid;
    }
    let odd = |character: char| character.is_control() && !"\n\t".contains(character);
    if value.contains(odd) {
        return Verdict::CannotTell("it has a control character".to_owned());
    }
    // In a flow mapping, a comma ends the line.
    let line = line.trim_end().trim_end_matches(',');
    let indent: String = line
        .chars()
        .take_while(|character| *character == ' ')
        .collect();
    let sibling = if line.trim_start().starts_with('-') {
        "- z"
    } else {
        "z: z"
    };
    // Between quotes, istiod's parser takes a line that is not indented for the next one of the text.
    let quoted = line.contains(&format!("\"{MARK}"));
    let read = |value: &str| {
        let value = if quoted {
            value.replace('\n', " ")
        } else {
            value.to_owned()
        };
        let line = line.replace(MARK, &value);
        let document = format!("all:\n {line}\n {indent}{sibling}\n");
        serde_saphyr::from_str::<Value>(&document)
    };
    let Ok(expected) = read("x") else {
        return Verdict::CannotTell(
            "the injector's template uses it in a way that is not known here".to_owned(),
        );
    };
    match read(value) {
        Err(_) => Verdict::Invalid("the sidecar's YAML cannot be read with it".to_owned()),
        Ok(actual) if !have_same_shape(&expected, &actual) => {
            Verdict::Invalid("it makes another thing than a text in the sidecar's YAML".to_owned())
        }
        Ok(_) => Verdict::Valid,
    }
}

/// Whether both are texts, or hold such in the same places. The word alone is a text; what YAML 1.1 takes for a boolean
/// or a number is none.
fn have_same_shape(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(word), Value::String(text)) => word != "x" || !is_old_boolean(text),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| have_same_shape(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| {
                    other
                        .get(key)
                        .is_some_and(|other| have_same_shape(one, other))
                })
        }
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

fn is_old_boolean(word: &str) -> bool {
    let words = ["y", "yes", "on", "n", "no", "off"];
    let cases = [word.to_lowercase(), word.to_uppercase(), capitalised(word)];
    cases.iter().any(|case| case == word) && words.contains(&word.to_lowercase().as_str())
}

fn capitalised(word: &str) -> String {
    let lower = word.to_lowercase();
    let mut characters = lower.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

// ---- Volumes and mounts as JSON

fn items(
    name: &str,
    value: &str,
    annotations: &BTreeMap<String, String>,
    surroundings: Surroundings,
) -> Verdict {
    let Some(items) = parse_items(value) else {
        return Verdict::Invalid("it is neither a JSON object nor a JSON list".to_owned());
    };
    let verdicts = items.iter().map(|(key, item)| {
        if key.contains(['"', '\\']) || key.contains(char::is_control) {
            return Verdict::Invalid(format!("{key:?} cannot be the name of a volume"));
        }
        let Some(fields) = item.as_object().filter(|fields| !fields.is_empty()) else {
            return Verdict::Invalid(format!(
                "what stands under {key:?} is not an object with fields"
            ));
        };
        let mut item = fields.clone();
        item.insert("name".to_owned(), json!(key));
        if name.ends_with("/userVolumeMount") {
            typed::<VolumeMount>(item).worse(mounted(key, annotations, surroundings))
        } else if name.ends_with("/userVolume") {
            typed::<Volume>(item)
        } else {
            Verdict::CannotTell(
                "the injector's template uses it in a way that is not known here".to_owned(),
            )
        }
    });
    verdicts.reduce(Verdict::worse).unwrap_or(Verdict::Valid)
}

/// The items of a JSON object or list under the names that the template gives them; none for anything else.
fn parse_items(text: &str) -> Option<Vec<(String, Value)>> {
    match serde_json::from_str(text).ok()? {
        Value::Null => Some(Vec::new()),
        Value::Object(fields) => Some(fields.into_iter().collect()),
        Value::Array(items) => {
            let numbered = items.into_iter().enumerate();
            Some(
                numbered
                    .map(|(number, item)| (number.to_string(), item))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn typed<T: serde::de::DeserializeOwned>(item: Map<String, Value>) -> Verdict {
    let text = Value::Object(item.clone()).to_string();
    match serde_json::from_value::<T>(Value::Object(item)) {
        Ok(_) => Verdict::Valid,
        // Where Go's parser takes null, or a number for a quantity.
        Err(_)
            if ["null", "sizeLimit", "divisor"]
                .iter()
                .any(|word| text.contains(word)) =>
        {
            Verdict::CannotTell("it has unusual but perhaps readable values".to_owned())
        }
        Err(error) => Verdict::Invalid(format!("Kubernetes cannot read it: {error}")),
    }
}

/// Whether there is a volume to mount: the pod's own, one that another annotation adds, or one of the template's.
fn mounted(
    volume: &str,
    annotations: &BTreeMap<String, String>,
    surroundings: Surroundings,
) -> Verdict {
    let added = annotations.get("sidecar.istio.io/userVolume");
    let added = added.and_then(|text| parse_items(text)).unwrap_or_default();
    let of_template = format!("name: {volume}\n");
    let known = surroundings.volumes.contains(&volume)
        || added.iter().any(|(name, _)| name == volume)
        || surroundings
            .templates
            .iter()
            .any(|template| template.contains(&of_template));
    if known {
        Verdict::Valid
    } else {
        Verdict::Invalid(format!("the pod has no volume {volume:?}"))
    }
}

// ---- proxyMetadata

/// Environment variables of the proxy, which the template prints without escaping.
fn proxy_metadata(config: &str, surroundings: Surroundings) -> Verdict {
    let plainly = |template: &&str| template.contains("value: \"{{ $value }}\"");
    if !surroundings.templates.iter().any(plainly) {
        return Verdict::Valid;
    }
    let Ok(config) = serde_saphyr::from_str::<Value>(config) else {
        return Verdict::Valid;
    };
    let variables = config.get("proxyMetadata").and_then(Value::as_object);
    let verdicts = variables.into_iter().flatten().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name_line = format!("- name: {MARK}");
        let value_line = format!("value: \"{MARK}\"");
        let verdict = printed(&name_line, name).worse(printed(&value_line, &value));
        match verdict {
            Verdict::Valid => Verdict::Valid,
            Verdict::Invalid(reason) => Verdict::Invalid(format!("proxyMetadata {name}: {reason}")),
            Verdict::CannotTell(reason) => {
                Verdict::CannotTell(format!("proxyMetadata {name}: {reason}"))
            }
        }
    });
    verdicts.reduce(Verdict::worse).unwrap_or(Verdict::Valid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The lines of Istio's own sidecar template that print annotations.
    const SIDECAR: &str = r#"
{{ $nativeSidecar := ne (index .ObjectMeta.Annotations `sidecar.istio.io/nativeSidecar` | default (printf "%t" .NativeSidecars)) "false" }}
{{ $capNetBindService := (eq (annotation .ObjectMeta `sidecar.istio.io/capNetBindService` .Values.global.proxy.capNetBindService) `true`) }}
metadata:
  labels:
    networking.istio.io/tunnel: {{ index .ObjectMeta.Labels `networking.istio.io/tunnel` | default "http"  | quote }}
spec:
  initContainers:
  - name: istio-init
  {{- if contains "/" (annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy_init.image) }}
    image: "{{ annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy_init.image }}"
  {{- end }}
    args:
    {{ if or (isset .ObjectMeta.Annotations `traffic.sidecar.istio.io/includeOutboundPorts`) (ne (valueOrDefault .Values.global.proxy.includeOutboundPorts "") "") -}}
    - "-q"
    - "{{ annotation .ObjectMeta `traffic.sidecar.istio.io/includeOutboundPorts` .Values.global.proxy.includeOutboundPorts }}"
    {{ end -}}
  - name: istio-proxy
    args:
    - --proxyLogLevel={{ annotation .ObjectMeta `sidecar.istio.io/logLevel` .Values.global.proxy.logLevel }}
    - --proxyComponentLogLevel={{ annotation .ObjectMeta `sidecar.istio.io/componentLogLevel` .Values.global.proxy.componentLogLevel }}
    env:
    {{- range $key, $value := .ProxyConfig.ProxyMetadata }}
    - name: {{ $key }}
      value: "{{ $value }}"
    {{- end }}
    volumeMounts:
      {{- if isset .ObjectMeta.Annotations `sidecar.istio.io/userVolumeMount` }}
      {{ range $index, $value := fromJSON (index .ObjectMeta.Annotations `sidecar.istio.io/userVolumeMount`) }}
    - name: "{{  $index }}"
      {{ toYaml $value | indent 6 }}
      {{ end }}
      {{- end }}
  volumes:
  - name: istio-token
  {{- if (isset .ObjectMeta.Annotations `sidecar.istio.io/bootstrapOverride`) }}
  - name: custom-bootstrap-volume
    configMap:
      name: {{ annotation .ObjectMeta `sidecar.istio.io/bootstrapOverride` "" }}
  {{- end }}
    {{- if isset .ObjectMeta.Annotations `sidecar.istio.io/userVolume` }}
    {{range $index, $value := fromJSON (index .ObjectMeta.Annotations `sidecar.istio.io/userVolume`) }}
  - name: "{{ $index }}"
    {{ toYaml $value | indent 4 }}
    {{ end }}
    {{ end }}
"#;

    fn judge(pairs: &[(&str, &str)]) -> Verdict {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let surroundings = Surroundings {
            templates: &[SIDECAR],
            volumes: &["own"],
        };
        verdict(pairs[0].0, &owned.collect(), surroundings)
    }

    /// Each value tried on a real control plane.
    #[test]
    fn values_are_refused_as_by_istiod_and_the_api_server() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "sidecar.istio.io/logLevel",
                &[
                    "debug", "a #b", "a b", "'x'", "\"x\"", "x\"y", "a\\b", "a\n", "", "{a}",
                    "a:b", "null", "#x",
                ],
                &["a: b", "a:", "a\nb", "a: b: c", "a\n- b", "a\n  - b"],
            ),
            (
                "sidecar.istio.io/componentLogLevel",
                &["upstream:debug,http:trace"],
                &["http: trace"],
            ),
            (
                "sidecar.istio.io/proxyImage",
                &[
                    "x/y",
                    "x\"y",
                    "",
                    "auto",
                    "a/b: c",
                    "a/b\nc",
                    "registry:5000/a/b:1@sha256:0",
                ],
                &["x/\"y", "a/b\\c"],
            ),
            (
                "sidecar.istio.io/bootstrapOverride",
                &["cm", "a #", "a\"b", "my-config.v2"],
                &[
                    "5", "true", "yes", "null", "", "a: b", "1e3", "0x1f", "[a]", "{a}", "*a",
                    "&a", "-", "- a", "a:", "No", "OFF",
                ],
            ),
            (
                "traffic.sidecar.istio.io/includeOutboundPorts",
                &["80", "x", "a\nb"],
                &["80\""],
            ),
            (
                "sidecar.istio.io/userVolume",
                &[
                    "{}",
                    "[]",
                    "null",
                    r#"{"v":{"emptyDir":{}}}"#,
                    r#"{"v":{"mountPath":"/x"}}"#,
                    r#"[{"emptyDir":{}}]"#,
                ],
                &[
                    "notjson",
                    "5",
                    "\"x\"",
                    "true",
                    "",
                    "[]x",
                    "\"{}\"",
                    r#"{"v":"s"}"#,
                    r#"{"v":null}"#,
                    r#"{"v":5}"#,
                    r#"{"v":{"emptyDir":"x"}}"#,
                    r#"{"v\"":{"emptyDir":{}}}"#,
                    r#"{"a":{},"b":{}}"#,
                    r#"{"v":[1]}"#,
                    r#"{"v":{"hostPath":{"path":5}}}"#,
                ],
            ),
            (
                "sidecar.istio.io/userVolumeMount",
                &[
                    "{}",
                    "null",
                    r#"{"istio-token":{"mountPath":"/y"}}"#,
                    r#"{"own":{"mountPath":"/y"}}"#,
                ],
                &[
                    "notjson",
                    "",
                    r#"{"v":{"mountPath":"/x"}}"#,
                    r#"{"own":{}}"#,
                    r#"{"own":{"mountPath":5}}"#,
                ],
            ),
            (
                "proxy.istio.io/config",
                &[
                    "proxyMetadata: {A: \"b\"}",
                    "proxyMetadata: {A: \"x\\ny\"}",
                    "proxyMetadata: {A: \"5\"}",
                    "concurrency: 2",
                    "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"",
                ],
                &[
                    r#"proxyMetadata: {A: "b\"c"}"#,
                    r#"proxyMetadata: {A: "b\\c"}"#,
                    r#"proxyMetadata: {"A: x": "b"}"#,
                    r#"proxyMetadata: {"5": "5"}"#,
                    r#"proxyMetadata: {"true": "5"}"#,
                ],
            ),
            (
                "sidecar.istio.io/proxyCPU",
                &["0", "1e100", "500m", "-0"],
                &["-1", "-0.5"],
            ),
            (
                "readiness.status.sidecar.istio.io/initialDelaySeconds",
                &["007", "08", "2147483647"],
                &["2147483648", "4294967295"],
            ),
            ("sidecar.istio.io/nativeSidecar", &["foo: bar", "\""], &[]),
            ("sidecar.istio.io/capNetBindService", &["foo: bar"], &[]),
            ("example.com/other", &["a: b\n\""], &[]),
        ];
        for (name, valid, invalid) in table {
            for value in *valid {
                assert_eq!(judge(&[(name, value)]), Verdict::Valid, "{name}: {value:?}");
            }
            for value in *invalid {
                let verdict = judge(&[(name, value)]);
                assert!(
                    matches!(verdict, Verdict::Invalid(_)),
                    "{name}: {value:?} {verdict:?}"
                );
            }
        }
    }

    #[test]
    fn a_mount_finds_the_volume_of_the_other_annotation() {
        let mount = (
            "sidecar.istio.io/userVolumeMount",
            r#"{"v":{"mountPath":"/x"}}"#,
        );
        let volume = ("sidecar.istio.io/userVolume", r#"{"v":{"emptyDir":{}}}"#);
        assert_eq!(judge(&[mount, volume]), Verdict::Valid);
    }

    #[test]
    fn an_unknown_use_is_no_ground_for_a_verdict() {
        let judge = |template: &str, value: &str| {
            let annotations = BTreeMap::from([("example.com/a".to_owned(), value.to_owned())]);
            let surroundings = Surroundings {
                templates: &[template],
                volumes: &[],
            };
            verdict("example.com/a", &annotations, surroundings)
        };
        let odd = "x: {{ index .ObjectMeta.Annotations \"example.com/a\" | upper }}";
        assert_eq!(judge(odd, "word"), Verdict::Valid);
        assert!(matches!(judge(odd, "a: b"), Verdict::CannotTell(_)));
        let quoted = "x: {{ index .ObjectMeta.Annotations \"example.com/a\" | quote }}";
        assert_eq!(judge(quoted, "a: b"), Verdict::Valid);
        let two = "x: {{ index .ObjectMeta.Annotations `example.com/a` }}\n{{ if .B }}y: \"{{ annotation .ObjectMeta `example.com/a` 1 }}\"{{ end }}";
        assert!(matches!(judge(two, "a: b"), Verdict::CannotTell(_)));
        assert!(matches!(judge(two, "\""), Verdict::Invalid(_)));
    }

    proptest! {
        #[test]
        fn never_panics(value in "\\PC*", other in "[{}\\[\\]\"':,a0\\n -]{0,20}") {
            for name in ["sidecar.istio.io/logLevel", "sidecar.istio.io/userVolume", "sidecar.istio.io/userVolumeMount", "proxy.istio.io/config", "sidecar.istio.io/bootstrapOverride"] {
                let _ = (judge(&[(name, &value)]), judge(&[(name, &other)]));
            }
        }
    }
}
