//! Values of the pod that were replaced when it was written to a file. A condition that may read one cannot be evaluated.

use crate::rules::credentials::REDACTED;
use serde_json::Value;
use std::collections::BTreeSet;

/// The names of fields whose values were replaced.
#[derive(Debug, Default)]
pub(super) struct Replaced {
    fields: BTreeSet<String>,
    /// Whether they are entries of maps, which macros go through without their names.
    entries: BTreeSet<&'static str>,
}

impl Replaced {
    /// What was replaced in a pod.
    pub(super) fn of(pod: &Value) -> Self {
        let mut replaced = Self::default();
        replaced.add("", "", pod);
        replaced
    }

    fn add(&mut self, outer: &str, name: &str, value: &Value) {
        match value {
            Value::String(text) if text == REDACTED => {
                self.fields.insert(name.to_owned());
                let maps = ["labels", "annotations", "nodeSelector"];
                let map = maps.into_iter().find(|map| *map == outer);
                self.entries.extend(map);
            }
            Value::Array(items) => items.iter().for_each(|one| self.add(outer, name, one)),
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.add(name, field, value);
                }
            }
            _ => {}
        }
    }

    /// The name of a field that was replaced and that an expression may read: it has the name in it, or compares or goes
    /// through what is around it as a whole.
    pub(super) fn read_by(&self, expression: &str) -> Option<&str> {
        const MACROS: [&str; 5] = [".exists", ".all(", ".map(", ".filter(", ".transform"];
        if self.fields.is_empty() {
            return None;
        }
        let words: BTreeSet<&str> = expression
            .split(|c: char| !(c.is_alphanumeric() || "_-./".contains(c)))
            .flat_map(|word| word.split('.').chain([word]))
            .collect();
        let named = self
            .fields
            .iter()
            .find(|field| words.contains(field.as_str()));
        let has_macro = MACROS.iter().any(|one| expression.contains(one));
        let gone_through = || {
            let mut maps = self.entries.iter().copied();
            maps.find(|map| has_macro && words.contains(map))
        };
        named.map(String::as_str).or_else(gone_through)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_condition_that_may_read_a_replaced_value_is_told() {
        let pod = json!({
            "metadata": {"labels": {"team": REDACTED, "app": "a"}, "annotations": {"a.b/c": REDACTED}},
            "spec": {"hostNetwork": true, "containers": [{"name": "a", "args": [REDACTED]}]},
        });
        let replaced = Replaced::of(&pod);
        for (expression, expected) in [
            ("object.spec.hostNetwork", None),
            ("object.spec.containers.all(c, c.name == 'a')", None),
            (
                "object.spec.containers.exists(c, c.args.exists(a, a == 'x'))",
                Some("args"),
            ),
            ("object.spec.containers[0]['args'][0] == 'x'", Some("args")),
            ("object.metadata.labels.app == 'a'", None),
            ("'app' in object.metadata.labels", None),
            ("object.metadata.labels.team == 'a'", Some("team")),
            (
                "object.metadata.labels[?'team'].orValue('') == 'a'",
                Some("team"),
            ),
            ("object.metadata.annotations['a.b/c'] == 'a'", Some("a.b/c")),
            (
                "object.metadata.labels.exists(k, object.metadata.labels[k] == 'a')",
                Some("labels"),
            ),
        ] {
            assert_eq!(replaced.read_by(expression), expected, "{expression}");
        }
        assert_eq!(Replaced::of(&json!({"args": "x"})).read_by("args"), None);
    }
}
