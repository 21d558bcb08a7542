//! How the cases are spread, so that a run of nothing but pods without a sidecar shows.

use std::collections::BTreeMap;
use std::fmt;

use crate::judge::Judgement;

/// The cases so far by what became of them and where that was decided.
#[derive(Default)]
pub struct Tally {
    cases: usize,
    outcomes: BTreeMap<&'static str, BTreeMap<String, usize>>,
    unknown: usize,
}

impl Tally {
    pub fn count(&mut self, judgement: &Judgement) {
        self.cases += 1;
        self.unknown += usize::from(judgement.claim.outcome == "Unknown");
        let decided = self.outcomes.entry(judgement.truth.name()).or_default();
        *decided.entry(judgement.claim.decided.clone()).or_default() += 1;
    }

    pub fn cases(&self) -> usize {
        self.cases
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |count: usize| 100.0 * count as f64 / self.cases.max(1) as f64;
        for (outcome, stages) in &self.outcomes {
            let all = stages.values().sum();
            let stages = stages.iter().map(|(stage, count)| format!("{stage} {:.1} %", percent(*count)));
            writeln!(f, "{outcome:<12}{:5.1} %   {}", percent(all), stages.collect::<Vec<_>>().join(", "))?;
        }
        write!(f, "left open   {:5.1} %", percent(self.unknown))
    }
}
