//! A function as the crate takes it.

use cel::common::value::{CowVal, Val};
use cel::{ExecutionError, FunctionContext, Value};

/// A function of a context.
pub(super) type Function = Box<
    dyn for<'context, 'call> Fn(
            &mut FunctionContext<'context, 'call>,
        ) -> Result<CowVal<'context, 'call>, ExecutionError>
        + Send
        + Sync,
>;

/// What a function answers.
pub(super) type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// A function of the values of target and arguments.
pub(super) fn of_values(
    body: impl Fn(&[Value]) -> Result<Value, ExecutionError> + Send + Sync + 'static,
) -> Function {
    Box::new(move |call: &mut FunctionContext| {
        let args = call
            .this
            .iter()
            .chain(&call.args)
            .map(|arg| Value::try_from(arg.as_ref()));
        into_cow(body(&args.collect::<Result<Vec<_>, _>>()?)?)
    })
}

/// The two arguments of a function.
pub(super) fn pair(args: &[CowVal]) -> Result<(Value, Value), ExecutionError> {
    match args {
        [left, right] => Ok((
            Value::try_from(left.as_ref())?,
            Value::try_from(right.as_ref())?,
        )),
        _ => Err(ExecutionError::invalid_argument_count(2, args.len())),
    }
}

/// What a function answers, as the crate wants it.
pub(super) fn into_cow<'b, 'v>(value: Value) -> Answer<'b, 'v> {
    let value: Box<dyn Val> = value.try_into()?;
    Ok(CowVal::Owned(value))
}
