//! Whether the names of a snapshot can be names.
//!
//! A name ends up in the commands that are printed; there, one that begins with `-` would be an option.
//! The API server makes no object with such a name, so whoever hands over the file wrote it.

use injdoctor_checks::rules::credentials::REDACTED;
use serde_json::{Value, json};

/// What a name has to be. Source: `k8s.io/apimachinery/pkg/api/validate/content` (v0.36).
#[derive(Clone, Copy)]
enum Rule {
    /// Lower-case letters, digits and `-`: namespaces, containers.
    Label,
    /// Such labels with periods between them: nearly everything else.
    Subdomain,
    /// What only has to fit in a path. The API server does not look closer at owners, events and the
    /// Services of webhooks.
    Segment,
    /// A key or a value of a label; nothing but the beginning matters.
    Word,
}

impl Rule {
    fn holds(self, name: &str) -> bool {
        match self {
            Self::Label => name.len() <= 63 && is_label(name),
            Self::Subdomain => name.len() <= 253 && name.split('.').all(is_label),
            Self::Segment => {
                let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | '%');
                !matches!(name, "." | "..") && !name.starts_with('-') && name.chars().all(fits)
            }
            Self::Word => !name.starts_with('-'),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Label => "lower-case letters, digits and '-'",
            Self::Subdomain => "lower-case letters, digits, '-' and '.'",
            Self::Segment => "no '/', '%' or space, and no '-' at the beginning",
            Self::Word => "no '-' at the beginning",
        }
    }
}

fn is_label(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-')
}

/// Looks at all names of a snapshot.
///
/// # Errors
/// The first that can be none, with its place.
pub fn check(snapshot: &Value) -> Result<(), String> {
    match find_bad("", "", snapshot) {
        Some((place, name, rule)) => Err(format!(
            "{place}: {name:?} cannot be a name there; it has {}",
            rule.words()
        )),
        None => Ok(()),
    }
}

type Bad<'a> = (String, &'a str, Rule);

/// The first bad name of a value that stands in a field of this name.
fn find_bad<'a>(place: &str, field: &str, value: &'a Value) -> Option<Bad<'a>> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let here = match place {
                "" => key.clone(),
                place if key.contains(['.', '/']) => format!("{place}[{key:?}]"),
                place => format!("{place}.{key}"),
            };
            bad_key(field, key)
                .or_else(|| bad_value(field, key, value))
                .map(|(name, rule)| (here.clone(), name, rule))
                .or_else(|| find_bad(&here, key, value))
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let here = format!("{place}[{index}]");
            // Events have names of their own, which no command repeats.
            let is_of_events = item.pointer("/asked/resource") == Some(&json!("Event"));
            match is_of_events {
                true => None,
                false => find_bad(&here, field, item),
            }
        }),
        _ => None,
    }
}

/// A key of a map whose keys are names.
fn bad_key<'a>(map: &str, key: &'a str) -> Option<(&'a str, Rule)> {
    let is_named = matches!(map, "labels" | "matchLabels" | "selector");
    (is_named && !Rule::Word.holds(key)).then_some((key, Rule::Word))
}

/// A value that is a name, or nothing yet: a manifest may leave its name to the API server.
fn bad_value<'a>(object: &str, field: &str, value: &'a Value) -> Option<(&'a str, Rule)> {
    let value = value.as_str()?;
    // What was left out when the snapshot was written.
    if value.is_empty() || value == REDACTED {
        return None;
    }
    let rule = match (object, field) {
        // Of some reads a list holds nothing but the metadata.
        ("metadata" | "got" | "target" | "webhooks", "name") => Rule::Subdomain,
        ("metadata" | "got" | "target" | "service" | "asked", "namespace") => Rule::Label,
        ("containers" | "initContainers" | "ephemeralContainers", "name") => Rule::Label,
        ("ownerReferences" | "service" | "asked", "name") => Rule::Segment,
        ("labels" | "matchLabels", _) => Rule::Word,
        _ => return None,
    };
    (!rule.holds(value)).then_some((value, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_snapshots_have_names_that_can_be() {
        for scenario in crate::demo::SCENARIOS {
            let snapshot: Value = serde_json::from_str(scenario.snapshot).unwrap();
            assert_eq!(check(&snapshot), Ok(()), "{}", scenario.name);
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_told_with_its_place() {
        let table = [
            (
                json!({"reads": [{"got": [{"metadata": {"name": "--all"}}]}]}),
                "reads[0].got[0].metadata.name: \"--all\"",
            ),
            (
                json!({"reads": [{"got": [{"webhooks": [{"name": "a\u{1b}"}]}]}]}),
                "reads[0].got[0].webhooks[0].name: ",
            ),
            (
                json!({"reads": [{"asked": {"resource": "Pod"}, "got": [{"name": "-x"}]}]}),
                "reads[0].got[0].name: \"-x\"",
            ),
            (
                json!({"reads": [{"asked": {"resource": "Service", "name": "-x"}}]}),
                "reads[0].asked.name: \"-x\"",
            ),
            (
                json!({"reads": [{"asked": {"resource": "Service", "namespace": "-A"}}]}),
                "reads[0].asked.namespace: \"-A\"",
            ),
            (
                json!({"subjects": [{"target": {"name": "Web", "namespace": "shop"}}]}),
                "subjects[0].target.name: \"Web\"",
            ),
            (
                json!({"subjects": [{"target": {"name": "web", "namespace": "-A"}}]}),
                "subjects[0].target.namespace: \"-A\"",
            ),
            (
                json!({"subjects": [{"manifest": {"object": {"template": {"spec": {"containers": [{"name": "-c"}]}}}}}]}),
                "subjects[0].manifest.object.template.spec.containers[0].name: \"-c\"",
            ),
            (
                json!({"metadata": {"ownerReferences": [{"name": "-x"}]}}),
                "metadata.ownerReferences[0].name: \"-x\"",
            ),
            (
                json!({"clientConfig": {"service": {"name": "-x", "namespace": "a"}}}),
                "clientConfig.service.name: \"-x\"",
            ),
            (
                json!({"metadata": {"labels": {"istio.io/rev": "--force"}}}),
                "metadata.labels[\"istio.io/rev\"]: \"--force\"",
            ),
            (
                json!({"spec": {"selector": {"-l": "a"}}}),
                "spec.selector.-l: \"-l\"",
            ),
        ];
        for (value, expected) in table {
            let error = check(&value).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_the_api_server_takes_is_taken() {
        for value in [
            json!({"target": {"name": "", "namespace": ""}}),
            json!({"ephemeralContainers": [{"name": "REDACTED"}]}),
            json!({"metadata": {"name": "a.b-c.1", "namespace": "kube-system", "labels": {"a": "", "b": "x-"}}}),
            json!([{"asked": {"resource": "Event"}, "got": [{"metadata": {"name": "web:Created_1"}}]}]),
            json!({"metadata": {"ownerReferences": [{"name": "Node_1:x"}]}}),
            json!({"clientConfig": {"service": {"name": "Odd_Name", "namespace": "a"}}}),
            json!({"env": [{"name": "-odd but allowed"}], "ports": [{"name": null}]}),
            json!({"reads": [{"asked": {"resource": "Pod"}, "got": []}]}),
        ] {
            assert_eq!(check(&value), Ok(()), "{value}");
        }
    }
}
