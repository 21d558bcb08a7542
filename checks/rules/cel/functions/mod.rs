//! The language as Kubernetes has it, as far as it is known here: what the crate lacks of the functions of cel-go.

mod folds;
mod lists;
mod sets;

use super::comparison::{self, COMPARISONS};
use super::presence::{self, MAYBE, PRESENT};
use super::unknown::{self, Touched, UNKNOWN};
use cel::{Context, DeclarationError, Env};
use std::sync::{Arc, LazyLock};

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
