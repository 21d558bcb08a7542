//! `isSorted`, `sum`, `min` and `max` of a list.

use super::super::function::of_values;
use super::super::unknown::Touched;
use cel::{Context, DeclarationError, ExecutionError, Value};
use std::cmp::Ordering;

type Fold = fn(&[Value]) -> Result<Value, Folding>;

/// Why a fold has no value.
enum Folding {
    /// cel-go has one, perhaps, which depends on types that are not followed here.
    Unknown,
    Fails(&'static str),
}

pub(super) fn add_to(context: &mut Context, touched: &Touched) -> Result<(), DeclarationError> {
    let folds: [(&'static str, Fold); 4] = [
        ("isSorted", is_sorted),
        ("sum", sum),
        ("min", min),
        ("max", max),
    ];
    folds.into_iter().try_for_each(|(name, fold)| {
        let touched = touched.clone();
        let function = of_values(move |args| match args {
            [Value::List(list)] => fold(list).map_err(|folding| match folding {
                Folding::Unknown => touched.note(format!("{name} of such a list")),
                Folding::Fails(message) => ExecutionError::function_error(name, message),
            }),
            _ => Err(ExecutionError::no_such_overload(name, Vec::new())),
        });
        context.add_function(name, function)
    })
}

fn is_sorted(list: &[Value]) -> Result<Value, Folding> {
    let mut sorted = true;
    for neighbours in list.windows(2) {
        if let [before, after] = neighbours {
            sorted &= compare(before, after)? != Ordering::Greater;
        }
    }
    Ok(Value::Bool(sorted))
}

fn sum(list: &[Value]) -> Result<Value, Folding> {
    let add = |total: i64, item: &Value| match item {
        Value::Int(number) => total
            .checked_add(*number)
            .ok_or(Folding::Fails("integer overflow")),
        _ => Err(Folding::Unknown),
    };
    list.iter().try_fold(0, add).map(Value::Int)
}

fn min(list: &[Value]) -> Result<Value, Folding> {
    extreme(list, Ordering::Greater, "min called on empty list")
}

fn max(list: &[Value]) -> Result<Value, Folding> {
    extreme(list, Ordering::Less, "max called on empty list")
}

/// The first element that all before it compare as `worse` to, or the same.
fn extreme(list: &[Value], worse: Ordering, empty: &'static str) -> Result<Value, Folding> {
    let (first, rest) = list.split_first().ok_or(Folding::Fails(empty))?;
    let mut best = first;
    for item in rest {
        if compare(best, item)? == worse {
            best = item;
        }
    }
    Ok(best.clone())
}

fn compare(left: &Value, right: &Value) -> Result<Ordering, Folding> {
    match (left, right) {
        (Value::Int(_), Value::Int(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_)) => left.partial_cmp(right).ok_or(Folding::Unknown),
        _ => Err(Folding::Unknown),
    }
}
