//! What a run said, of whichever kind its answer is.

use anyhow::Result;
use serde_json::Value;
use testcluster::Answer;

use crate::commands::Prints;
use crate::view::View;

#[derive(Clone, Debug)]
pub enum Said {
    Diagnoses(Answer),
    View(View),
}

impl Said {
    /// The answer of a run.
    pub fn read(prints: Prints, stdout: &[u8], exit: i32) -> Result<Self> {
        Ok(match prints {
            Prints::View => Self::View(View::read(stdout, exit)?),
            Prints::Diagnoses | Prints::Snapshot => Self::Diagnoses(Answer::read(stdout, exit)?),
        })
    }

    /// Whether another run said the same, at another time.
    pub fn is_same(&self, other: &Self) -> bool {
        self.exit() == other.exit() && self.without_clock() == other.without_clock()
    }

    /// Where another answer to the same question says something else than this one, instead of less.
    pub fn contradictions(&self, fewer: &Self, everything: &Answer) -> Vec<String> {
        match (self, fewer) {
            (Self::Diagnoses(all), Self::Diagnoses(fewer)) => {
                all.contradictions_beside(fewer, everything)
            }
            (Self::View(all), Self::View(fewer)) => all.contradictions(fewer),
            _ => vec!["it is an answer of another kind".to_owned()],
        }
    }

    /// Whether it says that a read brought nothing; `is_it` tells its entry. A view says so of revisions
    /// that it lacks, and what it does not know of the others is unknown: that is looked at with its contradictions.
    pub fn is_told(&self, is_it: impl Fn(&Value) -> bool) -> bool {
        match self {
            Self::Diagnoses(answer) => answer.unread().any(is_it),
            Self::View(_) => true,
        }
    }

    fn exit(&self) -> i32 {
        match self {
            Self::Diagnoses(answer) => answer.exit(),
            Self::View(view) => view.exit(),
        }
    }

    fn without_clock(&self) -> Vec<Value> {
        match self {
            Self::Diagnoses(answer) => answer.without_clock(),
            Self::View(view) => vec![view.without_clock()],
        }
    }
}
