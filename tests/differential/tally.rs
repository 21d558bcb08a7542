//! How the cases are spread, so that a run of nothing but pods without a sidecar shows.

use std::collections::BTreeMap;
use std::fmt;

use crate::judge::{Judgement, words};
use crate::unknowns::{self, MOST, Reason, are_too_many};

/// The cases so far by what became of them, and why.
#[derive(Default)]
pub struct Tally {
    cases: usize,
    unknown: usize,
    /// Those that another vendor decided otherwise, as injdoctor says that it may.
    assumed: usize,
    /// Those left open, by the words of the reason.
    open: BTreeMap<&'static str, (&'static Reason, usize)>,
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
        self.assumed += usize::from(judgement.is_assumed());
        if claim.outcome == "Unknown" {
            self.unknown += 1;
            if let Some(reason) = unknowns::reason(&claim.because) {
                self.open.entry(reason.words).or_insert((reason, 0)).1 += 1;
            }
        }
        let outcome = self.outcomes.entry(judgement.truth.name()).or_default();
        outcome.cases += 1;
        let reason = (claim.decided.clone(), words(&claim.because, 12));
        *outcome.reasons.entry(reason).or_default() += 1;
    }

    pub fn cases(&self) -> usize {
        self.cases
    }

    /// What is left open more often than it may be.
    pub fn too_open(&self) -> Vec<String> {
        let complaint = |what: &str, open, most| {
            are_too_many(open, self.cases, most).then(|| {
                let share = self.percent(open);
                format!("{what}: {share:.2} % are left open, {most} % may be")
            })
        };
        let reasons = self.open.values();
        reasons
            .filter_map(|(reason, open)| complaint(reason.words, *open, reason.most))
            .chain(complaint("all reasons", self.unknown, MOST))
            .collect()
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
        writeln!(f, "assumed     {:6.1} %", self.percent(self.assumed))?;
        write!(f, "left open   {:6.1} %", self.percent(self.unknown))?;
        for (reason, open) in self.open.values() {
            write!(f, "\n{:>11.2} %   {}", self.percent(*open), reason.words)?;
        }
        Ok(())
    }
}
