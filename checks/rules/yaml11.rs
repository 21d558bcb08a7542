//! YAML 1.1, of which istiod's parser keeps more than the parser used here.

/// The booleans that YAML 1.2 takes for texts.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
