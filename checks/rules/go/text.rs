//! Lower case: `strings`.

/// Lower case as `strings.ToLower` does it: one character for one character.
pub(crate) fn to_lower(text: &str) -> String {
    text.chars()
        .map(|character| character.to_lowercase().next().unwrap_or(character))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = to_lower(&text);
        }
    }
}
