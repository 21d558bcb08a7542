//! YAML as istiod reads it: what it refuses is refused here, and what it takes is read the same.
//!
//! Sources (Istio 1.31): `YAMLToJSON` and `Unmarshal` of `sigs.k8s.io/yaml` 1.6.0, over `go.yaml.in/yaml/v2` 2.4.4: the
//! scanner and parser of libyaml in Go, YAML 1.1, of which only the first document counts, the last of two equal keys,
//! and keys that are no texts become such.
//!
//! The modules are the steps in their order: [`source`] has libyaml take the text apart as the port in Go does, from which
//! the one used here has a few [`differences`]; [`document`] makes a tree of that, [`value`] the values of the tree, with
//! [`scalar`] for the single words, and [`json`] what JSON can hold of them.

mod construct;
mod differences;
mod document;
mod json;
mod scalar;
mod source;
mod value;

#[cfg(test)]
mod table;

use std::collections::BTreeMap;
use std::fmt;

/// A value as it stands in the JSON that istiod makes of YAML.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number: of `i64` or `u64`.
    Int(i128),
    /// Another number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping.
    Map(BTreeMap<String, Yaml>),
}

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Istiod refuses it, too.
    Refused(String),
    /// It is not known here what istiod makes of it.
    CannotTell(String),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => f.write_str(reason),
            Self::CannotTell(reason) => write!(f, "istiod may read it or not: {reason}"),
        }
    }
}

/// Reads the first document of a text; without one there is [`Yaml::Null`].
///
/// # Errors
/// [`Unread`]: syntax, keys that cannot be in JSON, numbers that cannot.
pub fn read(text: &str) -> Result<Yaml, Unread> {
    let value = read_with_any_number(text)?;
    match value.is_finite() {
        true => Ok(value),
        false => Err(Unread::Refused(
            "a number that is not finite cannot be in JSON".to_owned(),
        )),
    }
}

/// Whether a word without quotes is a text, and no number, no boolean and not nothing.
pub fn is_text(word: &str) -> bool {
    matches!(scalar::plain(word), value::Value::Text(_))
}

/// As [`read`], with numbers that are not finite, of which `Unmarshal` makes texts where texts are expected.
///
/// # Errors
/// As [`read`].
pub fn read_with_any_number(text: &str) -> Result<Yaml, Unread> {
    match document::first(text)? {
        Some(document) => json::of(construct::of(&document)?),
        None => Ok(Yaml::Null),
    }
}
