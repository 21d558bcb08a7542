//! One condition: parsed once, evaluated for each pod.

use super::failure::failure;
use super::request::Request;
use super::rewriting::rewrite;
use super::{Condition, functions, limits};
use cel::Value;
use cel::common::ast::IdedExpr;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// An expression that is ready to be evaluated, or why it cannot be.
#[derive(Debug)]
pub(super) struct Program(Result<Trees, String>);

#[derive(Debug)]
struct Trees {
    /// For a pod whose texts are all ASCII.
    ascii: IdedExpr,
    /// For every pod.
    any: IdedExpr,
    /// In bytes: the stack that an evaluation may need.
    stack: usize,
}

impl Program {
    /// Parses an expression.
    pub(super) fn new(expression: &str) -> Self {
        if limits::is_too_large(expression) {
            return Self(Err("the expression is too large".to_owned()));
        }
        let parsed = guarded(|| stacker::grow(limits::STACK, || Trees::of(expression)));
        Self(parsed.unwrap_or_else(|| Err("the parser gave up".to_owned())))
    }

    /// What the condition is for a pod.
    pub(super) fn evaluate(&self, request: &Request) -> Condition {
        let trees = match &self.0 {
            Ok(trees) => trees,
            Err(reason) => return Condition::CannotEvaluate(reason.clone()),
        };
        let tree = match request.is_ascii {
            true => &trees.ascii,
            false => &trees.any,
        };
        let evaluated = guarded(|| {
            stacker::maybe_grow(trees.stack, limits::STACK, || evaluation(tree, request))
        });
        evaluated.unwrap_or_else(|| Condition::CannotEvaluate("the interpreter gave up".to_owned()))
    }
}

impl Trees {
    fn of(expression: &str) -> Result<Self, String> {
        let env = functions::environment()?;
        let parsed = env.parser().parse(expression).map_err(|errors| {
            let errors = errors.to_string();
            let first = errors.lines().next().unwrap_or_default();
            format!("it cannot be parsed here: {first}")
        })?;
        let (mut ascii, mut any) = (parsed.clone(), parsed);
        rewrite(&mut ascii, expression, false)?;
        let depth = rewrite(&mut any, expression, true)?;
        Ok(Self {
            ascii,
            any,
            stack: limits::stack(depth),
        })
    }
}

/// The result; none if parser or interpreter panic.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

fn evaluation(tree: &IdedExpr, request: &Request) -> Condition {
    request.touched.forget();
    match request.context.resolve(tree) {
        Ok(Value::Bool(true)) => Condition::True,
        Ok(Value::Bool(false)) => Condition::False,
        Ok(other) => Condition::CannotEvaluate(format!(
            "its value is not true or false but a {}",
            other.type_of()
        )),
        Err(error) => match request.touched.reason() {
            Some(reason) => Condition::CannotEvaluate(reason),
            None => failure(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::eval;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn conditions_are_true_or_false() {
        for expression in [
            "true",
            "object.metadata.labels.app == 'web'",
            "object.metadata.labels['tier'] in ['front', 'back']",
            "!has(object.metadata.annotations)",
            "has(object.metadata.labels.app)",
            "!('none' in object.metadata.labels)",
            "object.metadata.?annotations[?'x'].orValue('') == ''",
            "object.metadata.?labels[?'app'].orValue('none') == 'web'",
            "object.metadata.?labels.?app.hasValue()",
            "oldObject == null",
            "request.operation == 'CREATE' && request.kind.kind == 'Pod' && request.resource.resource == 'pods'",
            "request.namespace == 'shop' && !(request.namespace in ['kube-system'])",
            "!has(request.name) && has(request.userInfo) && !request.dryRun",
            "object.spec.containers.exists(c, c.name == 'b')",
            "object.spec.containers.all(c, c.image != '')",
            "object.spec.containers.exists_one(c, c.name.startsWith('a'))",
            "object.spec.containers.map(c, c.name) == ['a', 'b']",
            "size(object.spec.containers.filter(c, c.image.contains(':'))) == 1",
            "object.spec.terminationGracePeriodSeconds + 1 == 31",
            "object.metadata.generateName.matches('^web-$')",
            "'a,b'.split(',').join('-').upperAscii() == 'A-B' && 'xay'.replace('a', '').substring(1) == 'y'",
            "[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [3, 1].max() == 3 && [1, 2].isSorted()",
            "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2 && 'abc'.indexOf('c') == 2",
            "sets.contains(['a', 'b'], ['a']) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 2], [2, 1, 1])",
            "object.metadata.?labels[?'app'].optMap(a, a + '!').orValue('') == 'web!'",
            "object.metadata.?nothing.optMap(a, a + '!').orValue('none') == 'none'",
            "optional.of(3).value() == 3 && !optional.none().hasValue()",
            "type(object) == map && int('5') == 5 && string(5) == '5'",
            "object.missing.field == 1 || true",
            "!has(oldObject.metadata) && !has(namespaceObject.metadata) && !oldObject.?metadata.hasValue()",
            "!has(object.metadata.generateName.x) && !(object.metadata.name in [])",
            "object.?spec.containers[0].name.orValue('') == 'a' && !object.?spec.containers[?7].name.hasValue()",
        ] {
            assert_eq!(eval(expression), Condition::True, "{expression}");
            assert_eq!(
                eval(&format!("!({expression})")),
                Condition::False,
                "{expression}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(expression in "\\PC{0,60}", tokens in prop::collection::vec(prop::sample::select(vec![
            "object", ".", "metadata", "labels", "[", "]", "(", ")", "?", ":", "&&", "||", "!", "==", "in", "'a'", "1", "has", "all",
            "c", ",", "{", "}", "optional", "of", "request", "userInfo", "-", "+", "size", "map", "b'x'", "1u", "1.5", "null", "true",
        ]), 0..25)) {
            let _ = eval(&expression);
            let _ = eval(&tokens.concat());
            let _ = eval(&tokens.join(" "));
        }
    }
}
