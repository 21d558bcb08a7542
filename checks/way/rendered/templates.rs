//! Which templates istiod renders, and whether it can.

use serde_json::Value;

use super::Refusal;
use crate::facts::Missing;
use crate::rules::templates::{Block, actions, block, templates};
use crate::rules::yaml::{self, Unread, Yaml};
use crate::way::{Config, InjectorConfig, JudgedPod, names};

/// The templates that istiod renders for the pod, whether it has them or not.
pub fn selected(config: &Config, pod: &JudgedPod) -> Vec<String> {
    let annotation = pod.annotations.get(names::TEMPLATES).map(String::as_str);
    templates(annotation, &config.default_templates, &config.aliases)
}

/// What istiod's own configuration lacks for these templates.
pub(super) fn unusable(
    config: &Config,
    injector: &InjectorConfig,
    selected: &[String],
) -> Result<Option<Refusal>, Missing> {
    let unknown = selected
        .iter()
        .find(|name| !config.templates.contains_key(*name));
    if let Some(wanted) = unknown {
        return Ok(Some(Refusal::TemplateMissing {
            wanted: wanted.clone(),
            has: config.templates.keys().cloned().collect(),
        }));
    }
    // With values that do not parse, istiod goes on with those that it read before.
    let values = injector.values.as_ref().ok();
    for template in selected {
        let text = config.templates.get(template).map(String::as_str);
        let look = || broken(text.unwrap_or_default(), values);
        if let Some(reason) = injector.broken(template, look)? {
            return Ok(Some(Refusal::TemplateBroken {
                template: template.clone(),
                reason,
            }));
        }
    }
    Ok(None)
}

/// Why a template cannot be rendered for any pod, as far as that can be seen without rendering it.
/// Source: Istio 1.31, `pkg/kube/inject/inject.go` (`SidecarTemplateData`, `runTemplate`, `applyOverlayYAML`).
fn broken(text: &str, values: Option<&Value>) -> Result<Option<String>, Missing> {
    if text.contains("{{.ServiceAccount ") {
        return Ok(Some(
            "it is for the pods of Gateways, and asks for what others do not have".to_owned(),
        ));
    }
    let mut open = 0_usize;
    for (_, action, _) in actions(text) {
        match block(action) {
            Block::Opens => open += 1,
            Block::Closes => open = open.saturating_sub(1),
            Block::Turns => {}
            Block::Stays if open > 0 => {}
            Block::Stays => {
                let word = action.split_whitespace().next().unwrap_or_default();
                if word == "fail" {
                    return Ok(Some(format!("it fails on purpose: {action}")));
                }
                let path = word.strip_prefix(".Values.");
                if let Some(reason) = path.and_then(|path| unset(path, values?)) {
                    return Ok(Some(reason));
                }
            }
        }
    }
    let needed = "global.proxy.privileged";
    if text.contains(&format!("{{{{ .Values.{needed} }}}}"))
        && values.is_some_and(|values| lacks(values, needed))
    {
        return Ok(Some(format!(
            "the injector's values lack {needed}, which has to be true or false"
        )));
    }
    if text.contains("{{") {
        return Ok(None);
    }
    match yaml::read(text) {
        Ok(Yaml::Null | Yaml::Map(_)) => Ok(None),
        Ok(_) => Ok(Some("it is not a part of a pod".to_owned())),
        Err(Unread::Refused(reason)) => Ok(Some(format!("it is not YAML: {reason}"))),
        Err(unread) => Err(Missing(format!("a template: {unread}"))),
    }
}

/// A field of nothing cannot be asked for, but one that is nothing can.
fn unset(path: &str, values: &Value) -> Option<String> {
    let (parent, _) = path.rsplit_once('.')?;
    lacks(values, parent)
        .then(|| format!("the injector's values lack {parent}, of which it prints {path}"))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::fixture::pod;
    use super::*;

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
            let injector = InjectorConfig::new(Ok(config.clone().into()), values);
            unusable(&config, &injector, &selected(&config, &pod))
                .unwrap()
                .map(|refusal| refusal.to_string())
        };
        let full = || Ok(json!({ "global": { "proxy": { "privileged": false } } }));
        let lacks = |what: &str| {
            let what = format!(
                "istiod cannot render template \"sidecar\": the injector's values lack {what}"
            );
            Some(what)
        };
        assert_eq!(refuses(None, full()), None);
        assert_eq!(
            refuses(None, Ok(json!({ "global": { "proxy": {} } }))),
            lacks("global.proxy.privileged, which has to be true or false")
        );
        assert_eq!(
            refuses(None, Ok(json!({ "global": { "proxy": null } }))),
            lacks("global.proxy, of which it prints global.proxy.privileged")
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

    /// Those with a template in `tests/differential/cases` were seen on a real control plane; the others follow Go.
    #[test]
    fn some_templates_fail_for_every_pod() {
        let values = json!({ "global": { "hub": "istio", "tag": null } });
        for (text, expected) in [
            ("", None),
            ("metadata: {labels: {a: b}}", None),
            ("spec: [", Some("not YAML")),
            ("just words", Some("not a part of a pod")),
            ("{{ fail \"no\" }}", Some("on purpose")),
            ("{{ if .B }}{{ fail \"no\" }}{{ end }}", None),
            ("a: {{ .Values.global.hub }}", None),
            ("a: {{ .Values.nothing }}", None),
            ("a: {{ .Values.global.nothing }}", None),
            ("a: {{ .Values.nothing.here }}", Some("lack nothing")),
            ("a: {{ .Values.global.tag.here }}", Some("lack global.tag")),
            ("name: {{.ServiceAccount | quote}}", Some("Gateways")),
            ("name: {{ .Spec.ServiceAccountName }}", None),
        ] {
            let reason = broken(text, Some(&values)).unwrap();
            match expected {
                None => assert_eq!(reason, None, "{text}"),
                Some(words) => assert!(
                    reason.is_some_and(|reason| reason.contains(words)),
                    "{text}"
                ),
            }
        }
    }
}
