//! A string of the contract.

use std::borrow::Cow;

use injdoctor_checks::report::is_invisible;
use schemars::JsonSchema;
use serde::ser::{Serialize, Serializer};
use serde_saphyr::DoubleQuoted;

use super::escape::is_plain;

/// A string. In YAML it stands in double quotes where it holds a character that has to be spelt out,
/// for only there that can be done. In JSON it always does.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Text(Cow<'static, str>);

impl From<Cow<'static, str>> for Text {
    fn from(text: Cow<'static, str>) -> Self {
        Self(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.clone().into()
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(text.into())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            // What stands in the program holds no such character.
            Cow::Owned(text) if !is_plain(text) && text.contains(is_invisible) => {
                DoubleQuoted(text).serialize(serializer)
            }
            text => serializer.serialize_str(text),
        }
    }
}
