//! Patterns that may mean something else to Go than to the crate.

/// Whether Go may find this pattern in other texts of a pod; `non_ascii` says whether the pod has others than ASCII.
pub(super) fn is_unlike_go(pattern: &str, non_ascii: bool) -> bool {
    const UNLIKE: [&str; 10] = [
        "&&", "--", "~~", "\\<", "\\>", "\\b{", "\\Q", "\\C", "(?", "[[",
    ];
    UNLIKE.iter().any(|unlike| pattern.contains(unlike)) || (non_ascii && pattern.contains('\\'))
}
