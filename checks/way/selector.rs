//! Label selectors as the API server evaluates them, and in words.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// The labels of an object.
pub type Labels = BTreeMap<String, String>;

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// What is required of it.
    pub operator: Operator,
}

/// What a selector requires of a label.
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1/helpers.go` and `labels/selector.go` (v0.36).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The label is there with one of the values.
    In(Vec<String>),
    /// The label is absent, or has none of the values.
    NotIn(Vec<String>),
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl Requirement {
    /// Whether labels meet it.
    pub fn is_met_by(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match &self.operator {
            Operator::In(values) => value.is_some_and(|value| values.contains(value)),
            Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.operator {
            Operator::In(values) => match values.as_slice() {
                [value] => write!(f, "{key}={value}"),
                values => write!(f, "{key} in ({})", values.join(", ")),
            },
            Operator::NotIn(values) => match values.as_slice() {
                [value] => write!(f, "{key}!={value}"),
                values => write!(f, "{key} not in ({})", values.join(", ")),
            },
            Operator::Exists => write!(f, "any {key}"),
            Operator::DoesNotExist => write!(f, "no {key}"),
        }
    }
}

/// The requirements of a selector, all of which must be met; matchLabels first. An absent selector,
/// like an empty one, has none and selects everything.
///
/// # Errors
/// What Kubernetes does not take: another operator, a key or a value that no label can have.
pub fn requirements(selector: Option<&LabelSelector>) -> Result<Vec<Requirement>, String> {
    let Some(selector) = selector else {
        return Ok(Vec::new());
    };
    let labels = selector.match_labels.iter().flatten().map(|(key, value)| {
        can_be_a_label(key, std::slice::from_ref(value))?;
        Ok(Requirement {
            key: key.clone(),
            operator: Operator::In(vec![value.clone()]),
        })
    });
    let expressions = selector.match_expressions.iter().flatten().map(requirement);
    labels.chain(expressions).collect()
}

fn requirement(expression: &LabelSelectorRequirement) -> Result<Requirement, String> {
    let values = expression.values.clone().unwrap_or_default();
    can_be_a_label(&expression.key, &values)?;
    let operator = match expression.operator.as_str() {
        "In" | "NotIn" if values.is_empty() => {
            return Err(format!(
                "{} of {} has no values",
                expression.operator, expression.key
            ));
        }
        "In" => Operator::In(values),
        "NotIn" => Operator::NotIn(values),
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            return Err(format!(
                "{} of {} has values",
                expression.operator, expression.key
            ));
        }
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => return Err(format!("{other:?} is not an operator of label selectors")),
    };
    Ok(Requirement {
        key: expression.key.clone(),
        operator,
    })
}

/// The API server takes no such selector; the injector, who reads its own, passes it over.
fn can_be_a_label(key: &str, values: &[String]) -> Result<(), String> {
    let (prefix, name) = match key.rsplit_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if name.is_empty() || !is_word(name) || !prefix.is_none_or(is_domain) {
        return Err(format!("{key:?} cannot be the key of a label"));
    }
    match values.iter().find(|value| !is_word(value)) {
        Some(value) => Err(format!("{value:?} cannot be the value of label {key}")),
        None => Ok(()),
    }
}

/// Letters and digits, between them also `-`, `_` and `.`; at most 63 of all.
fn is_word(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= 63
            && text.starts_with(ends)
            && text.ends_with(ends)
            && text.chars().all(|c| ends(c) || "-_.".contains(c))
}

/// Labels of a domain name, lower case.
fn is_domain(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|part| {
            part.starts_with(ends)
                && part.ends_with(ends)
                && part.chars().all(|c| ends(c) || c == '-')
        })
}

/// The first requirement that labels do not meet.
pub fn unmet<'a>(selector: &'a [Requirement], labels: &Labels) -> Option<&'a Requirement> {
    selector.iter().find(|one| !one.is_met_by(labels))
}

/// A selector in words: `istio-injection=enabled and no istio.io/rev`.
pub fn in_words(requirements: &[Requirement]) -> String {
    if requirements.is_empty() {
        return "any labels".to_owned();
    }
    let words: Vec<_> = requirements.iter().map(ToString::to_string).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn an_absent_key_meets_the_negative_operators_only() {
        let values = || vec!["a".to_owned(), "b".to_owned()];
        let cases = [
            (Operator::In(values()), None, false),
            (Operator::In(values()), Some("a"), true),
            (Operator::In(values()), Some("c"), false),
            (Operator::NotIn(values()), None, true),
            (Operator::NotIn(values()), Some("b"), false),
            (Operator::NotIn(values()), Some("c"), true),
            (Operator::Exists, None, false),
            (Operator::Exists, Some(""), true),
            (Operator::DoesNotExist, None, true),
            (Operator::DoesNotExist, Some(""), false),
        ];
        for (operator, value, expected) in cases {
            let given: Vec<_> = value.map(|value| ("k", value)).into_iter().collect();
            let requirement = Requirement {
                key: "k".into(),
                operator,
            };
            assert_eq!(
                requirement.is_met_by(&labels(&given)),
                expected,
                "{requirement} on {value:?}"
            );
        }
    }

    #[test]
    fn absent_and_empty_selectors_select_everything() {
        assert!(requirements(None).unwrap().is_empty());
        assert!(
            requirements(Some(&LabelSelector::default()))
                .unwrap()
                .is_empty()
        );
        assert_eq!(in_words(&[]), "any labels");
    }

    #[test]
    fn what_kubernetes_does_not_take_is_an_error() {
        let long = "a".repeat(64);
        let table: [(&str, &str, &[&str], &str); 11] = [
            ("k", "Gt", &[], "Gt"),
            ("k", "In", &[], "no values"),
            ("k", "Exists", &["a"], "has values"),
            ("", "Exists", &[], "key"),
            ("a/", "Exists", &[], "key"),
            ("a/b/c", "Exists", &[], "key"),
            ("A.b/c", "Exists", &[], "key"),
            ("-a", "Exists", &[], "key"),
            (&long, "Exists", &[], "key"),
            ("k", "In", &["a", "b c"], "\"b c\""),
            ("k", "NotIn", &["a."], "value"),
        ];
        for (key, operator, values, error) in table {
            let expression = LabelSelectorRequirement {
                key: key.into(),
                operator: operator.into(),
                values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
            };
            let refusal = requirement(&expression).unwrap_err();
            assert!(refusal.contains(error), "{key:?} {operator}: {refusal}");
        }
        let usual = LabelSelectorRequirement {
            key: "example.com/A_b.c".into(),
            operator: "In".into(),
            values: Some(vec![String::new(), "A_b.c-1".to_owned()]),
        };
        assert!(requirement(&usual).is_ok());
    }

    fn selectors() -> impl Strategy<Value = LabelSelector> {
        let key = || prop_oneof!["[abc]", ".{0,3}"];
        let operator = prop_oneof![
            Just("In"),
            Just("NotIn"),
            Just("Exists"),
            Just("DoesNotExist"),
            Just("in"),
            Just("")
        ];
        let expression = (key(), operator, option::of(vec(key(), 0..3)));
        let expression = expression.prop_map(|(key, operator, values)| LabelSelectorRequirement {
            key,
            operator: operator.to_owned(),
            values,
        });
        let labels = option::of(btree_map(key(), key(), 0..3));
        (labels, option::of(vec(expression, 0..4))).prop_map(|(match_labels, match_expressions)| {
            LabelSelector {
                match_labels,
                match_expressions,
            }
        })
    }

    proptest! {
        /// One requirement for each label and expression; an error for what the API server refuses.
        #[test]
        fn every_selector_is_read_or_refused(selector in selectors(), labels in btree_map("[abc]", "[abc]", 0..3)) {
            let expressions = selector.match_expressions.iter().flatten();
            let is_known = |one: &LabelSelectorRequirement| match one.operator.as_str() {
                "In" | "NotIn" => one.values.iter().flatten().next().is_some(),
                "Exists" | "DoesNotExist" => one.values.iter().flatten().next().is_none(),
                _ => false,
            };
            let all_known = expressions.clone().all(is_known);
            let mut words = selector.match_labels.iter().flatten().flat_map(|(key, value)| [key, value]).chain(
                expressions.clone().flat_map(|one| one.values.iter().flatten().chain([&one.key])),
            );
            let is_plain = |word: &String| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric());
            let all_plain = words.all(is_plain);
            let count = expressions.count() + selector.match_labels.iter().flatten().count();
            match requirements(Some(&selector)) {
                Ok(requirements) => {
                    prop_assert!(all_known);
                    prop_assert_eq!(requirements.len(), count);
                    prop_assert!(!in_words(&requirements).is_empty());
                    for requirement in requirements {
                        let reverse = match requirement.operator.clone() {
                            Operator::In(values) => Operator::NotIn(values),
                            Operator::NotIn(values) => Operator::In(values),
                            Operator::Exists => Operator::DoesNotExist,
                            Operator::DoesNotExist => Operator::Exists,
                        };
                        let reverse = Requirement { operator: reverse, ..requirement.clone() };
                        prop_assert_ne!(requirement.is_met_by(&labels), reverse.is_met_by(&labels));
                    }
                }
                Err(_) => prop_assert!(!all_known || !all_plain),
            }
        }
    }
}
