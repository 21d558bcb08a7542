//! `quantity(a).isLessThan(quantity(b))` and the like: comparisons of quantities that stand in the expression as such. They
//! become calls of functions of this program with the texts; whatever else is done with a quantity is not known here.
//!
//! Source: `k8s.io/apiserver/pkg/cel/library/quantity.go` (v0.36).

use super::function::{Function, of_values};
use super::unknown::Touched;
use crate::rules::annotations::amount;
use cel::common::ast::{CallExpr, Expr, IdedExpr};
use cel::{ExecutionError, Value};
use std::cmp::Ordering;

/// A comparison: its name in Kubernetes, its name here, and its answer.
type Comparison = (&'static str, &'static str, fn(Ordering) -> Value);

pub(super) const COMPARISONS: [Comparison; 3] = [
    ("isLessThan", "@isLessThan", |order| {
        Value::Bool(order.is_lt())
    }),
    ("isGreaterThan", "@isGreaterThan", |order| {
        Value::Bool(order.is_gt())
    }),
    ("compareTo", "@compareTo", |order| Value::Int(order as i64)),
];

/// The call of this program's function, with the two texts, if the expression is such a comparison.
pub(super) fn take(expr: &mut Expr) -> Option<CallExpr> {
    let Expr::Call(call) = expr else {
        return None;
    };
    let mut known = COMPARISONS.iter();
    let (_, function, _) = known.find(|(name, ..)| *name == call.func_name)?;
    let (Some(target), [other]) = (call.target.as_mut(), call.args.as_mut_slice()) else {
        return None;
    };
    if !is_quantity(target) || !is_quantity(other) {
        return None;
    }
    Some(CallExpr {
        func_name: (*function).to_owned(),
        target: None,
        args: [text(target), text(other)].into_iter().flatten().collect(),
    })
}

fn is_quantity(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Call(call) if call.func_name == "quantity" && call.target.is_none() && call.args.len() == 1)
}

/// What a call of `quantity` is called with.
fn text(node: &mut IdedExpr) -> Option<IdedExpr> {
    match &mut node.expr {
        Expr::Call(call) => call.args.pop(),
        _ => None,
    }
}

/// The body of a comparison's function.
pub(super) fn function(answer: fn(Ordering) -> Value, touched: Touched) -> Function {
    of_values(move |args| match args {
        [Value::String(left), Value::String(right)] => match compare(left, right) {
            Some(order) => Ok(answer(order)),
            None => Err(touched.note(format!("the comparison of {left} with {right}"))),
        },
        _ => Err(ExecutionError::no_such_overload("quantity", Vec::new())),
    })
}

/// How two quantities compare; none where one is none, or they are too near for this arithmetic.
fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (a, b) = (amount(left)?, amount(right)?);
    let is_near = (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    match is_near {
        true => (left == right).then_some(Ordering::Equal),
        false => a.partial_cmp(&b),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Condition;
    use super::super::fixture::eval;

    #[test]
    fn quantities_are_compared() {
        for (expression, expected) in [
            (
                "quantity('100m').isLessThan(quantity('1'))",
                Condition::True,
            ),
            (
                "quantity('1Gi').isGreaterThan(quantity('1G'))",
                Condition::True,
            ),
            (
                "quantity('1Gi').isLessThan(quantity('1Mi'))",
                Condition::False,
            ),
            (
                "quantity('1').compareTo(quantity('2')) == -1",
                Condition::True,
            ),
            (
                "quantity('1').compareTo(quantity('1')) == 0",
                Condition::True,
            ),
            (
                "quantity('1').isLessThan(quantity(object.missing))",
                Condition::Error("no such key: missing".to_owned()),
            ),
            (
                "['100m', '2'].all(text, quantity(text).isLessThan(quantity('1')))",
                Condition::False,
            ),
        ] {
            assert_eq!(eval(expression), expected, "{expression}");
        }
        for expression in [
            "quantity('1').compareTo(quantity('1000m')) == 0",
            "quantity('one').isLessThan(quantity('1'))",
            "quantity('1').add(quantity('1')).isLessThan(quantity('3'))",
        ] {
            let unknown = eval(expression);
            assert!(
                matches!(unknown, Condition::CannotEvaluate(_)),
                "{expression}: {unknown:?}"
            );
        }
    }
}
