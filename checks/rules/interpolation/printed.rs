//! A value that is printed as it is, read back as YAML.

use super::unknown_use;
use crate::rules::verdict::Verdict;
use crate::rules::yaml::{self, Unread, Yaml};

/// What stands in a line for the value. No template has it.
pub(super) const MARK: char = '\u{fffc}';

/// Letters, digits and what is a plain word to any parser.
pub(super) fn is_harmless(value: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._/-".contains(character);
    value.starts_with(|first: char| first.is_ascii_alphabetic()) && value.chars().all(plain)
}

/// Whether a line of YAML has the same shape with the value as with a word.
pub(super) fn printed(line: &str, value: &str) -> Verdict {
    if is_harmless(value) && yaml::is_text(value) {
        return Verdict::Valid;
    }
    // In a flow mapping, a comma ends the line.
    let line = line.trim_end().trim_end_matches(',');
    let indent: String = line
        .chars()
        .take_while(|character| *character == ' ')
        .collect();
    let sibling = if line.trim_start().starts_with('-') {
        "- z"
    } else {
        "z: z"
    };
    let read = |value: &str| {
        let line = line.replace(MARK, value);
        yaml::read(&format!("all:\n {line}\n {indent}{sibling}\n"))
    };
    let Ok(expected) = read("x") else {
        return unknown_use();
    };
    match read(value) {
        Err(Unread::Refused(_)) => {
            Verdict::Invalid("the sidecar's YAML cannot be read with it".to_owned())
        }
        Err(unread) => Verdict::CannotTell(unread.to_string()),
        Ok(actual) if !have_same_shape(&expected, &actual) => {
            Verdict::Invalid("it makes another thing than a text in the sidecar's YAML".to_owned())
        }
        Ok(_) => Verdict::Valid,
    }
}

/// Whether both are texts, or hold such in the same places.
fn have_same_shape(expected: &Yaml, actual: &Yaml) -> bool {
    match (expected, actual) {
        (Yaml::List(one), Yaml::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| have_same_shape(one, other))
        }
        (Yaml::Map(one), Yaml::Map(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| {
                    other
                        .get(key)
                        .is_some_and(|other| have_same_shape(one, other))
                })
        }
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    /// Each value tried on a real control plane.
    #[test]
    fn values_are_refused_as_by_istiod_and_the_api_server() {
        check(
            "sidecar.istio.io/logLevel",
            &[
                "debug", "a #b", "a b", "'x'", "\"x\"", "x\"y", "a\\b", "a\n", "", "{a}", "a:b",
                "null", "#x",
            ],
            &["a: b", "a:", "a\nb", "a: b: c", "a\n- b", "a\n  - b"],
        );
        check(
            "sidecar.istio.io/componentLogLevel",
            &["upstream:debug,http:trace"],
            &["http: trace"],
        );
        check(
            "sidecar.istio.io/proxyImage",
            &[
                "x/y",
                "x\"y",
                "",
                "auto",
                "a/b: c",
                "a/b\nc",
                "registry:5000/a/b:1@sha256:0",
            ],
            &["x/\"y", "a/b\\c"],
        );
        check(
            "sidecar.istio.io/bootstrapOverride",
            &["cm", "a #", "a\"b", "my-config.v2"],
            &[
                "5", "true", "yes", "null", "", "a: b", "1e3", "0x1f", "[a]", "{a}", "*a", "&a",
                "-", "- a", "a:", "No", "OFF",
            ],
        );
        check(
            "traffic.sidecar.istio.io/includeOutboundPorts",
            &["80", "x", "a\nb"],
            &["80\""],
        );
    }
}
