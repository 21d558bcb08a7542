//! Lists as sets: `sets.contains`, `sets.intersects` and `sets.equivalent`.

use super::super::function::{Answer, into_cow, pair};
use cel::common::types::LIST_TYPE;
use cel::common::value::CowVal;
use cel::{DeclarationError, Env, ExecutionError, Value};

pub(super) fn add_to(env: &mut Env) -> Result<(), DeclarationError> {
    let lists = || vec![LIST_TYPE, LIST_TYPE];
    env.add_overload(
        "sets.contains",
        "list_sets_contains_list",
        lists(),
        |args| compare(&args, holds_all),
    )?;
    env.add_overload(
        "sets.intersects",
        "list_sets_intersects_list",
        lists(),
        |args| compare(&args, holds_any),
    )?;
    env.add_overload(
        "sets.equivalent",
        "list_sets_equivalent_list",
        lists(),
        |args| compare(&args, are_equal),
    )
}

fn compare<'b, 'v>(
    args: &[CowVal<'b, 'v>],
    holds: fn(&[Value], &[Value]) -> bool,
) -> Answer<'b, 'v> {
    match pair(args)? {
        (Value::List(left), Value::List(right)) => into_cow(Value::Bool(holds(&left, &right))),
        _ => Err(ExecutionError::no_such_overload("sets", Vec::new())),
    }
}

fn holds_all(list: &[Value], part: &[Value]) -> bool {
    part.iter().all(|item| list.contains(item))
}

fn holds_any(list: &[Value], other: &[Value]) -> bool {
    list.iter().any(|item| other.contains(item))
}

fn are_equal(left: &[Value], right: &[Value]) -> bool {
    holds_all(left, right) && holds_all(right, left)
}
