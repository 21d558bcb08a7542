//! How a check is declared.

use crate::facts::{Facts, Missing, Need};
use crate::report::Finding;

/// The stages of a pod's way, and the mesh that it goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// What concerns the mesh as a whole, or the reading of it.
    Mesh,
    /// The API server calls an injection webhook for the pod.
    Called,
    /// The call reaches istiod, and both trust each other.
    Reached,
    /// istiod wants to inject the pod.
    Wanted,
    /// istiod can render the sidecar for the pod.
    Rendered,
}

impl Stage {
    /// All stages, in the order of their digits.
    pub const ALL: [Self; 5] = [
        Self::Mesh,
        Self::Called,
        Self::Reached,
        Self::Wanted,
        Self::Rendered,
    ];

    /// The stage's name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mesh => "mesh",
            Self::Called => "called",
            Self::Reached => "reached",
            Self::Wanted => "wanted",
            Self::Rendered => "rendered",
        }
    }

    /// The first digit of the codes of its checks.
    pub const fn digit(self) -> u8 {
        match self {
            Self::Mesh => 0,
            Self::Called => 1,
            Self::Reached => 2,
            Self::Wanted => 3,
            Self::Rendered => 4,
        }
    }
}

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
    /// The facts it reads, exactly.
    pub needs: &'static [Need],
    /// Names of the checks whose findings merely follow from this one's.
    pub folds: &'static [&'static str],
    /// The decision.
    pub run: fn(&Facts) -> Result<Verdict, Missing>,
}

/// What a check decides where it knows enough.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Nothing is wrong.
    Passed,
    /// The check does not concern this subject, with the reason.
    NotApplicable(String),
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
    pub fn not_applicable(reason: impl Into<String>) -> Self {
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
        $code:literal, $name:literal, $stage:ident, about $about:ident,
        needs [$($need:ident),* $(,)?],
        folds [$($folded:literal),* $(,)?],
        $run:ident
    ) => {
        $(#[doc = $doc])+
        pub(crate) static CHECK: $crate::check::Check = $crate::check::Check {
            code: $code,
            name: $name,
            stage: $crate::check::Stage::$stage,
            about: $crate::check::About::$about,
            documentation: concat!($($doc, "\n"),+),
            needs: &[$($crate::facts::Need::$need),*],
            folds: &[$($folded),*],
            run: $run,
        };
    };
}

/// The checks of a topic: one word makes a file a module and registers its check.
macro_rules! checks {
    ($($module:ident),+ $(,)?) => {
        $(mod $module;)+
        /// The checks of this topic, in the order of the pod's way.
        pub(crate) static CHECKS: &[&$crate::check::Check] = &[$(&$module::CHECK),+];
    };
}

pub(crate) use {checks, declare_check};
