//! Durations like `1m30s`: `time`.

/// In nanoseconds, without the sign: one more than fits, which a negative duration may have.
const MOST: u64 = 1 << 63;

/// `time.ParseDuration`, in nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    match rest {
        "" => return None,
        "0" => return Some(0),
        _ => {}
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (part, after) = one_part(rest)?;
        total = total.checked_add(part).filter(|total| *total <= MOST)?;
        rest = after;
    }
    if negative {
        0_i64.checked_sub_unsigned(total)
    } else {
        i64::try_from(total).ok()
    }
}

/// One `1.5h` of a duration, in nanoseconds, and what follows it.
fn one_part(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest
        .find(|character: char| character == '.' || character.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse::<u64>().ok()?
    };
    let nanoseconds = whole
        .checked_mul(*unit)?
        .checked_add(part_of_unit(fraction, *unit))
        .filter(|nanoseconds| *nanoseconds <= MOST)?;
    Some((nanoseconds, rest))
}

/// The fraction of a unit behind the period, rounded as Go rounds it: digits that do not fit are left out.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
fn part_of_unit(fraction: &str, unit: u64) -> u64 {
    let mut number: u64 = 0;
    let mut scale = 1.0;
    for digit in fraction.chars().filter_map(|digit| digit.to_digit(10)) {
        let longer = number
            .checked_mul(10)
            .and_then(|number| number.checked_add(digit.into()));
        let Some(longer) = longer.filter(|number| *number <= MOST) else {
            break;
        };
        number = longer;
        scale *= 10.0;
    }
    (number as f64 * (unit as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanoseconds) in [
            ("0", Some(0)),
            ("+0", Some(0)),
            ("1s", Some(1_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("-1m1s", Some(-61_000_000_000)),
            ("1µs", Some(1_000)),
            ("", None),
            ("-", None),
            ("1", None),
            ("s", None),
            (".s", None),
            ("1 s", None),
            ("1d", None),
            ("--1s", None),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("9223372036854775808ns", None),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("99999999999h", None),
            ("1s ", None),
        ] {
            assert_eq!(parse_duration(text), nanoseconds, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", tight in "[-+]?[0-9.nuµmsh]{0,30}") {
            let _ = (parse_duration(&text), parse_duration(&tight));
        }
    }
}
