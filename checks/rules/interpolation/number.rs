//! Numbers that istiod takes and the API server refuses.

use crate::rules::verdict::Verdict;

/// A container cannot ask for a negative quantity.
pub(super) fn not_negative(quantity: &str) -> Verdict {
    let negative =
        quantity.starts_with('-') && quantity.contains(|digit| ('1'..='9').contains(&digit));
    if negative {
        Verdict::Invalid("a container cannot ask for less than nothing".to_owned())
    } else {
        Verdict::Valid
    }
}

/// istiod takes 32 bits, of which a probe has 31.
pub(super) fn fits_32_bits(number: &str) -> Verdict {
    let digits = number.trim_start_matches('0');
    let fits = digits.is_empty() || digits.parse::<i32>().is_ok();
    if fits || digits.contains(|digit: char| !digit.is_ascii_digit()) {
        Verdict::Valid
    } else {
        Verdict::Invalid("it is more than 2147483647".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    /// Each value tried on a real control plane.
    #[test]
    fn numbers_are_refused_as_by_the_api_server() {
        check(
            "sidecar.istio.io/proxyCPU",
            &["0", "1e100", "500m", "-0"],
            &["-1", "-0.5"],
        );
        check(
            "readiness.status.sidecar.istio.io/initialDelaySeconds",
            &["007", "08", "2147483647"],
            &["2147483648", "4294967295"],
        );
    }
}
