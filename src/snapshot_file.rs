//! Snapshots as files: `injdoctor snapshot` writes them, `--from` reads them.

mod freed;
mod names;
mod repeated;

use std::io::Write;

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::redaction::{Tally, redact};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use self::freed::Freed;
use crate::documents::{self, DocumentError};
use crate::input::{self, Input, InputError};
use crate::render::json;

/// Why a file is not a snapshot.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum SnapshotError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(
        "{file} is not a snapshot: {reason}; record one with `injdoctor snapshot TARGET > FILE`"
    )]
    Syntax { file: String, reason: String },
    #[error(
        "{file} ends in the middle: the snapshot was cut off; record it again with `injdoctor snapshot TARGET > FILE`"
    )]
    Half { file: String },
    #[error("{file} holds {kind}, not a snapshot; check manifests with -f")]
    OtherKind { file: String, kind: String },
    #[error(
        "{file} is a snapshot of version {version}, and this injdoctor reads {}; record it again, or use the injdoctor that wrote it",
        Snapshot::API_VERSION
    )]
    OtherVersion { file: String, version: String },
    #[error(
        "{file} is a damaged snapshot: {reason}; record it again with `injdoctor snapshot TARGET > FILE`"
    )]
    Damaged { file: String, reason: String },
}

/// Reads a snapshot from a file, or from standard input for `-`. JSON as written, or YAML.
///
/// # Errors
/// [`SnapshotError`] with what the file is instead.
pub fn read(path: &str, input: &mut Input<'_>) -> Result<Snapshot, SnapshotError> {
    let text = input::read(path, input)?;
    parse(text, &input::title(path))
}

/// Reads a snapshot from text; `file` is what errors call it.
///
/// # Errors
/// As with [`read`].
pub fn parse(text: String, file: &str) -> Result<Snapshot, SnapshotError> {
    let file = || file.to_owned();
    let json = as_json(text).map_err(|error| match error {
        DocumentError::Half => SnapshotError::Half { file: file() },
        error => SnapshotError::Syntax {
            file: file(),
            reason: error.to_string(),
        },
    })?;
    let head: Head = serde_json::from_str(&json).unwrap_or_default();
    match head.kind.as_str() {
        Some(Snapshot::KIND) => {}
        Some(kind) => {
            return Err(SnapshotError::OtherKind {
                file: file(),
                kind: format!("a {kind:?}"),
            });
        }
        None => {
            return Err(SnapshotError::OtherKind {
                file: file(),
                kind: "something without a kind".to_owned(),
            });
        }
    }
    match head.api_version.as_str() {
        Some(Snapshot::API_VERSION) => {}
        version => {
            return Err(SnapshotError::OtherVersion {
                file: file(),
                version: format!("{:?}", version.unwrap_or_default()),
            });
        }
    }
    let damaged = |reason: String| SnapshotError::Damaged {
        file: file(),
        reason,
    };
    names::check(&mut serde_json::Deserializer::from_str(&json))
        .map_err(|error| damaged(error.to_string()))?;
    let mut json = serde_json::Deserializer::from_reader(Freed::from(json));
    let mut snapshot: Snapshot = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| damaged(documents::field_error(&error)))?;
    repeated::unfold(&mut snapshot.reads);
    Ok(snapshot)
}

/// The one document of a text. JSON, as it is written, is not copied.
fn as_json(text: String) -> Result<String, DocumentError> {
    if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return Ok(text);
    }
    let mut documents = documents::parse(&text)?;
    match (documents.pop(), documents.len()) {
        (Some(document), 0) => Ok(document.to_string()),
        (None, _) => Err(DocumentError::Other("it holds nothing".to_owned())),
        (Some(_), more) => {
            let words = format!("it holds {} documents", more + 1);
            Err(DocumentError::Other(words))
        }
    }
}

/// What tells a snapshot from other files.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Head {
    kind: Value,
    api_version: Value,
}

/// Writes what of a snapshot may leave the cluster, and says what was left out.
///
/// # Errors
/// What the writer says.
pub fn write(snapshot: Snapshot, out: &mut dyn Write) -> std::io::Result<Tally> {
    let (mut snapshot, tally) = redact(snapshot)?;
    repeated::fold(&mut snapshot.reads);
    json::shallow(&snapshot, out)?;
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::facts::{Connection, Fact, Store};
    use jiff::Timestamp;
    use serde_json::json;

    fn snapshot() -> Snapshot {
        Snapshot {
            api_version: Snapshot::API_VERSION.to_owned(),
            kind: Snapshot::KIND.to_owned(),
            recorded_at: Timestamp::UNIX_EPOCH,
            connection: Connection::default(),
            server_version: Fact::NotAsked,
            subjects: Vec::new(),
            reads: Store::default(),
        }
    }

    fn written() -> String {
        let mut out = Vec::new();
        write(snapshot(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        assert!(written().ends_with("}\n"));
        let text = written();
        let mut stdin = text.as_bytes();
        let read = read("-", &mut Input::patient(&mut stdin)).unwrap();
        assert_eq!(read, snapshot());
        let yaml =
            serde_saphyr::to_string(&serde_json::from_str::<Value>(&written()).unwrap()).unwrap();
        assert_eq!(parse(yaml, "f").unwrap(), snapshot());
    }

    /// What is left out is left out once: a snapshot that was written before stays as it is.
    #[test]
    fn the_recorded_snapshots_hold_nothing_more_than_what_is_needed() {
        for scenario in crate::demo::SCENARIOS {
            let recorded = parse(scenario.snapshot.to_owned(), scenario.name).unwrap();
            let mut out = Vec::new();
            write(recorded, &mut out).unwrap();
            if std::env::var_os("BLESS").is_some() {
                std::fs::write(format!("src/demo/{}.json", scenario.name), &out).unwrap();
                continue;
            }
            assert!(out == scenario.snapshot.as_bytes(), "{}", scenario.name);
            assert!(out.len() < 100_000, "{}: {}", scenario.name, out.len());
        }
    }

    #[test]
    fn what_is_no_snapshot_is_named() {
        let with = |change: fn(&mut Value)| {
            let mut value = serde_json::to_value(snapshot()).unwrap();
            change(&mut value);
            value.to_string()
        };
        let half = |part: usize| written().chars().take(part).collect::<String>();
        let table = [
            (half(60), "f ends in the middle"),
            (half(1), "f ends in the middle"),
            (
                "{\"a\": 1]".to_owned(),
                "f is not a snapshot: line 1, column 8",
            ),
            ("a: [".to_owned(), "f is not a snapshot: line "),
            ("# nothing".to_owned(), "it holds nothing"),
            (format!("{0}{0}", written()), "it holds 2 documents"),
            ("just words".to_owned(), "something without a kind"),
            ("[]".to_owned(), "something without a kind"),
            (
                json!({"apiVersion": "v1", "kind": "Pod"}).to_string(),
                "holds a \"Pod\", not a snapshot; check manifests with -f",
            ),
            (
                with(|value| value["apiVersion"] = json!("injdoctor.dev/v2")),
                "version \"injdoctor.dev/v2\"",
            ),
            (with(|value| value["apiVersion"] = json!(1)), "version \"\""),
            (
                with(|value| drop(value.as_object_mut().unwrap().remove("reads"))),
                "missing field `reads`",
            ),
            (
                with(|value| value["more"] = json!(1)),
                "unknown field `more`",
            ),
            (
                with(|value| {
                    let asked = json!({"resource": "MutatingWebhookConfiguration"});
                    let got = json!([{"metadata": {"name": 1}}]);
                    value["reads"] = json!([{"asked": asked, "got": got}])
                }),
                "damaged snapshot: reads[0].got[0].metadata.name: invalid type: integer `1`",
            ),
            (
                with(|value| {
                    value["cluster"]["webhooks"] = json!({"got": [{"metadata": {"name": "-x"}}]})
                }),
                "damaged snapshot: cluster.webhooks.got[0].metadata.name: \"-x\" cannot be a name there",
            ),
        ];
        for (text, expected) in table {
            let error = parse(text, "f").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let mut stdin = &b""[..];
        let outcome = read("/nonexistent", &mut Input::patient(&mut stdin));
        let error = outcome.unwrap_err().to_string();
        assert_eq!(error, "/nonexistent does not exist");
    }
}
