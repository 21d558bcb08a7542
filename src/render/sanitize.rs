//! The one way by which strings from the cluster get to a terminal.

use std::borrow::Cow;
use std::fmt::Write;

use injdoctor_checks::report::is_invisible;

/// The text with every control and format character spelt out, and nothing else changed. Names,
/// annotations, events and error texts are written by whoever may write to the cluster, and a
/// terminal obeys what they contain. Where it is not known to read UTF-8, all beyond ASCII is spelt
/// out, as parts of a character could be control characters in another encoding.
pub fn sanitize(text: &str, unicode: bool) -> Cow<'_, str> {
    let unsafe_char = |c: char| is_invisible(c) || !unicode && !c.is_ascii();
    if !text.contains(unsafe_char) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if unsafe_char(c) => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_direction_overrides_are_spelt_out() {
        for (text, shown) in [
            ("istio-injection", "istio-injection"),
            ("Grüße ✓", "Grüße ✓"),
            ("\u{1b}[2J\u{7}", "\\u{1b}[2J\\u{7}"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9b}31m \u{7f}", "\\u{9b}31m \\u{7f}"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            ("zero\u{200b}width \u{feff}", "zero\\u{200b}width \\u{feff}"),
            ("\u{e0041}tag", "\\u{e0041}tag"),
        ] {
            assert_eq!(sanitize(text, true), shown);
        }
    }

    #[test]
    fn without_utf8_nothing_beyond_ascii_is_left() {
        assert_eq!(sanitize("Grüße", false), "Gr\\u{fc}\\u{df}e");
    }

    proptest! {
        #[test]
        fn nothing_invisible_is_left(text in any::<String>()) {
            prop_assert!(!sanitize(&text, true).contains(is_invisible));
            prop_assert!(sanitize(&text, false).chars().all(|c| c.is_ascii_graphic() || c == ' '));
        }

        #[test]
        fn visible_text_stays_as_it_is(text in "[ -~äöüß]*") {
            prop_assert_eq!(sanitize(&text, true), text.as_str());
        }
    }
}
