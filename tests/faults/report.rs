//! What is said of the disturbed runs that went wrong.

use std::collections::BTreeMap;

use testcluster::Disturbance;

/// How many runs of a fault are told; of the others only the number.
const TOLD: usize = 3;

/// How long a reason may be, in characters.
const LONG: usize = 300;

/// A run that went wrong, with everything that is wrong with it.
pub struct Failure {
    pub disturbance: Disturbance,
    pub wrong: Vec<String>,
}

/// All failures, by the fault.
pub fn report(failures: &[Failure], runs: usize) -> String {
    let mut by_fault = BTreeMap::<String, Vec<&Failure>>::new();
    for failure in failures {
        let fault = format!("{:?}", failure.disturbance.fault);
        by_fault.entry(fault).or_default().push(failure);
    }
    let mut lines = vec![format!(
        "{} of {runs} disturbed runs went wrong",
        failures.len()
    )];
    for (fault, failures) in by_fault {
        lines.push(format!("{fault}: {} times", failures.len()));
        for failure in failures.iter().take(TOLD) {
            let Disturbance { read, times, .. } = &failure.disturbance;
            lines.push(format!("  {times:?} at {read}"));
            let reasons = failure.wrong.iter().take(TOLD);
            lines.extend(reasons.map(|reason| format!("    {}", short(reason))));
            let more = failure.wrong.len().saturating_sub(TOLD);
            lines.extend((more > 0).then(|| format!("    and {more} more")));
        }
    }
    lines.join("\n")
}

fn short(text: &str) -> String {
    let mut chars = text.chars();
    let short: String = chars.by_ref().take(LONG).collect();
    match chars.next() {
        Some(_) => format!("{short}..."),
        None => short,
    }
}
