//! How a check is declared.

use std::borrow::Cow;

use super::rank::Rank;
use crate::facts::Missing;
use crate::report::Finding;
use crate::stage::Stage;
use crate::way::Case;

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A workload and the pods it makes: `injdoctor check`.
    Pods,
    /// The injection webhooks: those called for a workload's pods, and `injdoctor webhook`.
    Webhooks,
}

/// A check: its declaration, and the pure function that decides.
#[derive(Debug)]
pub struct Check {
    /// `INJ`, the stage's digit and two more. Never reused: `docs/codes.txt` keeps them all.
    pub code: &'static str,
    /// Its name in the catalogue, in kebab case.
    pub name: &'static str,
    /// The stage of the pod's way.
    pub stage: Stage,
    /// What it looks at.
    pub about: About,
    /// The doc comment of its declaration: one sentence, then what it finds, why it matters,
    /// how to heal it, and references, as Markdown.
    pub documentation: &'static str,
    /// What is printed of it in the real cluster of its scenario, as recorded in `docs/outputs`.
    pub output: &'static str,
    /// Which of several findings that decide the same explains the others.
    pub rank: Rank,
    /// The decision.
    pub run: fn(&Case) -> Result<Verdict, Missing>,
}

/// What a check decides where it knows enough.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing is wrong.
    Passed,
    /// The check does not concern this subject, with the reason.
    NotApplicable(Cow<'static, str>),
    /// Something is wrong.
    Failed(Vec<Finding>),
}

impl Verdict {
    /// Failed where there is any finding, else passed.
    pub fn of(findings: impl IntoIterator<Item = Finding>) -> Self {
        let findings: Vec<_> = findings.into_iter().collect();
        if findings.is_empty() {
            Self::Passed
        } else {
            Self::Failed(findings)
        }
    }

    /// It does not concern this subject.
    pub fn not_applicable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::NotApplicable(reason.into())
    }
}

impl Check {
    /// The one sentence that says what it finds.
    pub fn sentence(&self) -> &'static str {
        self.documentation
            .trim()
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
    }

    /// Whether its findings follow from those of an earlier rank: what labels ask for, and that nobody
    /// asks. What is about webhooks or a later stage stands for itself.
    pub fn yields(&self) -> bool {
        match self.rank {
            Rank::Excluded | Rank::Webhooks => false,
            Rank::Contradiction | Rank::Pod | Rank::Plain => self.stage == Stage::Called,
            Rank::Silence => true,
        }
    }

    /// The documentation as Markdown, without the blank that a doc comment puts before each line.
    pub fn markdown(&self) -> String {
        let lines = self.documentation.lines();
        let text: Vec<_> = lines
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        text.join("\n").trim().to_owned()
    }
}

/// Declares a check: `pub(crate) static CHECK`, its documentation captured from the doc comment.
macro_rules! declare_check {
    (
        $(#[doc = $doc:literal])+
        $code:literal, $name:literal, $stage:ident, about $about:ident, $(rank $rank:ident,)?
        run
    ) => {
        $(#[doc = $doc])+
        pub(crate) static CHECK: $crate::causes::Check = $crate::causes::declare::Check {
            code: $code,
            name: $name,
            stage: $crate::stage::Stage::$stage,
            about: $crate::causes::About::$about,
            documentation: concat!($($doc, "\n"),+),
            output: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../docs/outputs/",
                $code,
                ".txt"
            )),
            rank: $crate::causes::declare::rank!($($rank)?),
            run,
        };
    };
}

/// The rank of a check, which is a plain one where the declaration says nothing.
macro_rules! rank {
    () => {
        $crate::causes::Rank::Plain
    };
    ($rank:ident) => {
        $crate::causes::Rank::$rank
    };
}

pub(crate) use {declare_check, rank};
