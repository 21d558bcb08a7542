//! Opt-outs that stand against a request.

use crate::report::{Finding, Severity};
use crate::way::asked::Said;

/// An opt-out, which is as designed, and a contradiction where somebody asks for injection all the same.
pub fn opposed(mut finding: Finding, asked: Option<Said>) -> Finding {
    let Some(asked) = asked else {
        return finding;
    };
    finding.severity = Severity::Warning;
    let words = asked.in_words();
    finding.message = format!("{}, although {words} asks for injection", finding.message);
    finding.evidence(asked.evidence)
}
