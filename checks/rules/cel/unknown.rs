//! What is not known here is a function that fails and leaves a note, so that only an evaluation that comes across it is
//! left undecided.

use super::function::{Function, of_values};
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use cel::{ExecutionError, Value};
use std::sync::{Arc, Mutex};

/// The function that stands for everything unknown; its argument says what that is.
pub(super) const UNKNOWN: &str = "@unknown";

/// The first unknown thing that the evaluation came across.
#[derive(Clone, Default)]
pub(super) struct Touched(Arc<Mutex<Option<String>>>);

impl Touched {
    /// Remembers the thing, and the error that the function which met it ends with.
    pub(super) fn note(&self, what: String) -> ExecutionError {
        if let Ok(mut first) = self.0.lock() {
            first.get_or_insert(what);
        }
        ExecutionError::function_error(UNKNOWN, "unknown")
    }

    /// Makes ready for another evaluation.
    pub(super) fn forget(&self) {
        if let Ok(mut first) = self.0.lock() {
            *first = None;
        }
    }

    pub(super) fn reason(&self) -> Option<String> {
        self.0.lock().ok().and_then(|first| first.clone())
    }
}

/// A call of [`UNKNOWN`], of which these are evaluated first: where one of them ends in an error, that is the answer.
pub(super) fn call(what: String, before: Vec<IdedExpr>) -> Expr {
    let what = IdedExpr {
        id: 0,
        expr: Expr::Literal(LiteralValue::String(what.into())),
    };
    Expr::Call(CallExpr {
        func_name: UNKNOWN.to_owned(),
        target: None,
        args: std::iter::once(what).chain(before).collect(),
    })
}

/// The body of [`UNKNOWN`].
pub(super) fn function(touched: Touched) -> Function {
    of_values(move |args| {
        let what = match args {
            [Value::String(what), ..] => what.to_string(),
            _ => "something".to_owned(),
        };
        Err(touched.note(what))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Condition;
    use super::super::fixture::eval;

    #[test]
    fn what_is_unknown_is_said() {
        for (expression, reason) in [
            ("request.userInfo.username == 'me'", "request.userInfo"),
            ("'admins' in request.userInfo.groups", "request.userInfo"),
            (
                "request.?userInfo.?username.orValue('') == ''",
                "request as a map",
            ),
            (
                "!authorizer.group('').resource('pods').check('create').allowed()",
                "the function allowed",
            ),
            ("quantity('1Gi').sign() == 1", "the function quantity"),
            ("isURL('x')", "the function isURL"),
            (
                "object.metadata.labels.all(k, v, v != '')",
                "the function all",
            ),
            (
                "object.missing == 1 || request.userInfo.username == 'me'",
                "request.userInfo",
            ),
            ("variables.x", "variables"),
            ("[request].size() == 1", "request as a whole"),
            (
                "object.metadata.generateName.matches(object.metadata.namespace)",
                "matches with this pattern",
            ),
        ] {
            assert_eq!(
                eval(expression),
                Condition::CannotEvaluate(reason.to_owned()),
                "{expression}"
            );
        }
        for expression in ["object.", "", "1 + 1", "'web'", "object.metadata"] {
            assert!(
                matches!(eval(expression), Condition::CannotEvaluate(_)),
                "{expression}"
            );
        }
    }

    #[test]
    fn what_an_unknown_function_is_called_with_may_be_an_error_already() {
        for (expression, expected) in [
            (
                "quantity(object.missing).isLessThan(quantity('1'))",
                "no such key: missing",
            ),
            (
                "object.spec.containers.all(c, isQuantity(c.none.cpu))",
                "no such key: none",
            ),
        ] {
            assert_eq!(
                eval(expression),
                Condition::Error(expected.to_owned()),
                "{expression}"
            );
        }
        let unknown = eval("object.spec.containers.all(c, isQuantity(c.name))");
        assert!(
            matches!(unknown, Condition::CannotEvaluate(_)),
            "{unknown:?}"
        );
    }

    #[test]
    fn what_is_unknown_does_not_matter_if_it_decides_nothing() {
        assert_eq!(
            eval("request.userInfo.username == 'me' || object.metadata.labels.app == 'web'"),
            Condition::True
        );
        assert_eq!(
            eval(
                "object.metadata.labels.app == 'other' && authorizer.path('/x').check('get').allowed()"
            ),
            Condition::False
        );
        assert_eq!(eval("true ? true : isURL('x')"), Condition::True);
        assert_eq!(
            eval("true ? object.missing == 1 : isURL('x')"),
            Condition::Error("no such key: missing".to_owned())
        );
    }
}
