//! `indexOf` and `lastIndexOf` of a list.

use super::super::function::{Answer, into_cow, pair};
use cel::common::types::{DYN_TYPE, LIST_TYPE};
use cel::common::value::CowVal;
use cel::{DeclarationError, Env, ExecutionError, Value};

pub(super) fn add_to(env: &mut Env) -> Result<(), DeclarationError> {
    let item = || vec![DYN_TYPE];
    env.add_member_overload("indexOf", "list_index_of", LIST_TYPE, item(), |args| {
        position(&args, |list, item| {
            list.iter().position(|other| other == item)
        })
    })?;
    env.add_member_overload(
        "lastIndexOf",
        "list_last_index_of",
        LIST_TYPE,
        item(),
        |args| {
            position(&args, |list, item| {
                list.iter().rposition(|other| other == item)
            })
        },
    )
}

/// The index that `find` says, or -1.
fn position<'b, 'v>(
    args: &[CowVal<'b, 'v>],
    find: fn(&[Value], &Value) -> Option<usize>,
) -> Answer<'b, 'v> {
    let (Value::List(list), wanted) = pair(args)? else {
        return Err(ExecutionError::no_such_overload("indexOf", Vec::new()));
    };
    let index = find(&list, &wanted).and_then(|index| i64::try_from(index).ok());
    into_cow(Value::Int(index.unwrap_or(-1)))
}
