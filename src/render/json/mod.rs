//! JSON and YAML: the answer as programs read it.

mod convert;
mod escape;
mod text;
pub mod v1alpha1;

use std::io::{self, Write};

use injdoctor_checks::diagnosis::Diagnosis;
use schemars::generate::SchemaSettings;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Report;

/// Writes the answer as JSON.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    pretty(report, out)
}

/// Writes a value as JSON in which every control and format character is spelt out.
pub fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut *out, escape::Spelt::default());
    value.serialize(&mut serializer)?;
    writeln!(out)
}

/// Writes the same value as YAML.
pub fn yaml(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut spelt = escape::SpeltYaml::new(out);
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    match serde_saphyr::to_fmt_writer_with_options(&mut spelt, report, options) {
        Ok(()) => Ok(()),
        Err(error) => Err(spelt.error.unwrap_or_else(|| io::Error::other(error))),
    }
}

/// One item at a time is converted, so that thousands take no more memory than one.
struct Items<'a>(&'a Report<'a>);

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report) = self;
        let convert = |one: &Diagnosis| convert::diagnosis(one, report.snapshot);
        serializer.collect_seq(report.diagnoses.iter().map(convert))
    }
}

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let (false, [one]) = (self.list, self.diagnoses) {
            return convert::diagnosis(one, self.snapshot).serialize(serializer);
        }
        let mut list = serializer.serialize_struct("DiagnosisList", 3)?;
        list.serialize_field("apiVersion", &v1alpha1::ApiVersion::V1alpha1)?;
        list.serialize_field("kind", &v1alpha1::DiagnosisListKind::DiagnosisList)?;
        list.serialize_field("items", &Items(self))?;
        list.end()
    }
}

/// The contract as a JSON schema.
pub fn schema() -> schemars::Schema {
    // What is written, not what would be accepted: every field is there, if only as null.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .into_generator()
        .into_root_schema_for::<v1alpha1::Answer>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::facts::Snapshot;
    use injdoctor_checks::report::is_invisible;
    use serde_json::{Value, json};

    fn value(snapshot: &Snapshot, list: bool) -> Value {
        let diagnoses = injdoctor_checks::diagnose(snapshot);
        let report = Report {
            snapshot,
            diagnoses: &diagnoses,
            list,
            recorded: true,
            nothing: "",
        };
        serde_json::to_value(report).unwrap()
    }

    fn snapshot() -> Snapshot {
        serde_json::from_str(crate::demo::SCENARIOS[0].snapshot).unwrap()
    }

    #[test]
    fn what_is_written_piece_by_piece_is_what_the_types_say() {
        let snapshot = snapshot();
        let diagnoses = injdoctor_checks::diagnose(&snapshot);
        let items = || {
            diagnoses
                .iter()
                .map(|one| convert::diagnosis(one, &snapshot))
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
