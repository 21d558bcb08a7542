//! YAML and JSON as Kubernetes reads them: several documents, YAML 1.1.

use std::fmt::Display;

use serde_json::Value;
use serde_path_to_error::Segment;

/// Text that is neither YAML nor JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum DocumentError {
    #[error("the JSON ends in the middle")]
    Half,
    #[error("line {line}, column {column}: {reason}")]
    At {
        line: u64,
        column: u64,
        reason: String,
    },
    #[error("{0}")]
    Other(String),
}

/// Reads all documents of a text. Empty ones are left out.
///
/// # Errors
/// [`DocumentError`] with the place where it is known.
pub fn parse(text: &str) -> Result<Vec<Value>, DocumentError> {
    if text.trim_start().starts_with(['{', '[']) {
        match json(text) {
            // Flow style YAML begins like JSON.
            Err(error) if error != DocumentError::Half => yaml(text).map_err(|_| error),
            outcome => outcome,
        }
    } else {
        yaml(text)
    }
}

fn json(text: &str) -> Result<Vec<Value>, DocumentError> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.collect::<Result<_, _>>().map_err(|error| {
        if error.is_eof() {
            return DocumentError::Half;
        }
        let (line, column) = (error.line() as u64, error.column() as u64);
        let place = format!(" at line {line} column {column}");
        DocumentError::At {
            line,
            column,
            reason: error.to_string().replace(&place, ""),
        }
    })
}

fn yaml(text: &str) -> Result<Vec<Value>, DocumentError> {
    // kubectl reads YAML 1.1: `yes` and `on` are booleans, 0644 is octal.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // A cluster's worth of objects; what aliases can blow up has its own limits.
            max_documents: 100_000,
            max_events: 100_000_000,
            max_nodes: 50_000_000,
            max_total_scalar_bytes: 1 << 30,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 50_000,
        },
        legacy_octal_numbers: true,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        match error.location() {
            Some(location) => DocumentError::At {
                line: location.line(),
                column: location.column(),
                reason: without_place(&error.to_string()),
            },
            None => DocumentError::Other(error.to_string()),
        }
    })
}

/// The parser repeats the place at the end of its words.
fn without_place(words: &str) -> String {
    words
        .rsplit_once(" at line ")
        .map_or(words, |(words, _)| words)
        .to_owned()
}

/// What is wrong with a field, after its path.
pub fn field_error<E: Display>(error: &serde_path_to_error::Error<E>) -> String {
    let mut path = String::new();
    for segment in error.path() {
        match segment {
            Segment::Map { key } if key.contains(['.', '/']) => {
                path.push_str(&format!("[{key:?}]"))
            }
            Segment::Map { key } | Segment::Enum { variant: key } if path.is_empty() => {
                path.push_str(key)
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                path.push_str(&format!(".{key}"))
            }
            Segment::Seq { index } => path.push_str(&format!("[{index}]")),
            Segment::Unknown => {}
        }
    }
    if path.is_empty() {
        return error.inner().to_string();
    }
    format!("{path}: {}", error.inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn yaml_is_read_as_kubectl_reads_it() {
        let table = [
            (
                "a: 1\n---\n---\n# nothing\n---\nb: 2\n",
                vec![json!({"a": 1}), json!({"b": 2})],
            ),
            (
                "{\"a\": 1} {\"b\": 2}",
                vec![json!({"a": 1}), json!({"b": 2})],
            ),
            ("{a: 1}", vec![json!({"a": 1})]),
            (
                "a: yes\nb: on\nc: 'no'\nd: y\ne: true",
                vec![json!({"a": true, "b": true, "c": "no", "d": true, "e": true})],
            ),
            (
                "m: 0644\nv: 1.10\nt: 2026-01-01\nk: {8080: x}",
                vec![json!({"m": 420, "v": 1.1, "t": "2026-01-01", "k": {"8080": "x"}})],
            ),
            (
                "a: &x {b: 1}\nc: {<<: *x, d: 2}",
                vec![json!({"a": {"b": 1}, "c": {"b": 1, "d": 2}})],
            ),
            ("a: |\n  text\n", vec![json!({"a": "text\n"})]),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn errors_have_their_place() {
        let table = [
            ("a: 1\nb: [", "line "),
            ("a: 1\n\tb: 2", "line 1, column 4"),
            ("a: 1\na: 2", "line 2"),
            ("{\"a\": 1]", "line 1, column 8"),
            ("{\"a\": 1", "ends in the middle"),
        ];
        for (text, expected) in table {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
            assert_eq!(
                error.matches("line").count(),
                usize::from(expected.starts_with("line")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        assert!(parse(&text).is_err());
    }

    #[test]
    fn a_cluster_full_of_objects_is_read() {
        let text = "---\na: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n".repeat(2_000);
        assert_eq!(parse(&text).map(|documents| documents.len()), Ok(2_000));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[-:{}\\[\\]&*!|> a-c0-9\n\"']{0,60}") {
            let _ = parse(&text);
        }
    }
}
