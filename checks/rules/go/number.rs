//! Booleans and whole numbers: `strconv`.

/// The boolean that `strconv.ParseBool` reads, or `None` where it returns an error.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseUint(text, 10, …)` for a number up to `max`: decimal digits alone, without a sign, a space or an
/// underscore. Leading zeros are allowed.
pub(crate) fn parse_uint(text: &str, max: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse::<u64>().ok())
        .flatten()
        .filter(|number| *number <= max)
}

/// `strconv.Atoi`: an optional sign and decimal digits within 64 bits.
pub(crate) fn atoi(text: &str) -> Option<i64> {
    // Rust's parser of signed numbers takes exactly the same texts: one sign of either kind, digits, no underscore.
    text.parse::<i64>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn booleans_are_those_of_strconv() {
        for text in ["1", "t", "T", "true", "TRUE", "True"] {
            assert_eq!(parse_bool(text), Some(true), "{text:?}");
        }
        for text in ["0", "f", "F", "false", "FALSE", "False"] {
            assert_eq!(parse_bool(text), Some(false), "{text:?}");
        }
        for text in ["", "yes", "tRUE", "True ", " 1", "on"] {
            assert_eq!(parse_bool(text), None, "{text:?}");
        }
    }

    #[test]
    fn unsigned_numbers_are_those_of_strconv() {
        for (text, number) in [
            ("0", Some(0)),
            ("00080", Some(80)),
            ("65535", Some(65_535)),
            ("65536", None),
            ("+1", None),
            ("-1", None),
            ("", None),
            (" 1", None),
            ("1_0", None),
            ("0x10", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(parse_uint(text, u64::from(u16::MAX)), number, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = (parse_bool(&text), parse_uint(&text, u64::MAX), atoi(&text));
        }
    }
}
