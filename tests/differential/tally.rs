//! How the cases are spread, so that a run of nothing but pods without a sidecar shows.

use std::collections::BTreeMap;
use std::fmt;

use crate::judge::{Judgement, words};

/// The cases so far by what became of them, and why.
#[derive(Default)]
pub struct Tally {
    cases: usize,
    unknown: usize,
    outcomes: BTreeMap<&'static str, Outcome>,
}

#[derive(Default)]
struct Outcome {
    cases: usize,
    /// By the stage at which it is decided and the reason.
    reasons: BTreeMap<(String, String), usize>,
}

/// How many reasons of an outcome are shown, the most frequent first.
const REASONS: usize = 25;

impl Tally {
    pub fn count(&mut self, judgement: &Judgement) {
        let claim = &judgement.claim;
        self.cases += 1;
        self.unknown += usize::from(claim.outcome == "Unknown");
        let outcome = self.outcomes.entry(judgement.truth.name()).or_default();
        outcome.cases += 1;
        let reason = (claim.decided.clone(), words(&claim.because, 12));
        *outcome.reasons.entry(reason).or_default() += 1;
    }

    pub fn cases(&self) -> usize {
        self.cases
    }

    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.cases.max(1) as f64
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.outcomes {
            writeln!(f, "{name:<12}{:6.1} %", self.percent(outcome.cases))?;
            let mut reasons: Vec<_> = outcome.reasons.iter().collect();
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for ((stage, reason), count) in reasons.iter().take(REASONS) {
                writeln!(f, "{count:>18}   {stage}: {reason}")?;
            }
            if let Some(more @ 1..) = reasons.len().checked_sub(REASONS) {
                writeln!(f, "{:18}   and {more} other reasons", "")?;
            }
        }
        write!(f, "left open   {:6.1} %", self.percent(self.unknown))
    }
}
