//! `matchConditions` of a webhook, evaluated for the creation of a pod.
//!
//! What the sources say (Kubernetes 1.36, k8s.io/apiserver `pkg/admission/plugin/webhook/matchconditions/matcher.go`,
//! `pkg/admission/plugin/cel/{compile,activation,condition}.go`, `pkg/cel/environment/base.go`; cel-go 0.26):
//!
//! * All conditions are evaluated, in order. The first that is false ends it: the webhook is not called, even if an
//!   earlier one failed with an error. Otherwise one error suffices: with `failurePolicy: Fail` the request is refused
//!   without a call (403), with `Ignore` the webhook is not called.
//! * `object` is the pod as a tree without types, made from the typed pod: what is not set is not there, and reading it
//!   is the error `no such key: …`. On creation `oldObject` is null.
//! * `request` is made from the admission request in the same way, so **`request.name` is not there for a pod with
//!   `generateName`**: reading it is an error too, `has(request.name)` is false.
//! * `namespaceObject` is declared, but null in the conditions of webhooks: reading from it is always an error.
//! * `authorizer` asks the authorizer of the API server and `request.userInfo` is who creates the pod (usually a
//!   controller): neither is known here.
//! * A condition is compiled when the configuration is written, so one that is in the cluster has no syntax errors and no
//!   unknown names. One that seems to have them uses something that is not known here.
//!
//! The expressions run on the crate `cel`. Anything that it has not, that was not written for it here, or that it does
//! otherwise than cel-go makes the answer [`Condition::CannotEvaluate`], unless the result does not depend on it. The
//! limits of cost that the API server has are not followed.
//!
//! `evaluation` is the whole of it: `limits` on what is tried, then `rewriting` of the parsed expression so that
//! only what is known here is left of it, then, for each pod, the interpreter with the `functions` of Kubernetes and the
//! variables of a `request`.

mod comparison;
mod evaluation;
mod failure;
#[cfg(test)]
mod fixture;
mod function;
mod functions;
mod limits;
mod presence;
mod replaced;
mod request;
mod rewriting;
mod unknown;

use evaluation::Program;
pub use request::Request;

/// What one condition evaluates to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// The webhook may be called.
    True,
    /// The webhook is not called.
    False,
    /// The evaluation fails in the API server, with about this message.
    Error(String),
    /// It cannot be evaluated here, and why: a function or variable that is missing here.
    CannotEvaluate(String),
}

/// What all conditions of a webhook come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conditions {
    /// All are true, or there are none: the webhook is called.
    Match,
    /// One is false: the webhook is not called.
    NoMatch {
        /// Its name.
        name: String,
        /// Its expression.
        expression: String,
    },
    /// None is false and one fails: with `failurePolicy: Fail` the request is refused without a call, with `Ignore` the
    /// webhook is not called.
    Error {
        /// The name of the first that fails.
        name: String,
        /// About what the API server says.
        message: String,
    },
    /// None is known to be false, and this one cannot be evaluated here.
    CannotEvaluate {
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
}

/// The conditions of a webhook, parsed once and evaluated for each pod.
#[derive(Debug)]
pub struct Compiled(Vec<Named>);

#[derive(Debug)]
struct Named {
    name: String,
    expression: String,
    program: Program,
}

impl Named {
    fn evaluate(&self, request: &Request) -> Condition {
        match request.replaced.read_by(&self.expression) {
            Some(field) => Condition::CannotEvaluate(format!(
                "it may read {field}, whose value was left out when the snapshot was written"
            )),
            None => self.program.evaluate(request),
        }
    }
}

impl Compiled {
    /// Parses conditions, given as pairs of name and expression.
    pub fn new<'a>(conditions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let conditions = conditions.into_iter();
        let named = conditions.map(|(name, expression)| Named {
            name: name.to_owned(),
            expression: expression.to_owned(),
            program: Program::new(expression),
        });
        Self(named.collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Evaluates the conditions for a pod, as the API server combines them.
    ///
    /// Source: `Match` of k8s.io/apiserver `pkg/admission/plugin/webhook/matchconditions/matcher.go` (1.36).
    pub fn evaluate(&self, request: &Request) -> Conditions {
        let mut error = None;
        let mut unknown = None;
        for condition in &self.0 {
            let name = || condition.name.clone();
            match condition.evaluate(request) {
                Condition::True => {}
                Condition::False => {
                    return Conditions::NoMatch {
                        name: name(),
                        expression: condition.expression.clone(),
                    };
                }
                Condition::Error(message) => {
                    error.get_or_insert_with(|| Conditions::Error {
                        name: name(),
                        message,
                    });
                }
                Condition::CannotEvaluate(reason) => {
                    unknown.get_or_insert_with(|| Conditions::CannotEvaluate {
                        name: name(),
                        reason,
                    });
                }
            }
        }
        unknown.or(error).unwrap_or(Conditions::Match)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_combined_as_by_the_api_server() {
        let request = fixture::request();
        let combine = |expressions: &[&str]| {
            let named = expressions
                .iter()
                .map(|expression| (*expression, *expression));
            match Compiled::new(named).evaluate(&request) {
                Conditions::Match => "match".to_owned(),
                Conditions::NoMatch { name, .. } => format!("no match: {name}"),
                Conditions::Error { name, .. } => format!("error: {name}"),
                Conditions::CannotEvaluate { name, .. } => format!("unknown: {name}"),
            }
        };
        assert_eq!(combine(&[]), "match");
        assert_eq!(combine(&["true", "1 == 1"]), "match");
        assert_eq!(
            combine(&["object.x == 1", "false", "1 == 2"]),
            "no match: false"
        );
        assert_eq!(
            combine(&["isURL('x')", "object.x == 1", "false"]),
            "no match: false"
        );
        assert_eq!(
            combine(&["object.x == 1", "true", "object.y == 1"]),
            "error: object.x == 1"
        );
        assert_eq!(
            combine(&["object.x == 1", "isURL('x')"]),
            "unknown: isURL('x')"
        );
    }
}
