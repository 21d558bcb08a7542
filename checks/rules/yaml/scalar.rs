//! What a word of YAML 1.1 stands for.
//!
//! Source: `resolve` of `go.yaml.in/yaml/v2` 2.4.4, `resolve.go`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::document::Scalar;
use super::value::Value;

/// The value of a word, or why there is none.
pub(super) fn value(scalar: &Scalar) -> Result<Value, String> {
    let text = scalar.text.as_str();
    let Some(tag) = &scalar.tag else {
        return Ok(match scalar.plain {
            true => plain(text),
            false => Value::Text(text.to_owned()),
        });
    };
    let Some(kind) = tag.strip_prefix("tag:yaml.org,2002:") else {
        return Ok(Value::Text(text.to_owned()));
    };
    let refused = || format!("cannot decode {text:?} as a !!{kind}");
    match (kind, plain(text)) {
        ("binary", _) => binary(text),
        ("bool", value @ Value::Bool(_))
        | ("int", value @ Value::Int(_))
        | ("float", value @ Value::Float(_))
        | ("null", value @ Value::Null) => Ok(value),
        #[allow(clippy::cast_precision_loss, reason = "Go rounds it as well")]
        ("float", Value::Int(number)) if i64::try_from(number).is_ok() => {
            Ok(Value::Float(number as f64))
        }
        ("timestamp", Value::Text(text)) if is_date(&text) => Ok(Value::Text(text)),
        ("bool" | "int" | "float" | "null" | "timestamp", _) => Err(refused()),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// Bytes, of which JSON takes those that are no UTF-8 for unknown characters.
fn binary(text: &str) -> Result<Value, String> {
    let unbroken = text.replace(['\r', '\n'], "");
    let bytes = STANDARD.decode(unbroken);
    let bytes = bytes.map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(Value::Text(String::from_utf8_lossy(&bytes).into_owned()))
}

/// `YYYY-MM-DD`. With a time behind it, it is hardly ever written with a tag.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |lengths: std::ops::RangeInclusive<usize>, most: u32| {
        parts.next().is_some_and(|part| {
            lengths.contains(&part.len())
                && part
                    .parse()
                    .is_ok_and(|number: u32| (1..=most).contains(&number))
        })
    };
    number(4..=4, 9999) && number(1..=2, 12) && number(1..=2, 31) && parts.next().is_none()
}

/// The value of a word without quotes and tag.
pub(super) fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Value::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float(f64::NEG_INFINITY),
        _ => number(text).unwrap_or_else(|| Value::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Value> {
    if text.starts_with('.') {
        let with_digits = |(before, after): (&str, &str)| {
            let digit = |end: Option<char>| end.is_some_and(|end| end.is_ascii_digit());
            digit(before.chars().next_back()) && digit(after.chars().next())
        };
        let underscores = text.match_indices('_');
        let mut around = underscores.filter_map(|(at, mark)| {
            let (before, after) = text.split_at(at);
            Some((before, after.strip_prefix(mark)?))
        });
        return around
            .all(with_digits)
            .then(|| float(&text.replace('_', "")))
            .flatten();
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-".contains(first)) {
        return None;
    }
    let text = text.replace('_', "");
    whole(&text)
        .map(Value::Int)
        .or_else(|| float(&text))
        .or_else(|| binary_with_sign(&text).map(Value::Int))
}

/// `strconv.ParseInt` and `ParseUint` with the base of the prefix.
fn whole(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let with_base = prefixes
        .into_iter()
        .find_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, base)));
    let (digits, base) = match with_base {
        Some((digits, base)) => (digits, base),
        None if lower == "0" => ("0", 10),
        None => match lower.strip_prefix('0') {
            Some(digits) => (digits, 8),
            None => (lower.as_str(), 10),
        },
    };
    // Rust would take another sign.
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).ok()?;
    let number = if negative { -number } else { number };
    // Only a number without any sign may need all 64 bits.
    let most = if text.starts_with('+') {
        i128::from(i64::MAX)
    } else {
        i128::from(u64::MAX)
    };
    (i128::from(i64::MIN)..=most)
        .contains(&number)
        .then_some(number)
}

/// What the Go port takes besides: `0b-1`.
fn binary_with_sign(text: &str) -> Option<i128> {
    let digits = text.strip_prefix("0b")?;
    digits.starts_with(['+', '-']).then_some(())?;
    i64::from_str_radix(digits, 2).ok().map(i128::from)
}

/// A decimal number that is not too large.
fn float(text: &str) -> Option<Value> {
    // Rust would take "inf" and "nan" as well.
    let is_numeric = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let number: f64 = is_numeric.then(|| text.parse().ok())??;
    number.is_finite().then_some(Value::Float(number))
}
