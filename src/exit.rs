//! The exit code, decided in one place and from the diagnoses alone: no format can change it.

use std::process::ExitCode;

use injdoctor_checks::report::Diagnosis;

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
    /// The end of a run that came to these diagnoses.
    pub fn of(diagnoses: &[Diagnosis], fail_on: FailOn) -> Self {
        if diagnoses.iter().any(|diagnosis| fails(diagnosis, fail_on)) {
            Self::Findings
        } else if diagnoses.iter().any(Diagnosis::is_unknown) {
            Self::Unknown
        } else {
            Self::Clear
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

/// Whether a diagnosis has a finding at or above the threshold.
pub fn fails(diagnosis: &Diagnosis, fail_on: FailOn) -> bool {
    let mut findings = diagnosis.findings.iter();
    findings.any(|(_, finding)| fail_on.includes(finding.severity))
}
