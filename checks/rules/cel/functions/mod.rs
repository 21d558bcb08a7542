//! The language as Kubernetes has it, as far as it is known here: what the crate lacks of the functions of cel-go.

mod folds;
mod lists;
mod sets;

use super::comparison::{self, COMPARISONS};
use super::presence::{self, MAYBE, PRESENT};
use super::unknown::{self, Touched, UNKNOWN};
use cel::common::value::{CowVal, Val};
use cel::{Context, DeclarationError, Env, ExecutionError, FunctionContext, Value};
use std::sync::{Arc, LazyLock};

/// A function of a context.
pub(super) type Function = Box<
    dyn for<'context, 'call> Fn(
            &mut FunctionContext<'context, 'call>,
        ) -> Result<CowVal<'context, 'call>, ExecutionError>
        + Send
        + Sync,
>;

/// What a function answers.
type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

/// The language with those functions that know all they need; made once.
///
/// # Errors
/// What is wrong with a declaration of the crate or of this program.
pub(super) fn environment() -> Result<Arc<Env>, String> {
    static LANGUAGE: LazyLock<Result<Arc<Env>, String>> =
        LazyLock::new(|| language().map(Arc::new).map_err(|error| error.to_string()));
    LANGUAGE.clone()
}

/// The language and all functions; those that come across something unknown note it in `touched`.
///
/// # Errors
/// As [`environment`].
pub(super) fn context(touched: &Touched) -> Result<Context<'static, 'static>, String> {
    let mut context = Context::with_env(environment()?);
    add_to(&mut context, touched).map_err(|error| error.to_string())?;
    Ok(context)
}

fn language() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(cel::extensions::strings)?;
    env.add_extension(cel::extensions::lists)?;
    lists::add_to(&mut env)?;
    sets::add_to(&mut env)?;
    Ok(env)
}

/// Adds the functions that rewriting leaves behind, and those that may come across something unknown.
fn add_to(context: &mut Context, touched: &Touched) -> Result<(), DeclarationError> {
    context.add_function(UNKNOWN, unknown::function(touched.clone()))?;
    context.add_function(PRESENT, presence::present())?;
    context.add_function(MAYBE, presence::maybe())?;
    for (_, name, answer) in COMPARISONS {
        context.add_function(name, comparison::function(answer, touched.clone()))?;
    }
    folds::add_to(context, touched)
}

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

fn pair(args: &[CowVal]) -> Result<(Value, Value), ExecutionError> {
    match args {
        [left, right] => Ok((
            Value::try_from(left.as_ref())?,
            Value::try_from(right.as_ref())?,
        )),
        _ => Err(ExecutionError::invalid_argument_count(2, args.len())),
    }
}

fn into_cow<'b, 'v>(value: Value) -> Answer<'b, 'v> {
    let value: Box<dyn Val> = value.try_into()?;
    Ok(CowVal::Owned(value))
}
