//! How the tests of single annotations judge values.

use super::verdict;
use crate::rules::verdict::Verdict;

/// Asserts that istiod takes these values and refuses those.
pub(super) fn check(name: &str, valid: &[&str], invalid: &[&str]) {
    for value in valid {
        assert_eq!(
            verdict(name, value),
            Some(Verdict::Valid),
            "{name} {value:?}"
        );
    }
    for value in invalid {
        assert!(
            matches!(verdict(name, value), Some(Verdict::Invalid(_))),
            "{name} {value:?}"
        );
    }
}
