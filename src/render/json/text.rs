//! A string of the contract.

use injdoctor_checks::report::is_invisible;
use schemars::JsonSchema;
use serde::ser::{Serialize, Serializer};
use serde_saphyr::DoubleQuoted;

/// A string. In YAML it stands in double quotes where it holds a character that has to be spelt out,
/// for only there that can be done. In JSON it always does.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Text(String);

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.contains(is_invisible) {
            DoubleQuoted(&self.0).serialize(serializer)
        } else {
            serializer.serialize_str(&self.0)
        }
    }
}
