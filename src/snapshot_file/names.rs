//! Whether the names of a snapshot can be names.
//!
//! A name ends up in the commands that are printed; there, one that begins with `-` would be an option.
//! The API server makes no object with such a name, so whoever hands over the file wrote it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use injdoctor_checks::rules::credentials::REDACTED;
use serde_json::Value;

/// What a name has to be. Source: `k8s.io/apimachinery/pkg/api/validate/content` (v0.36).
#[derive(Clone, Copy)]
enum Rule {
    /// Lower-case letters, digits and `-`: namespaces, containers.
    Label,
    /// Such labels with periods between them: nearly everything else.
    Subdomain,
    /// What only has to fit in a path. The API server does not look closer at owners, events, ClusterRoles and
    /// the Services of webhooks.
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

/// Looks at all names of a snapshot. It is not kept meanwhile, as it may be large.
///
/// # Errors
/// What the deserializer says, and the first that can be no name, with its place.
pub fn check<'de, D: Deserializer<'de>>(snapshot: D) -> Result<(), D::Error> {
    Place::TOP.deserialize(snapshot)
}

/// Where in the snapshot a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    above: Option<&'a Self>,
    step: Step<'a>,
    /// The field that holds the value, or the list in which it is.
    field: &'a str,
    /// What the names of objects below have to be.
    names: Rule,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Top,
    Field(&'a str),
    Item(usize),
}

impl Place<'_> {
    const TOP: Place<'static> = Place {
        above: None,
        step: Step::Top,
        field: "",
        names: Rule::Subdomain,
    };

    fn error<E: Error>(&self, name: &str, rule: Rule) -> E {
        let words = rule.words();
        E::custom(format!(
            "{self}: {name:?} cannot be a name there; it has {words}"
        ))
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        let is_first = matches!(self.above, Some(Place { above: None, .. }));
        match self.step {
            Step::Top => Ok(()),
            Step::Item(index) => write!(f, "[{index}]"),
            Step::Field(key) if is_first => f.write_str(key),
            Step::Field(key) if key.contains(['.', '/']) => write!(f, "[{key:?}]"),
            Step::Field(key) => write!(f, ".{key}"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a snapshot")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut is_of_events = false;
        let mut names = self.names;
        while let Some(key) = fields.next_key::<String>()? {
            let here = Place {
                above: Some(&self),
                step: Step::Field(&key),
                field: &key,
                names,
            };
            if let Some(rule) = key_rule(self.field).filter(|rule| !rule.holds(&key)) {
                return Err(here.error(&key, rule));
            }
            match key.as_str() {
                "asked" => {
                    let asked = fields.next_value::<Value>()?;
                    let resource = asked.get("resource").and_then(Value::as_str);
                    is_of_events = resource == Some("Event");
                    if matches!(resource, Some("ClusterRole" | "ClusterRoleBinding")) {
                        names = Rule::Segment;
                    }
                    here.deserialize(asked).map_err(A::Error::custom)?;
                }
                // Events have names of their own, which no command repeats.
                "got" if is_of_events => drop(fields.next_value::<IgnoredAny>()?),
                _ => fields.next_value_seed(here)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0.. {
            let here = Place {
                above: Some(&self),
                step: Step::Item(index),
                field: self.field,
                names: self.names,
            };
            if items.next_element_seed(here)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        // An empty one is no name yet: a manifest may leave it to the API server. Others were left out when
        // the snapshot was written.
        let object = self.above.map_or("", |above| above.field);
        match value_rule(object, self.field, self.names).filter(|rule| !rule.holds(value)) {
            Some(rule) if !value.is_empty() && value != REDACTED => Err(self.error(value, rule)),
            _ => Ok(()),
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// What the keys of a map have to be.
fn key_rule(map: &str) -> Option<Rule> {
    matches!(map, "labels" | "matchLabels" | "selector").then_some(Rule::Word)
}

/// What the value of a field has to be.
fn value_rule(object: &str, field: &str, names: Rule) -> Option<Rule> {
    match (object, field) {
        // Of some reads a list holds nothing but the metadata.
        ("metadata" | "got" | "target" | "webhooks", "name") => Some(names),
        ("metadata" | "got" | "target" | "service" | "asked", "namespace") => Some(Rule::Label),
        ("containers" | "initContainers" | "ephemeralContainers", "name") => Some(Rule::Label),
        ("ownerReferences" | "service" | "asked", "name") => Some(Rule::Segment),
        ("labels" | "matchLabels", _) => Some(Rule::Word),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_recorded_snapshots_have_names_that_can_be() {
        for scenario in crate::demo::SCENARIOS {
            let snapshot: Value = serde_json::from_str(scenario.snapshot).unwrap();
            assert!(check(&snapshot).is_ok(), "{}", scenario.name);
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
                json!({"reads": [{"asked": {"resource": "ClusterRole"}, "got": [{"metadata": {"name": "-x"}}]}]}),
                "reads[0].got[0].metadata.name: \"-x\"",
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
            let error = check(&value).unwrap_err().to_string();
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
            json!([{"asked": {"resource": "ClusterRole"}, "got": [{"metadata": {"name": "system:node"}}]}]),
        ] {
            assert!(check(&value).is_ok(), "{value}");
        }
    }
}
