//! Does the API server call a webhook for the pod?
//!
//! Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go`
//! (`ShouldCallHook`) and `.../predicates/{namespace,object,rules}`.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;

use super::defaulted::as_admitted;
use super::selector::{Labels, Requirement, in_words, unmet};
use super::terms::{Selector, Terms};
use super::{Answer, JudgedPod};
use crate::facts::Missing;
use crate::rules::cel::{self, Conditions};

/// Whether the API server calls a webhook for the pod.
pub type Called = Answer<Matched, NotCalled>;

/// Why it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// What it requires of the namespace's labels.
    pub namespace_selector: Selector,
    /// What it requires of the pod's labels.
    pub object_selector: Selector,
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
    pub selector: Selector,
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

/// The creation of a pod, and the pod as matchConditions see it once one asks.
#[derive(Debug)]
pub struct Creation<'a> {
    pod: &'a JudgedPod,
    labels: &'a Labels,
    request: OnceCell<Result<cel::Request, String>>,
}

impl<'a> Creation<'a> {
    /// The creation of this pod.
    pub fn of(pod: &'a JudgedPod) -> Self {
        Self::relabelled(pod, &pod.labels)
    }

    /// The creation of this pod with other labels.
    pub fn relabelled(pod: &'a JudgedPod, labels: &'a Labels) -> Self {
        Self {
            pod,
            labels,
            request: OnceCell::new(),
        }
    }

    fn request(&self) -> Result<&cel::Request, &String> {
        let request = self.request.get_or_init(|| {
            let pod = as_admitted(self.pod, self.labels);
            cel::Request::new(pod, &self.pod.namespace, false)
        });
        request.as_ref()
    }
}

/// Whether the API server calls a webhook with these terms when a pod is created in a namespace with these labels.
pub fn called(terms: &Terms, namespace: Result<&Labels, &Missing>, creation: &Creation) -> Called {
    // The order is the API server's, except that what is unknown comes last: a selector that is
    // known not to match settles the matter.
    let (namespace_selector, object_selector) =
        match (&terms.namespace_selector, &terms.object_selector) {
            (Ok(namespace_selector), Ok(object_selector)) => (namespace_selector, object_selector),
            (Err(missing), _) | (_, Err(missing)) => return Answer::Unknown(missing.clone()),
        };
    let namespace_missing = match namespace {
        Ok(labels) => {
            if let Some(mismatch) = mismatch(namespace_selector, labels) {
                return Answer::No(NotCalled::NamespaceSelector(mismatch));
            }
            None
        }
        Err(missing) => (!namespace_selector.is_empty()).then_some(missing),
    };
    if let Some(mismatch) = mismatch(object_selector, creation.labels) {
        return Answer::No(NotCalled::ObjectSelector(mismatch));
    }
    if let Err(rules) = &terms.rules {
        return Answer::No(NotCalled::Rules(rules.clone()));
    }
    if let Some(missing) = namespace_missing {
        return Answer::Unknown(missing.clone());
    }
    match conditions(&terms.conditions, creation) {
        Some(answer) => answer,
        None => Answer::Yes(Matched {
            namespace_selector: Arc::clone(namespace_selector),
            object_selector: Arc::clone(object_selector),
        }),
    }
}

/// The first requirement that labels do not meet.
fn mismatch(selector: &Selector, labels: &Labels) -> Option<Mismatch> {
    let unmet = unmet(selector, labels)?;
    Some(Mismatch {
        selector: Arc::clone(selector),
        unmet: unmet.clone(),
        actual: labels.get(&unmet.key).cloned(),
    })
}

/// Why matchConditions keep the webhook from being called; none where they let it through.
fn conditions(conditions: &cel::Compiled, creation: &Creation) -> Option<Called> {
    if conditions.is_empty() {
        return None;
    }
    let request = match creation.request() {
        Ok(request) => request,
        Err(reason) => return Some(Answer::Unknown(Missing(reason.clone()))),
    };
    Some(match conditions.evaluate(request) {
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
