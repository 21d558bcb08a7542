//! What an error text means, as programs read it: a contract, as [`super::v1alpha1`] is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::text::Text;
use super::v1alpha1::{Answer, ApiVersion};

/// What `explain --error -o json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The version of this contract.
    pub api_version: ApiVersion,
    /// Always `Explanation`.
    pub kind: ExplanationKind,
    /// The causes that the text tells, best first; empty where it tells none that is known.
    pub matches: Vec<Match>,
    /// What `check` or `webhook` says of what the text names; null where no cluster was looked at.
    #[schemars(with = "Option<Answer>")]
    pub cluster: Option<serde_json::Value>,
}

/// The kind of an explanation.
#[derive(Debug, Serialize, JsonSchema)]
pub enum ExplanationKind {
    /// The only one.
    Explanation,
}

/// A cause that the text tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Match {
    /// The code of the check that finds it in a cluster; null where no check does yet.
    pub code: Option<&'static str>,
    /// Its name in the catalogue.
    pub name: &'static str,
    /// How sure that is, by the text alone.
    pub confidence: Confidence,
    /// Whether a check finds it in the cluster that was looked at; null where none was.
    pub found: Option<bool>,
    /// What it means.
    pub means: Option<&'static str>,
    /// What in the text speaks for it, or what tells it from the others.
    pub because: &'static str,
    /// The names and figures of the text.
    pub values: BTreeMap<String, Text>,
    /// Where the text tells it first.
    pub place: Place,
    /// How often the text tells it.
    pub times: usize,
    /// What decides whether it is this cause.
    pub decide: Option<Decide>,
    /// What fixes it.
    pub fix: Option<Fix>,
}

/// How sure a cause is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The words have other causes as well.
    Possible,
    /// The words have other causes rarely.
    Likely,
    /// The words say it.
    Certain,
}

/// A part of the text, in bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// The first.
    pub start: usize,
    /// The one behind the last.
    pub end: usize,
}

/// What decides whether it is a cause.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Decide {
    /// A command for a shell, which changes nothing. A word in capitals stands for what the text does not name.
    pub command: Text,
    /// What it shows where it is this cause.
    pub tells: Text,
}

/// What fixes a cause.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Fix {
    /// In words.
    pub what: &'static str,
    /// A command for a shell; null where no single one does.
    pub command: Option<Text>,
}
