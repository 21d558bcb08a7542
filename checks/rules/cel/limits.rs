//! How large an expression may be: parser and interpreter are recursive and need stack for each part of it.

/// In bytes.
const LONGEST: usize = 8 * 1024;
const MOST_OPERATORS: usize = 1_000;
const DEEPEST_BRACKETS: usize = 60;
/// Of the parsed tree, which macros make deeper than the text is.
pub(super) const DEEPEST_TREE: usize = 1_000;
/// In bytes, for the parser: some forty thousand for each operator and a hundred thousand for each bracket are needed.
pub(super) const STACK: usize = 128 * 1024 * 1024;
/// In bytes, for the interpreter: in a debug build some forty thousand are needed.
const STACK_OF_A_LEVEL: usize = 48 * 1024;

/// In bytes: the stack that the evaluation of a tree may need.
pub(super) fn stack(depth: usize) -> usize {
    (depth + 8) * STACK_OF_A_LEVEL
}

/// Whether the expression is not even tried.
pub(super) fn is_too_large(expression: &str) -> bool {
    expression.len() > LONGEST
        || operators_in(expression) > MOST_OPERATORS
        || nesting(expression) > DEEPEST_BRACKETS
}

fn operators_in(expression: &str) -> usize {
    expression
        .chars()
        .filter(|character| "+-*/%<>=!&|?:".contains(*character))
        .count()
}

/// How deep the brackets of an expression go.
fn nesting(expression: &str) -> usize {
    let depths = expression.chars().scan(0_usize, |depth, character| {
        match character {
            '(' | '[' | '{' => *depth += 1,
            ')' | ']' | '}' => *depth = depth.saturating_sub(1),
            _ => {}
        }
        Some(*depth)
    });
    depths.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::eval;

    #[test]
    fn large_expressions_do_no_harm() {
        for part in [
            "(",
            "[",
            "{",
            "!",
            "-",
            "!-",
            "a.",
            "1+",
            "true&&",
            "true||",
            "true?true:",
            "a[",
            "f(",
            "[1].map(x,",
            "1<",
            "'a'+",
            "\"",
            "a.?b",
            "{1:",
        ] {
            for count in [50, 300, 2_000, 8_000 / part.len()] {
                let _ = eval(&part.repeat(count));
                let _ = eval(&format!("{}true", part.repeat(count)));
            }
        }
    }
}
