//! From what a text says to the causes of the catalogue.

mod call;
mod control_plane;
mod denied;
mod node;
mod proxy;
mod tools;

use super::{Found, Surroundings, What};

/// A cause that a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// How sure that is, by the text alone.
    pub confidence: Confidence,
    /// What in the text speaks for it, or what tells it from the others.
    pub because: &'static str,
    /// Its place among the causes of the same words.
    pub(super) rank: usize,
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The words have other causes as well.
    Possible,
    /// The words have other causes rarely.
    Likely,
    /// The words say it.
    Certain,
}

impl Confidence {
    /// Its name in JSON and text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A list of causes in the making, best first.
#[derive(Default)]
struct Causes {
    list: Vec<Cause>,
}

impl Causes {
    fn of(confidence: Confidence, name: &'static str, because: &'static str) -> Self {
        let mut causes = Self::default();
        causes.push(confidence, name, because);
        causes
    }

    fn certain(name: &'static str, because: &'static str) -> Self {
        Self::of(Confidence::Certain, name, because)
    }

    fn likely(name: &'static str, because: &'static str) -> Self {
        Self::of(Confidence::Likely, name, because)
    }

    fn possible(name: &'static str, because: &'static str) -> Self {
        Self::of(Confidence::Possible, name, because)
    }

    /// Another one, which is no more than possible.
    fn or(mut self, name: &'static str, because: &'static str) -> Self {
        self.push(Confidence::Possible, name, because);
        self
    }

    fn push(&mut self, confidence: Confidence, name: &'static str, because: &'static str) {
        let rank = self.list.len();
        self.list.push(Cause {
            name,
            confidence,
            because,
            rank,
        });
    }
}

/// The causes of what a text says, best first.
pub(super) fn causes(found: &Found, surroundings: &Surroundings) -> Vec<Cause> {
    let causes = match found.what {
        What::Call(what) => call::causes(what, found, surroundings),
        What::Denied(what) => denied::causes(what),
        What::Node(what) => node::causes(what),
        What::Proxy(what) => proxy::causes(what, surroundings),
        What::ControlPlane(what) => control_plane::causes(what),
        What::Tool(what) => tools::causes(what),
    };
    causes.list
}
