//! Does the API server call a webhook for the pod?
//!
//! Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go`
//! (`ShouldCallHook`) and `.../predicates/{namespace,object,rules}`.

use std::fmt;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, RuleWithOperations};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::defaulted::as_admitted;
use super::selector::{Labels, Requirement, in_words, requirements};
use super::{Answer, JudgedPod};
use crate::facts::Missing;
use crate::rules::cel::{self, Conditions};

/// Whether the API server calls a webhook for the pod.
pub type Called = Answer<Matched, NotCalled>;

/// Why it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// What it requires of the namespace's labels.
    pub namespace_selector: Vec<Requirement>,
    /// What it requires of the pod's labels.
    pub object_selector: Vec<Requirement>,
}

/// Why it is not called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotCalled {
    /// The namespace's labels do not meet the namespaceSelector.
    NamespaceSelector(Mismatch),
    /// The pod's labels do not meet the objectSelector.
    ObjectSelector(Mismatch),
    /// No rule covers the creation of pods.
    Rules(String),
    /// A matchCondition is false.
    Condition {
        /// Its name.
        name: String,
        /// Its CEL expression.
        expression: String,
    },
    /// A matchCondition cannot be evaluated: failurePolicy decides without a call.
    ConditionError {
        /// Its name.
        name: String,
        /// The error of the evaluation.
        error: String,
    },
}

/// A selector and the first of its requirements that is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The whole selector.
    pub selector: Vec<Requirement>,
    /// The requirement that is not met.
    pub unmet: Requirement,
    /// The value of the label it is about.
    pub actual: Option<String>,
}

impl fmt::Display for Matched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (namespace, object) = (&self.namespace_selector, &self.object_selector);
        write!(
            f,
            "selects namespaces with {}, pods with {}",
            in_words(namespace),
            in_words(object)
        )
    }
}

impl fmt::Display for NotCalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NamespaceSelector(mismatch) => mismatch.explain(f, "namespaces"),
            Self::ObjectSelector(mismatch) => mismatch.explain(f, "pods"),
            Self::Rules(rules) => write!(f, "its rules cover {rules}, not CREATE of pods"),
            Self::Condition { name, expression } => {
                write!(f, "matchCondition {name} is false: {expression}")
            }
            Self::ConditionError { name, error } => {
                write!(f, "matchCondition {name} cannot be evaluated: {error}")
            }
        }
    }
}

impl Mismatch {
    fn explain(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        let key = &self.unmet.key;
        write!(
            f,
            "selects {what} with {}, not this one because ",
            in_words(&self.selector)
        )?;
        match &self.actual {
            Some(value) => write!(f, "{key} is {value:?}"),
            None => write!(f, "it has no label {key}"),
        }
    }
}

/// Whether the API server calls `webhook` when `pod` is created in a namespace with these labels.
pub fn called(
    webhook: &MutatingWebhook,
    namespace: Result<&Labels, &Missing>,
    pod: &JudgedPod,
) -> Called {
    // The order is the API server's, except that what is unknown comes last: a selector that is
    // known not to match settles the matter.
    let selectors = (
        selector_requirements(webhook.namespace_selector.as_ref()),
        selector_requirements(webhook.object_selector.as_ref()),
    );
    let (namespace_selector, object_selector) = match selectors {
        (Ok(namespace_selector), Ok(object_selector)) => (namespace_selector, object_selector),
        (Err(missing), _) | (_, Err(missing)) => return Answer::Unknown(missing),
    };
    let namespace_missing = match namespace {
        Ok(labels) => {
            if let Some(mismatch) = mismatch(&namespace_selector, labels) {
                return Answer::No(NotCalled::NamespaceSelector(mismatch));
            }
            None
        }
        Err(missing) => (!namespace_selector.is_empty()).then_some(missing),
    };
    if let Some(mismatch) = mismatch(&object_selector, &pod.labels) {
        return Answer::No(NotCalled::ObjectSelector(mismatch));
    }
    let rules = webhook.rules.as_deref().unwrap_or_default();
    if !rules.iter().any(covers_pod_creation) {
        return Answer::No(NotCalled::Rules(rules_in_words(rules)));
    }
    if let Some(missing) = namespace_missing {
        return Answer::Unknown(missing.clone());
    }
    match conditions(webhook, pod) {
        Some(answer) => answer,
        None => Answer::Yes(Matched {
            namespace_selector,
            object_selector,
        }),
    }
}

fn selector_requirements(selector: Option<&LabelSelector>) -> Result<Vec<Requirement>, Missing> {
    requirements(selector).map_err(Missing)
}

/// The first requirement that labels do not meet.
pub fn mismatch(selector: &[Requirement], labels: &Labels) -> Option<Mismatch> {
    let unmet = selector
        .iter()
        .find(|requirement| !requirement.is_met_by(labels))?;
    Some(Mismatch {
        selector: selector.to_vec(),
        unmet: unmet.clone(),
        actual: labels.get(&unmet.key).cloned(),
    })
}

/// Whether a rule covers `CREATE` of `pods` in the core group's `v1`. matchPolicy has nothing to
/// add: there is no other resource that is equivalent to core/v1 pods.
pub fn covers_pod_creation(rule: &RuleWithOperations) -> bool {
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

/// Why matchConditions keep the webhook from being called; none where they let it through.
fn conditions(webhook: &MutatingWebhook, pod: &JudgedPod) -> Option<Called> {
    let conditions: Vec<_> = webhook
        .match_conditions
        .iter()
        .flatten()
        .map(|condition| (condition.name.as_str(), condition.expression.as_str()))
        .collect();
    if conditions.is_empty() {
        return None;
    }
    let value = as_admitted(pod);
    let request = cel::Request {
        pod: &value,
        namespace: &pod.namespace,
        dry_run: false,
    };
    Some(match cel::all(&conditions, &request) {
        Conditions::Match => return None,
        Conditions::NoMatch { name, expression } => {
            Answer::No(NotCalled::Condition { name, expression })
        }
        Conditions::Error { name, message } => Answer::No(NotCalled::ConditionError {
            name,
            error: message,
        }),
        Conditions::CannotEvaluate { name, reason } => Answer::Unknown(Missing(format!(
            "matchCondition {name} cannot be evaluated here: {reason}"
        ))),
    })
}
