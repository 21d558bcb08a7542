//! The exit code, decided in one place and from the diagnoses alone: no format can change it.

use std::process::ExitCode;

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::report::Severity;
use injdoctor_checks::symptoms::{self, Symptom};
use injdoctor_checks::way::Outcome;

use crate::cli::FailOn;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing at or above the threshold.
    Clear,
    /// Findings at or above the threshold.
    Findings,
    /// Wrong usage, or no connection.
    Failure,
    /// Nothing found, yet facts were missing, so that this proves nothing.
    Unknown,
}

impl Exit {
    /// The end of a run that came to one more diagnosis.
    pub fn with(self, diagnosis: &Diagnosis, fail_on: FailOn) -> Self {
        match self {
            Self::Clear | Self::Unknown if fails(diagnosis, fail_on) => Self::Findings,
            Self::Clear if diagnosis.is_unknown() => Self::Unknown,
            before => before,
        }
    }

    /// Its number, as the help lists it.
    pub fn code(self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::Findings => 1,
            Self::Failure => 2,
            Self::Unknown => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Whether a diagnosis has a symptom or a finding at or above the threshold. That the next pod's fate is
/// unknown is none: that is an end of its own.
pub fn fails(diagnosis: &Diagnosis, fail_on: FailOn) -> bool {
    let severities = diagnosis
        .findings
        .iter()
        .map(|(_, finding)| finding.severity);
    let mut all = severities.chain(standing(diagnosis).map(|symptom| symptom.severity));
    all.any(|severity| fail_on.includes(severity))
}

/// Whether something is wrong with the pods of a target that somebody has to put right: what `--wait` waits for.
pub fn is_ill(diagnosis: &Diagnosis) -> bool {
    standing(diagnosis).any(|symptom| symptom.severity >= Severity::Warning)
}

/// What is wrong for certain.
fn standing(diagnosis: &Diagnosis) -> impl Iterator<Item = &Symptom> {
    let predicted = diagnosis.predicted.as_ref();
    let is_unknown = predicted.is_some_and(|one| one.outcome == Outcome::Unknown);
    let symptoms = diagnosis.symptoms.iter();
    symptoms.filter(move |one| !(is_unknown && one.kind == symptoms::Kind::NextPod))
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::Stage;
    use injdoctor_checks::facts::{Kind, Target};
    use injdoctor_checks::registry;
    use injdoctor_checks::report::{Effect, Finding};
    use injdoctor_checks::way::Prediction;

    fn diagnosis(outcome: Outcome, severities: &[Severity]) -> Diagnosis {
        let check = registry().next().unwrap();
        let findings = severities
            .iter()
            .map(|severity| (check, Finding::new(*severity, Effect::Beside, "something")));
        let target = Target {
            kind: Kind::Pod,
            namespace: "shop".into(),
            name: "web".into(),
        };
        Diagnosis {
            predicted: Some(Prediction {
                invalid: None,
                outcome,
                revision: None,
                webhook: None,
                decided: Stage::Called,
                because: String::new(),
                calls: Vec::new(),
            }),
            symptoms: (outcome == Outcome::Rejected)
                .then_some(Symptom {
                    kind: symptoms::Kind::NextPod,
                    severity: Severity::Error,
                    message: String::new(),
                    began: None,
                    root_cause: None,
                })
                .into_iter()
                .collect(),
            findings: findings.collect(),
            ..Diagnosis::new(target)
        }
    }

    #[test]
    fn the_threshold_decides_and_then_what_is_unknown() {
        use FailOn::{Error, Info, Never, Warning};
        use Outcome::{Injected, NotInjected, Rejected, Unknown};
        for (outcome, severities, expected) in [
            (
                Injected,
                &[][..],
                [(Error, 0), (Warning, 0), (Info, 0), (Never, 0)],
            ),
            (
                NotInjected,
                &[Severity::Info],
                [(Error, 0), (Warning, 0), (Info, 1), (Never, 0)],
            ),
            (
                NotInjected,
                &[Severity::Warning],
                [(Error, 0), (Warning, 1), (Info, 1), (Never, 0)],
            ),
            (
                Rejected,
                &[Severity::Error],
                [(Error, 1), (Warning, 1), (Info, 1), (Never, 0)],
            ),
            (
                Rejected,
                &[],
                [(Error, 1), (Warning, 1), (Info, 1), (Never, 0)],
            ),
            (
                Unknown,
                &[],
                [(Error, 3), (Warning, 3), (Info, 3), (Never, 3)],
            ),
            (
                Unknown,
                &[Severity::Warning],
                [(Error, 3), (Warning, 1), (Info, 1), (Never, 3)],
            ),
        ] {
            for (fail_on, code) in expected {
                let exit = Exit::Clear.with(&diagnosis(outcome, severities), fail_on);
                assert_eq!(exit.code(), code, "{outcome} {severities:?} {fail_on:?}");
            }
        }
    }

    #[test]
    fn one_unknown_among_many_is_not_lost() {
        let (good, open) = (
            diagnosis(Outcome::Injected, &[]),
            diagnosis(Outcome::Unknown, &[]),
        );
        let bad = diagnosis(Outcome::Rejected, &[]);
        for (all, expected) in [
            (vec![&good, &open, &good], Exit::Unknown),
            (vec![&open, &bad, &open], Exit::Findings),
            (vec![], Exit::Clear),
        ] {
            let all = all.into_iter();
            let exit = all.fold(Exit::Clear, |exit, one| exit.with(one, FailOn::Warning));
            assert_eq!(exit, expected);
        }
    }
}
