//! A label selector as a list request takes it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// A selector as text. `None` where it would select everything.
/// Source: `k8s.io/apimachinery/pkg/labels/selector.go` (v0.36), the grammar of `Parse`.
pub fn selector_text(selector: Option<&LabelSelector>) -> Option<String> {
    let selector = selector?;
    let labels = selector.match_labels.iter().flatten();
    let labels = labels.map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().flatten().map(requirement);
    let text: Vec<_> = labels.chain(expressions).collect();
    (!text.is_empty()).then(|| text.join(","))
}

fn requirement(expression: &LabelSelectorRequirement) -> String {
    let key = &expression.key;
    let values = expression.values.as_deref().unwrap_or_default().join(",");
    match expression.operator.as_str() {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_written_as_a_list_request_takes_them() {
        for (selector, text) in [
            (
                json!({ "matchLabels": { "app": "x", "b": "" } }),
                Some("app=x,b="),
            ),
            (
                json!({ "matchLabels": { "app": "x" }, "matchExpressions": [
                    { "key": "tier", "operator": "NotIn", "values": ["a", "b"] },
                    { "key": "k", "operator": "Exists" },
                    { "key": "n", "operator": "DoesNotExist" },
                    { "key": "i", "operator": "In", "values": ["a"] },
                ] }),
                Some("app=x,tier notin (a,b),k,!n,i in (a)"),
            ),
            (json!({}), None),
        ] {
            let selector: LabelSelector = serde_json::from_value(selector).unwrap();
            assert_eq!(selector_text(Some(&selector)).as_deref(), text);
        }
        assert_eq!(selector_text(None), None);
    }
}
