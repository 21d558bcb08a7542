//! When the API server calls a webhook entry: what does not depend on the pod, read once for a snapshot.

use std::sync::Arc;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, RuleWithOperations};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::selector::{Requirement, requirements};
use crate::facts::Missing;
use crate::rules::cel;

/// The requirements of a selector, shared by all that is said about it.
pub type Selector = Arc<[Requirement]>;

/// What a webhook entry asks of a namespace, a pod and an operation.
#[derive(Debug)]
pub struct Terms {
    /// What it requires of the namespace's labels.
    pub namespace_selector: Result<Selector, Missing>,
    /// What it requires of the pod's labels.
    pub object_selector: Result<Selector, Missing>,
    /// What its rules cover, in words, where that is not the creation of pods.
    pub rules: Result<(), String>,
    /// Its matchConditions.
    pub conditions: cel::Compiled,
}

impl Terms {
    /// The terms of an entry.
    pub fn of(webhook: &MutatingWebhook) -> Self {
        let rules = webhook.rules.as_deref().unwrap_or_default();
        let conditions = webhook.match_conditions.iter().flatten();
        Self {
            namespace_selector: selector(webhook.namespace_selector.as_ref()),
            object_selector: selector(webhook.object_selector.as_ref()),
            rules: match rules.iter().any(covers_pod_creation) {
                true => Ok(()),
                false => Err(rules_in_words(rules)),
            },
            conditions: cel::Compiled::new(
                conditions.map(|one| (one.name.as_str(), one.expression.as_str())),
            ),
        }
    }
}

fn selector(selector: Option<&LabelSelector>) -> Result<Selector, Missing> {
    requirements(selector).map(Selector::from).map_err(Missing)
}

/// Whether a rule covers `CREATE` of `pods` in the core group's `v1`. matchPolicy has nothing to
/// add: there is no other resource that is equivalent to core/v1 pods.
fn covers_pod_creation(rule: &RuleWithOperations) -> bool {
    let has = |items: &Option<Vec<String>>, wanted: &str| {
        items
            .iter()
            .flatten()
            .any(|item| item == "*" || item == wanted)
    };
    let resource = |resource: &String| {
        let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        matches!(name, "*" | "pods") && matches!(subresource, "*" | "")
    };
    matches!(rule.scope.as_deref(), None | Some("*" | "Namespaced"))
        && has(&rule.operations, "CREATE")
        && has(&rule.api_groups, "")
        && has(&rule.api_versions, "v1")
        && rule.resources.iter().flatten().any(resource)
}

fn rules_in_words(rules: &[RuleWithOperations]) -> String {
    if rules.is_empty() {
        return "nothing".to_owned();
    }
    let words = rules.iter().map(|rule| {
        let list = |items: &Option<Vec<String>>| items.clone().unwrap_or_default().join(",");
        let scope = match rule.scope.as_deref() {
            None | Some("*") => String::new(),
            Some(scope) => format!(" in scope {scope}"),
        };
        let (operations, resources) = (list(&rule.operations), list(&rule.resources));
        let (groups, versions) = (list(&rule.api_groups), list(&rule.api_versions));
        format!(
            "{operations} of {resources} of apiGroups [{groups}] apiVersions [{versions}]{scope}"
        )
    });
    words.collect::<Vec<_>>().join("; ")
}
