//! `has(x.f)`, `x.?f` and `x[?f]`: questions for something that need not be there. The crate is stricter than the API
//! server about what can be asked, so they become calls of functions of this program.

use super::function::Function;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::common::types::{CelBool, CelOptional, Kind};
use cel::common::value::{CowVal, Val};
use cel::{ExecutionError, FunctionContext};

/// The function that `has(x.f)` is here.
pub(super) const PRESENT: &str = "@present";
/// The function that `x.?f` and `x[?f]` are here, and `.f` and `[f]` behind one of them.
pub(super) const MAYBE: &str = "@maybe";

/// A question taken out of an expression: its function, what is asked and for which key.
pub(super) struct Question {
    function: &'static str,
    pub(super) operand: IdedExpr,
    pub(super) key: IdedExpr,
}

impl Question {
    /// Takes the parts out of an expression, if it is such a question.
    pub(super) fn take(expr: &mut Expr) -> Option<Question> {
        match expr {
            Expr::Select(select) if select.test || is_optional(&select.operand.expr) => {
                let field = std::mem::take(&mut select.field);
                Some(Question {
                    function: if select.test { PRESENT } else { MAYBE },
                    operand: std::mem::take(&mut *select.operand),
                    key: IdedExpr {
                        id: 0,
                        expr: Expr::Literal(LiteralValue::String(field.into())),
                    },
                })
            }
            Expr::Call(call) if is_optional_access(call) => {
                let key = call.args.pop()?;
                Some(Question {
                    function: MAYBE,
                    operand: call.args.pop()?,
                    key,
                })
            }
            _ => None,
        }
    }

    pub(super) fn into_call(self) -> Expr {
        Expr::Call(CallExpr {
            func_name: self.function.to_owned(),
            target: None,
            args: vec![self.operand, self.key],
        })
    }
}

/// Whether the expression is a chain of fields and indexes one of which is optional.
fn is_optional(expr: &Expr) -> bool {
    match expr {
        Expr::Select(select) => !select.test && is_optional(&select.operand.expr),
        Expr::Call(call) => is_optional_access(call),
        _ => false,
    }
}

fn is_optional_access(call: &CallExpr) -> bool {
    let [operand, _] = call.args.as_slice() else {
        return false;
    };
    match call.func_name.as_str() {
        operators::OPT_SELECT | operators::OPT_INDEX => true,
        operators::INDEX => is_optional(&operand.expr),
        _ => false,
    }
}

/// The body of [`PRESENT`].
pub(super) fn present() -> Function {
    lookup(|found| Box::new(CelBool::from(found.is_some())))
}

/// The body of [`MAYBE`].
pub(super) fn maybe() -> Function {
    lookup(|found| Box::new(found.map_or_else(CelOptional::none, CelOptional::of)))
}

/// What a value has for a key.
type Found<'v> = Option<Box<dyn Val + 'v>>;

/// A function of a value and a key, whose answer is made of what the value has for the key.
fn lookup(answer: for<'v> fn(Found<'v>) -> Box<dyn Val + 'v>) -> Function {
    Box::new(
        move |call: &mut FunctionContext| match call.args.as_slice() {
            [value, key] => Ok(CowVal::Owned(answer(find(value.as_ref(), key.as_ref())?))),
            args => Err(ExecutionError::invalid_argument_count(2, args.len())),
        },
    )
}

/// What cel-go finds when it looks for something that need not be there: nothing in a value that has no fields, and an
/// error only in a list that is asked for something else than an index.
fn find<'v>(value: &(dyn Val + 'v), key: &(dyn Val + 'v)) -> Result<Found<'v>, ExecutionError> {
    if let Some(optional) = value.downcast_ref::<CelOptional>() {
        return optional.option().map_or(Ok(None), |inner| find(inner, key));
    }
    let index = matches!(key.get_type().kind(), Kind::Int | Kind::UInt | Kind::Double);
    match value.get_type().kind() {
        Kind::List if !index => {
            let message = format!("unsupported index type '{}' in list", key.get_type().name());
            Err(ExecutionError::function_error("_[_]", message))
        }
        Kind::List | Kind::Map => {
            let found = value.as_indexer().and_then(|indexer| indexer.get(key).ok());
            Ok(found.map(CowVal::into_owned))
        }
        _ => Ok(None),
    }
}
