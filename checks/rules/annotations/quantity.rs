//! Kubernetes quantities: `100m`, `0.5`, `128Mi`.

use crate::rules::go;
use crate::rules::verdict::Verdict;

/// Whether Kubernetes takes the text for a quantity.
///
/// The grammar is wider than its documentation: a sign alone is zero, and so is a lone period, before most suffixes.
///
/// Source: `ParseQuantity` of k8s.io/apimachinery `pkg/api/resource/quantity.go` (1.36).
pub fn quantity(text: &str) -> Verdict {
    if text.is_empty() {
        return Verdict::Invalid("it is empty".to_owned());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = unsigned.trim_start_matches('0');
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = number.split_at(digits(number));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let Some(scale) = Scale::parse(suffix) else {
        return Verdict::Invalid(format!("{suffix:?} is not a suffix of a quantity"));
    };
    let has_digits = unsigned.starts_with('0') || !whole.is_empty() || !fraction.is_empty();
    if scale.fits_in_64_bits(whole.len().max(1), fraction.len()) || number.is_empty() {
        return Verdict::Valid;
    }
    match scale {
        _ if !has_digits => Verdict::Invalid("it has no digits".to_owned()),
        Scale::Decimal(exponent) if exponent.unsigned_abs() > 100_000 => {
            Verdict::CannotTell("the exponent is so large that reading it may never end".to_owned())
        }
        _ => Verdict::Valid,
    }
}

/// How much a quantity is, to about fifteen digits; none for what is no quantity.
pub fn amount(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (-1.0, unsigned),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let is_suffix = |character: char| !character.is_ascii_digit() && character != '.';
    let end = unsigned.find(is_suffix).unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at_checked(end)?;
    let number: f64 = format!("0{number}").parse().ok()?;
    let scale = match Scale::parse(suffix)? {
        Scale::Decimal(exponent) => 10_f64.powi(exponent),
        Scale::Binary(exponent) => 2_f64.powi(exponent),
    };
    Some(sign * number * scale)
}

/// The sum of whole quantities, each so many times, as Kubernetes writes it; none where that is not exact.
pub fn sum(parts: &[(&str, u32)]) -> Option<String> {
    const UNITS: [(&str, u32); 6] = [
        ("Ei", 60),
        ("Pi", 50),
        ("Ti", 40),
        ("Gi", 30),
        ("Mi", 20),
        ("Ki", 10),
    ];
    let mut thousandths: i128 = 0;
    let mut is_binary = false;
    for (text, times) in parts {
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (number, suffix) = text.split_at_checked(end.unwrap_or(text.len()))?;
        let number: i64 = number.parse().ok()?;
        let scale = match Scale::parse(suffix)? {
            Scale::Decimal(exponent) => {
                10_i128.checked_pow(u32::try_from(exponent.checked_add(3)?).ok()?)?
            }
            Scale::Binary(exponent) => {
                is_binary = true;
                1000 * (1_i128 << u32::try_from(exponent).ok()?)
            }
        };
        let part = i128::from(number).checked_mul(scale)?;
        let part = part.checked_mul(i128::from(*times))?;
        thousandths = thousandths.checked_add(part)?;
    }
    if thousandths % 1000 != 0 {
        return Some(format!("{thousandths}m"));
    }
    let whole = thousandths / 1000;
    let unit = UNITS
        .into_iter()
        .find(|(_, exponent)| is_binary && whole != 0 && whole % (1 << exponent) == 0);
    Some(match unit {
        Some((unit, exponent)) => format!("{}{unit}", whole >> exponent),
        None => whole.to_string(),
    })
}

/// What istiod says to a quantity in an annotation, which becomes part of the sidecar's YAML.
pub(super) fn of_annotation(text: &str) -> Verdict {
    if text.chars().any(char::is_control) {
        return Verdict::Invalid("it contains a control character".to_owned());
    }
    quantity(text)
}

/// The suffix of a quantity: a power of ten or of two.
#[derive(Clone, Copy)]
enum Scale {
    Decimal(i32),
    Binary(i32),
}

impl Scale {
    fn parse(suffix: &str) -> Option<Scale> {
        const DECIMAL: [(&str, i32); 10] = [
            ("n", -9),
            ("u", -6),
            ("m", -3),
            ("", 0),
            ("k", 3),
            ("M", 6),
            ("G", 9),
            ("T", 12),
            ("P", 15),
            ("E", 18),
        ];
        const BINARY: [(&str, i32); 6] = [
            ("Ki", 10),
            ("Mi", 20),
            ("Gi", 30),
            ("Ti", 40),
            ("Pi", 50),
            ("Ei", 60),
        ];
        let find = |table: &[(&str, i32)]| {
            table
                .iter()
                .find(|(name, _)| *name == suffix)
                .map(|(_, exponent)| *exponent)
        };
        find(&DECIMAL)
            .map(Scale::Decimal)
            .or_else(|| find(&BINARY).map(Scale::Binary))
            .or_else(|| {
                let exponent = go::atoi(suffix.strip_prefix(['e', 'E'])?)?;
                // Kubernetes keeps the low 32 bits.
                #[allow(clippy::cast_possible_truncation)]
                Some(Scale::Decimal(exponent as i32))
            })
    }

    /// Whether Kubernetes reads such a number without the arithmetic of big numbers, which reads the text once more.
    fn fits_in_64_bits(self, whole: usize, fraction: usize) -> bool {
        let digits = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        match self {
            Scale::Decimal(exponent) => {
                let scale = i64::from(exponent).saturating_sub(digits(fraction));
                whole.saturating_add(fraction) <= 18 && scale >= -9
            }
            Scale::Binary(exponent) => {
                fraction == 0 && 14 - digits(whole) - i64::from(exponent) * 3 / 10 >= 0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;
    use super::*;

    #[test]
    fn an_amount_is_a_number_with_its_scale() {
        for (text, expected) in [
            ("0", 0.0),
            ("1.5", 1.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("100m", 0.1),
            ("2Ki", 2048.0),
            ("1E", 1e18),
            ("1e3", 1e3),
            ("-1", -1.0),
            ("+", 0.0),
        ] {
            assert_eq!(amount(text), Some(expected), "{text}");
        }
        for text in ["1.2.3", "100 m", "512MB", "one"] {
            assert_eq!(amount(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_is_exact_or_none() {
        for (parts, expected) in [
            (&[("0", 1), ("1Gi", 2)][..], Some("2Gi")),
            (&[("512Mi", 1), ("1152Mi", 1)], Some("1664Mi")),
            (&[("9100m", 1), ("1100m", 1)], Some("10200m")),
            (&[("9100m", 1), ("900m", 1)], Some("10")),
            (&[("1", 1), ("1", 3)], Some("4")),
            (&[("1000", 1), ("24Ki", 1)], Some("25576")),
            (&[("1e3", 1), ("1k", 1)], Some("2000")),
            (&[("1.5", 1)], None),
            (&[("1n", 1)], None),
            (&[("", 1)], None),
            (&[("9000000000000000000Ei", 4_000_000_000)], None),
        ] {
            assert_eq!(sum(parts).as_deref(), expected, "{parts:?}");
        }
    }

    #[test]
    fn quantities_are_judged_as_by_kubernetes() {
        for name in [
            "sidecar.istio.io/proxyCPU",
            "sidecar.istio.io/proxyMemory",
            "sidecar.istio.io/proxyCPULimit",
            "sidecar.istio.io/proxyMemoryLimit",
        ] {
            check(
                name,
                &[
                    "0",
                    "1",
                    "100m",
                    "0.5",
                    ".5",
                    "5.",
                    "128Mi",
                    "1.5Gi",
                    "1e3",
                    "1E3",
                    "1E",
                    "1e-3",
                    "1e+3",
                    "-1",
                    "+1",
                    "12345678901234567890",
                    "+",
                    "-",
                    "00",
                    ".",
                    ".Ki",
                    "1Ei",
                    "0.1Ei",
                    "1n",
                    "1e-10",
                    "0.00000000000001",
                    "1e4294967296",
                ],
                &[
                    "", " ", "100 m", "512MB", "1KB", "1K", "1ki", "1e", "1e3m", "one", "1,5",
                    "1_0", "0x1", "1\n", "1m\u{7}", "--1", "1.2.3", ".Pi", ".e-10", "1i", "1mi",
                    "1ee3", "Mi1", "½",
                ],
            );
        }
        assert!(matches!(quantity("1e-2000000"), Verdict::CannotTell(_)));
        assert_eq!(quantity("1e2000000"), Verdict::Valid);
    }
}
