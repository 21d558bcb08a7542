//! Numbers, which `jsonpb` also takes in quotes.

use crate::rules::yaml::Yaml;

/// A whole number of 64 bits; `null` in quotes reads as zero.
pub(super) fn integer(node: &Yaml) -> Option<i64> {
    let number = match node {
        Yaml::Int(number) => Some(*number),
        #[allow(clippy::cast_possible_truncation)]
        Yaml::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            Some(*number as i128)
        }
        Yaml::Text(text) => match text.trim_matches(' ') {
            "null" => Some(0),
            text => json_integer(text),
        },
        _ => None,
    };
    number.and_then(|number| i64::try_from(number).ok())
}

/// Unlike Go and Rust, JSON has neither a plus nor leading zeros.
fn json_integer(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sound = digits == "0"
        || (!digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()));
    sound.then(|| text.parse().ok()).flatten()
}

/// Whether the value is a floating-point number.
pub(super) fn is_double(node: &Yaml) -> bool {
    match node {
        Yaml::Int(_) => true,
        Yaml::Float(number) => number.is_finite(),
        Yaml::Text(text) => {
            let json = text.trim_matches(' ');
            ["NaN", "Infinity", "-Infinity"].contains(&text.as_str())
                || json == "null"
                || serde_json::from_str::<f64>(json).is_ok_and(f64::is_finite)
        }
        _ => false,
    }
}
