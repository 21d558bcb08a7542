//! A parsed expression in which calls of the unknown function stand for what is not known here.

mod known;
mod pattern;
mod unknown;

use super::comparison;
use super::limits;
use super::presence::Question;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// Rewrites the tree of an expression, for pods whose texts may be other than ASCII or are not. Gives the depth of the
/// tree. Fails if that is too great, or if a macro makes its names mean something else.
pub(super) fn rewrite(
    program: &mut IdedExpr,
    expression: &str,
    non_ascii: bool,
) -> Result<usize, String> {
    let mut rewriting = Rewriting {
        bound: Vec::new(),
        non_ascii,
        deepest: 0,
        fractions: expression.contains("double") || has_fraction(expression),
    };
    rewriting.rewrite(program, 0)?;
    Ok(rewriting.deepest)
}

struct Rewriting {
    /// The variables of the macros around.
    bound: Vec<String>,
    /// Whether the pod may have characters outside ASCII.
    non_ascii: bool,
    deepest: usize,
    /// Whether there may be numbers with a fraction, whose text differs between the languages.
    fractions: bool,
}

impl Rewriting {
    fn rewrite(&mut self, node: &mut IdedExpr, depth: usize) -> Result<(), String> {
        if depth > limits::DEEPEST_TREE {
            return Err("the expression is too deep".to_owned());
        }
        self.deepest = self.deepest.max(depth);
        if let Some(mut call) = comparison::take(&mut node.expr) {
            for text in &mut call.args {
                self.rewrite(text, depth + 1)?;
            }
            node.expr = Expr::Call(call);
            return Ok(());
        }
        if let Some(what) = self.unknown(&node.expr) {
            let mut before = known::evaluated_before(&mut node.expr);
            for one in &mut before {
                self.rewrite(one, depth + 1)?;
            }
            node.expr = super::unknown::call(what, before);
            return Ok(());
        }
        if let Some(value) = constant(&node.expr) {
            node.expr = Expr::Literal(LiteralValue::Boolean(value.into()));
            return Ok(());
        }
        let below = depth + 1;
        if let Some(mut question) = Question::take(&mut node.expr) {
            if !is_request(&question.operand) {
                self.rewrite(&mut question.operand, below)?;
            }
            self.rewrite(&mut question.key, below)?;
            node.expr = question.into_call();
            return Ok(());
        }
        match &mut node.expr {
            Expr::Call(call) => {
                for argument in &mut call.args {
                    self.rewrite(argument, below)?;
                }
                match &mut call.target {
                    Some(target) if !known::is_namespace(target) => self.rewrite(target, below),
                    _ => Ok(()),
                }
            }
            Expr::Select(select) if is_request(&select.operand) => Ok(()),
            Expr::Select(select) => self.rewrite(&mut select.operand, below),
            Expr::List(list) => list
                .elements
                .iter_mut()
                .try_for_each(|element| self.rewrite(element, below)),
            Expr::Map(map) => map
                .entries
                .iter_mut()
                .try_for_each(|entry| match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => {
                        self.rewrite(&mut entry.key, below)?;
                        self.rewrite(&mut entry.value, below)
                    }
                    EntryExpr::StructField(field) => self.rewrite(&mut field.value, below),
                }),
            Expr::Comprehension(comprehension) => self.rewrite_comprehension(comprehension, below),
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => Ok(()),
        }
    }

    fn rewrite_comprehension(
        &mut self,
        comprehension: &mut ComprehensionExpr,
        depth: usize,
    ) -> Result<(), String> {
        let hides = |variable: &String| known::VARIABLES.contains(&variable.as_str());
        if hides(&comprehension.iter_var) || hides(&comprehension.accu_var) {
            return Err(format!("a macro hides {}", comprehension.iter_var));
        }
        self.rewrite(&mut comprehension.iter_range, depth)?;
        self.rewrite(&mut comprehension.accu_init, depth)?;
        let outer = self.bound.len();
        self.bound.extend([
            comprehension.iter_var.clone(),
            comprehension.accu_var.clone(),
        ]);
        self.bound.extend(comprehension.iter_var2.clone());
        self.rewrite(&mut comprehension.loop_cond, depth)?;
        self.rewrite(&mut comprehension.loop_step, depth)?;
        self.rewrite(&mut comprehension.result, depth)?;
        self.bound.truncate(outer);
        Ok(())
    }
}

fn is_request(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Ident(name) if name == "request")
}

/// The value that an expression always has, though its parts may be unknown.
fn constant(expr: &Expr) -> Option<bool> {
    match expr {
        // `has(request.userInfo)`: it always is there.
        Expr::Select(select) if select.test && select.field == "userInfo" => {
            is_request(&select.operand).then_some(true)
        }
        // `x in []`: cel-go does not even look at `x`.
        Expr::Call(call) if call.func_name == operators::IN => {
            let list = call.args.last().map(|list| &list.expr);
            matches!(list, Some(Expr::List(list)) if list.elements.is_empty()).then_some(false)
        }
        _ => None,
    }
}

/// Whether something looks like a number with a fraction or an exponent.
fn has_fraction(expression: &str) -> bool {
    let bytes = expression.as_bytes();
    bytes.windows(2).any(|pair| match pair {
        [b'.', digit] => digit.is_ascii_digit(),
        [digit, b'e' | b'E'] => digit.is_ascii_digit(),
        _ => false,
    })
}
