//! What is to be reached.

use std::fmt;

use super::commands::Candidate;
use super::measure::{Results, mib};

/// How much memory a file may take, as a multiple of its size. With a file of one workload it is 27 MiB, and that of
/// 10,000 pods is 10 MiB: [`Goal::memory_of_recorded`] is what can be reached.
const MEMORY_OF_FILE: f64 = 3.0;

/// A number that may be so large at most.
pub(super) struct Goal {
    title: String,
    value: f64,
    at_most: f64,
    unit: &'static str,
}

impl Goal {
    /// The time of a command as a multiple of another's.
    pub(super) fn time(results: &Results, of: &Candidate, to: &Candidate, at_most: f64) -> Self {
        let value = results.time(of) / results.time(to);
        Self::ratio("time", of, &to.title(), value, at_most)
    }

    /// The memory of a command as a multiple of another's.
    pub(super) fn memory(results: &Results, of: &Candidate, to: &Candidate, at_most: f64) -> Self {
        let value = results.peak(of) / results.peak(to);
        Self::ratio("memory", of, &to.title(), value, at_most)
    }

    /// The memory of a command as a multiple of the file that it reads.
    pub(super) fn memory_of_file(results: &Results, of: &Candidate, size: u64) -> Self {
        let value = results.peak(of) / mib(size);
        let file = format!("its file of {:.0} MiB", mib(size));
        Self::ratio("memory", of, &file, value, MEMORY_OF_FILE)
    }

    /// The memory of a command as a multiple of what the sweep took that its file was recorded by.
    pub(super) fn memory_of_recorded(
        results: &Results,
        of: &Candidate,
        live: &Results,
        sweep: &Candidate,
    ) -> Self {
        let value = results.peak(of) / live.peak(sweep);
        Self::ratio("memory", of, &sweep.title(), value, 1.0)
    }

    /// The time and the memory of a command for a larger mesh as multiples of those for a smaller one.
    pub(super) fn growth(
        of: &Candidate,
        smaller: &Results,
        larger: &Results,
        at_most: f64,
    ) -> [Self; 2] {
        let than = "the same for the smaller mesh";
        let time = larger.time(of) / smaller.time(of);
        let memory = larger.peak(of) / smaller.peak(of);
        [
            Self::ratio("time", of, than, time, at_most),
            Self::ratio("memory", of, than, memory, at_most),
        ]
    }

    /// The time of a command.
    pub(super) fn milliseconds(results: &Results, of: &Candidate, at_most: f64) -> Self {
        Self {
            title: format!("time of {}", of.title()),
            value: results.time(of) * 1000.0,
            at_most,
            unit: " ms",
        }
    }

    /// The memory of a command.
    pub(super) fn mebibytes(results: &Results, of: &Candidate, at_most: f64) -> Self {
        Self {
            title: format!("memory of {}", of.title()),
            value: results.peak(of),
            at_most,
            unit: " MiB",
        }
    }

    fn ratio(what: &str, of: &Candidate, to: &str, value: f64, at_most: f64) -> Self {
        Self {
            title: format!("{what} of {} / {to}", of.title()),
            value,
            at_most,
            unit: "",
        }
    }

    /// What was not measured meets no goal.
    pub(super) fn is_met(&self) -> bool {
        self.value <= self.at_most
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            title,
            value,
            at_most,
            unit,
        } = self;
        let verdict = if self.is_met() { "met" } else { "MISSED" };
        let digits = if unit.is_empty() { 2 } else { 0 };
        write!(
            f,
            "  {verdict:<8}{value:.digits$}{unit} (goal: at most {at_most}{unit})  {title}"
        )
    }
}
