//! JSON and YAML: the answer as programs read it.

mod convert;
mod escape;
pub mod explanation;
mod layout;
mod text;
pub mod v1alpha1;
pub mod views;

use std::cell::RefCell;
use std::io::{self, BufWriter, Write};

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::Snapshot;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};

use self::layout::Layout;
use super::{Diagnoses, Report};

/// Writes the answer as JSON.
pub fn json(report: &Report, diagnoses: Diagnoses, out: &mut dyn Write) -> io::Result<()> {
    pretty(&Answer::new(report, diagnoses), out)
}

/// Writes a value as JSON in which every control and format character is spelt out.
pub fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    spelt(value, Layout::pretty(), out)
}

/// Writes the same value with whatever is deep in it on a single line.
pub fn shallow(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    spelt(value, Layout::shallow(), out)
}

fn spelt(value: &impl Serialize, format: impl Formatter, out: &mut dyn Write) -> io::Result<()> {
    // JSON is written in small pieces.
    let mut out = BufWriter::new(out);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, escape::Spelt(format));
    value.serialize(&mut serializer)?;
    writeln!(out)?;
    out.flush()
}

/// Writes each diagnosis as JSON on a line of its own.
pub fn lines(report: &Report, diagnoses: Diagnoses, out: &mut dyn Write) -> io::Result<()> {
    let cluster = cluster(report.snapshot);
    for one in diagnoses {
        let one = convert::diagnosis(&one, &cluster, &report.snapshot.connection);
        spelt(&one, CompactFormatter, out)?;
    }
    Ok(())
}

/// The cluster of a snapshot, as every diagnosis has it.
pub fn cluster(snapshot: &Snapshot) -> v1alpha1::Cluster {
    convert::cluster(snapshot)
}

/// Writes the answer as YAML.
pub fn yaml(report: &Report, diagnoses: Diagnoses, out: &mut dyn Write) -> io::Result<()> {
    as_yaml(&Answer::new(report, diagnoses), out)
}

/// Writes the same value as YAML.
pub fn as_yaml(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut spelt = escape::SpeltYaml::new(out);
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    match serde_saphyr::to_fmt_writer_with_options(&mut spelt, value, options) {
        Ok(()) => Ok(()),
        Err(error) => Err(spelt.error.unwrap_or_else(|| io::Error::other(error))),
    }
}

/// The answer. One item at a time is judged and converted, so that thousands take no more memory than
/// one; serde asks once.
struct Answer<'r, 'd> {
    report: &'r Report<'r>,
    cluster: v1alpha1::Cluster,
    diagnoses: RefCell<Diagnoses<'d>>,
}

impl<'r, 'd> Answer<'r, 'd> {
    fn new(report: &'r Report<'r>, diagnoses: Diagnoses<'d>) -> Self {
        Self {
            report,
            cluster: convert::cluster(report.snapshot),
            diagnoses: RefCell::new(diagnoses),
        }
    }

    fn convert(&self, diagnosis: &Diagnosis) -> v1alpha1::Diagnosis {
        let connection = &self.report.snapshot.connection;
        convert::diagnosis(diagnosis, &self.cluster, connection)
    }
}

struct Items<'a, 'r, 'd>(&'a Answer<'r, 'd>);

impl Serialize for Items<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let diagnoses: &mut Diagnoses = &mut self.0.diagnoses.borrow_mut();
        serializer.collect_seq(diagnoses.map(|one| self.0.convert(&one)))
    }
}

impl Serialize for Answer<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.report.list {
            let one = self.diagnoses.borrow_mut().next();
            if let Some(one) = one {
                return self.convert(&one).serialize(serializer);
            }
        }
        let mut list = serializer.serialize_struct("DiagnosisList", 3)?;
        list.serialize_field("apiVersion", &v1alpha1::ApiVersion::V1alpha1)?;
        list.serialize_field("kind", &v1alpha1::DiagnosisListKind::DiagnosisList)?;
        list.serialize_field("items", &Items(self))?;
        list.end()
    }
}

/// A contract as a JSON schema: [`v1alpha1::Answer`] or [`explanation::Explanation`].
pub fn schema<T: JsonSchema>() -> schemars::Schema {
    // What is written, not what would be accepted: every field is there, if only as null.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::report::is_invisible;
    use serde_json::{Value, json};

    fn value(snapshot: &Snapshot, list: bool) -> Value {
        let report = Report {
            snapshot,
            list,
            recorded: true,
            nothing: "",
            again: "",
            narrowed: false,
        };
        let mut diagnoses = injdoctor_checks::diagnose(snapshot).into_iter();
        serde_json::to_value(Answer::new(&report, &mut diagnoses)).unwrap()
    }

    fn snapshot() -> Snapshot {
        serde_json::from_str(crate::demo::SCENARIOS[0].snapshot).unwrap()
    }

    #[test]
    fn what_is_written_piece_by_piece_is_what_the_types_say() {
        let snapshot = snapshot();
        let diagnoses = injdoctor_checks::diagnose(&snapshot);
        let cluster = convert::cluster(&snapshot);
        let items = || {
            let connection = &snapshot.connection;
            let convert = |one| convert::diagnosis(one, &cluster, connection);
            diagnoses.iter().map(convert)
        };
        let list = v1alpha1::Answer::DiagnosisList(v1alpha1::DiagnosisList {
            api_version: v1alpha1::ApiVersion::V1alpha1,
            kind: v1alpha1::DiagnosisListKind::DiagnosisList,
            items: items().collect(),
        });
        assert_eq!(value(&snapshot, true), serde_json::to_value(list).unwrap());
        let one = v1alpha1::Answer::Diagnosis(Box::new(items().next().unwrap()));
        assert_eq!(value(&snapshot, false), serde_json::to_value(one).unwrap());
    }

    #[test]
    fn no_subjects_are_an_empty_list() {
        let mut snapshot = snapshot();
        snapshot.subjects.clear();
        let list = json!({
            "apiVersion": "injdoctor.dev/v1alpha1", "kind": "DiagnosisList", "items": [],
        });
        assert_eq!(value(&snapshot, true), list);
    }

    #[test]
    fn what_is_invisible_is_spelt_out_and_read_back() {
        let value = json!({ "key": "a\u{1b}\u{9b}\u{7f}\u{202e}\u{e0041}\n\"\\b" });
        let mut out = Vec::new();
        pretty(&value, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            !text
                .trim_end()
                .contains(|c: char| c != '\n' && is_invisible(c)),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
