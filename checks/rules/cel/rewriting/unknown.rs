//! Which parts of an expression are not known here.

use super::known::{self, FUNCTIONS, TYPES};
use super::{Rewriting, is_request, pattern};
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use cel::common::types::CelString;

impl Rewriting {
    /// What is unknown about the node itself.
    pub(super) fn unknown(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Ident(name) => self.unknown_name(name),
            Expr::Select(select) if is_request(&select.operand) => match select.field.as_str() {
                "userInfo" if select.test => None,
                field @ ("userInfo" | "options") => Some(format!("request.{field}")),
                _ => None,
            },
            Expr::Call(call) => self.unknown_call(call),
            Expr::Struct(literal) => Some(format!("the type {}", literal.type_name)),
            _ => None,
        }
    }

    fn unknown_name(&self, name: &str) -> Option<String> {
        let bound = self.bound.iter().any(|bound| bound == name);
        match name {
            _ if bound || TYPES.contains(&name) => None,
            "object" | "oldObject" | "namespaceObject" => None,
            "request" => Some("request as a whole".to_owned()),
            name => Some(name.to_owned()),
        }
    }

    fn unknown_call(&self, call: &CallExpr) -> Option<String> {
        let name = known::name(call);
        match name.as_str() {
            operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT
                if call.args.first().is_some_and(is_request) =>
            {
                Some("request as a map".to_owned())
            }
            "indexOf" | "lastIndexOf" if call.args.len() > 1 => {
                Some(format!("the function {name} with an offset"))
            }
            "string" if self.fractions => Some("a number with a fraction as text".to_owned()),
            "matches" if self.unlike_go(call) => Some("matches with this pattern".to_owned()),
            name if FUNCTIONS.contains(&name) => None,
            name => Some(format!("the function {name}")),
        }
    }

    /// Whether the pattern of a call of `matches` may mean something else to Go.
    fn unlike_go(&self, call: &CallExpr) -> bool {
        match call.args.last().map(|pattern| &pattern.expr) {
            Some(Expr::Literal(LiteralValue::String(pattern))) => {
                let pattern: &CelString = pattern;
                pattern::is_unlike_go(pattern.inner(), self.non_ascii)
            }
            _ => true,
        }
    }
}
