//! JSON and YAML: the answer as programs read it.

mod convert;
mod escape;
mod text;
pub mod v1alpha1;

use std::io::{self, Write};

use injdoctor_checks::report::Diagnosis;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Report;

/// Writes the answer as JSON.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer =
        serde_json::Serializer::with_formatter(&mut *out, escape::Spelt::default());
    report.serialize(&mut serializer)?;
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
    schemars::schema_for!(v1alpha1::Answer)
}
