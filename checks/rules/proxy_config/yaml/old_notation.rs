//! The booleans and numbers that YAML 1.1 writes in ways which the parser used here, one of YAML 1.2, takes for texts.

use super::{Node, parse_value};
use crate::rules::yaml11;

/// The value with such words resolved, and, if it cannot be told whether one of them was in quotes, which.
pub(in crate::rules::proxy_config) fn resolve(node: Node, text: &str) -> (Node, Option<String>) {
    let mut ambiguous = None;
    let node = resolved(node, text, &mut ambiguous);
    (node, ambiguous)
}

fn resolved(node: Node, text: &str, ambiguous: &mut Option<String>) -> Node {
    match node {
        Node::Text(word) => {
            let value = old_value(&word).map(|value| (value, is_quoted(&word, text)));
            match value {
                Some((value, Some(false))) => return value,
                Some((_, None)) => {
                    *ambiguous = Some(format!("{word:?} stands in it, with or without quotes"));
                }
                Some((_, Some(true))) | None => {}
            }
            Node::Text(word)
        }
        Node::List(items) => {
            let items = items.into_iter();
            Node::List(items.map(|item| resolved(item, text, ambiguous)).collect())
        }
        Node::Map(entries) => {
            let entries = entries.into_iter();
            let entry = |(key, value)| (key, resolved(value, text, ambiguous));
            Node::Map(entries.map(entry).collect())
        }
        other => other,
    }
}

/// What YAML 1.1 makes of a word without quotes; `None` if it is a text there, too.
fn old_value(word: &str) -> Option<Node> {
    if let Some(value) = yaml11::boolean(word) {
        return Some(Node::Bool(value));
    }
    if !word.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    let number = number(&word.replace('_', ""))?;
    matches!(parse_value(word), Ok(Node::Text(_))).then_some(number)
}

/// `strconv.ParseInt` with the base of the prefix, or a float.
fn number(word: &str) -> Option<Node> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let digits = digits.to_ascii_lowercase();
    let within = |number: &i128| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(number);
    let whole = whole(&digits).map(|number| if negative { -number } else { number });
    if let Some(number) = whole.filter(within) {
        return Some(Node::Int(number));
    }
    let float = float(&digits)?;
    Some(Node::Float(if negative { -float } else { float }))
}

fn whole(digits: &str) -> Option<i128> {
    let based = |(prefix, base)| {
        // Rust would take a second sign.
        let digits = digits
            .strip_prefix(prefix)
            .filter(|digits| digits.starts_with(|first: char| first.is_ascii_alphanumeric()))?;
        i128::from_str_radix(digits, base).ok()
    };
    let decimal = || {
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        all_digits.then(|| digits.parse().ok()).flatten()
    };
    [("0x", 16), ("0o", 8), ("0b", 2), ("0", 8)]
        .into_iter()
        .find_map(based)
        .or_else(decimal)
}

fn float(digits: &str) -> Option<f64> {
    // Rust would also take "inf" and "nan", and a second sign.
    let numeric = |character: char| character.is_ascii_digit() || ".e+-".contains(character);
    let is_number = digits.chars().all(numeric) && !digits.starts_with(['+', '-']);
    let float: f64 = is_number.then(|| digits.parse().ok())??;
    float.is_finite().then_some(float)
}

/// Whether a word stands in the text only without quotes (`Some(false)`), only in quotes (`Some(true)`) or neither.
fn is_quoted(word: &str, text: &str) -> Option<bool> {
    if text.contains(['|', '>']) {
        return None;
    }
    let plain_edge = |edge: Option<char>| {
        edge.is_none_or(|edge| edge.is_whitespace() || ",[]{}:".contains(edge))
    };
    let (mut plain, mut quoted) = (false, false);
    for (at, _) in text.match_indices(word) {
        let (before, rest) = text.split_at(at);
        let before = before.chars().next_back();
        let after = rest.strip_prefix(word).and_then(|rest| rest.chars().next());
        quoted |= before == after && matches!(before, Some('"' | '\''));
        plain |= plain_edge(before) && plain_edge(after);
    }
    (plain != quoted).then_some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", tight in "[-+]?[0-9a-fxo._+-]{0,12}") {
            let _ = (number(&text), number(&tight));
        }
    }

    #[test]
    fn a_number_has_one_sign() {
        assert_eq!(number("-1"), Some(Node::Int(-1)));
        assert_eq!(number("+.5"), Some(Node::Float(0.5)));
        for text in ["--1", "-+1", "+-.5", "--1e3"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
