//! Causes by what the user calls them, and the choice of those that count.

use std::collections::BTreeMap;

use injdoctor_checks::causes::{Cause, Check, catalogue};
use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::symptoms::{Kind, Symptom};

/// The cause of a code, of the number in it, or of a name.
///
/// # Errors
/// What may have been meant.
pub fn find(subject: &str) -> Result<Cause, String> {
    let found = catalogue().find(|cause| {
        let code = cause.code().unwrap_or_default();
        let mut names = [code, digits(code), cause.name()].into_iter();
        names.any(|name| !subject.is_empty() && name.eq_ignore_ascii_case(subject))
    });
    found.ok_or_else(|| {
        format!(
            "{subject:?} is neither a code nor a name; did you mean {}? `injdoctor explain` lists all",
            nearest(subject)
        )
    })
}

/// The check of a code, of the number in it, or of a name.
///
/// # Errors
/// What may have been meant; that no check finds the cause yet.
pub fn check(subject: &str) -> Result<&'static Check, String> {
    match find(subject)? {
        Cause::Checked(check) => Ok(check),
        Cause::Described(described) => Err(format!("no check finds {} yet", described.name)),
    }
}

/// The number in a code.
fn digits(code: &str) -> &str {
    code.trim_start_matches("INJ")
}

fn nearest(subject: &str) -> String {
    let (code, name) = (subject.to_uppercase(), subject.to_lowercase());
    let likeness = |cause: Cause| {
        let by_code = cause.code().map_or(0.0, |one| {
            let by_number = strsim::jaro_winkler(digits(one), &code);
            by_number.max(strsim::jaro_winkler(one, &code))
        });
        by_code.max(strsim::jaro_winkler(cause.name(), &name))
    };
    let nearest = catalogue().reduce(|best, cause| {
        if likeness(cause) > likeness(best) {
            cause
        } else {
            best
        }
    });
    nearest.map_or_else(String::new, title)
}

/// The code, where there is one, and the name.
pub fn title(cause: Cause) -> String {
    match cause.code() {
        Some(code) => format!("{code} {}", cause.name()),
        None => cause.name().to_owned(),
    }
}

/// Which findings count.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// Those of these checks.
    Only(&'a [&'static Check]),
    /// All but those of these checks.
    AllBut(&'a [&'static Check]),
}

/// What was left out: the code and name of each check, and of how many diagnoses.
pub type LeftOut = BTreeMap<(&'static str, &'static str), usize>;

impl Choice<'_> {
    /// Whether all count.
    pub fn is_all(self) -> bool {
        matches!(self, Self::AllBut([]))
    }

    fn includes(self, check: &Check) -> bool {
        let is_in = |all: &[&Check]| all.iter().any(|one| one.code == check.code);
        match self {
            Self::Only(these) => is_in(these),
            Self::AllBut(these) => !is_in(these),
        }
    }

    /// Leaves the findings out that do not count, and the symptoms whose root cause they are. A refusal that stands stays
    /// whatever its cause, and so does what nothing explains: who knows a cause need not read of it, but that pods
    /// cannot be created is never well.
    pub fn narrow(self, diagnosis: &mut Diagnosis, left_out: &mut LeftOut) {
        let before = diagnosis.findings.len();
        diagnosis.findings.retain(|(check, _)| {
            let counts = self.includes(check);
            if !counts {
                *left_out.entry((check.code, check.name)).or_default() += 1;
            }
            counts
        });
        if diagnosis.findings.len() == before {
            return;
        }
        diagnosis.root_cause.take_if(|root| !self.includes(root));
        let stands = |symptom: &Symptom| symptom.kind == Kind::PodsRefused;
        let counts = |symptom: &Symptom| symptom.root_cause.is_none_or(|root| self.includes(root));
        let symptoms = &mut diagnosis.symptoms;
        symptoms.retain(|symptom| stands(symptom) || counts(symptom));
        for symptom in symptoms {
            symptom.root_cause.take_if(|root| !self.includes(root));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::facts::Snapshot;

    /// A recorded cluster in which pods are refused.
    fn refused() -> Diagnosis {
        let snapshot: Snapshot = serde_json::from_str(crate::demo::SCENARIOS[0].snapshot).unwrap();
        injdoctor_checks::diagnose(&snapshot).remove(0)
    }

    #[test]
    fn what_is_left_out_takes_its_symptoms_along_and_no_others() {
        let whole = refused();
        let root = whole.root_cause.unwrap();
        let other = injdoctor_checks::registry()
            .find(|check| {
                whole
                    .findings
                    .iter()
                    .all(|(found, _)| found.code != check.code)
            })
            .unwrap();
        for (choice, has_root) in [
            (Choice::AllBut(&[]), true),
            (Choice::AllBut(&[other]), true),
            (Choice::Only(&[root]), true),
            (Choice::AllBut(&[root]), false),
            (Choice::Only(&[other]), false),
        ] {
            let (mut diagnosis, mut left_out) = (whole.clone(), LeftOut::new());
            choice.narrow(&mut diagnosis, &mut left_out);
            assert_eq!(diagnosis.root_cause.is_some(), has_root, "{choice:?}");
            let symptoms = diagnosis.symptoms.iter();
            let of_root =
                symptoms.filter(|one| one.root_cause.is_some_and(|one| one.code == root.code));
            assert_eq!(of_root.count() > 0, has_root, "{choice:?}");
            assert_eq!(left_out.contains_key(&(root.code, root.name)), !has_root);
            let mut symptoms = diagnosis.symptoms.iter();
            assert!(symptoms.any(|one| one.kind == Kind::PodsRefused));
        }
        let mut unexplained = whole;
        for symptom in &mut unexplained.symptoms {
            symptom.root_cause = None;
        }
        let number = unexplained.symptoms.len();
        Choice::AllBut(&[root]).narrow(&mut unexplained, &mut LeftOut::new());
        assert_eq!(unexplained.symptoms.len(), number);
    }

    #[test]
    fn a_check_is_found_by_code_number_or_name() {
        let first = injdoctor_checks::registry().next().unwrap();
        for subject in [
            first.code,
            &first.code.to_lowercase(),
            digits(first.code),
            first.name,
        ] {
            assert_eq!(check(subject).unwrap().code, first.code);
        }
        assert!(
            check("pod-too-large")
                .unwrap_err()
                .contains("no check finds")
        );
        assert!(check("INJ10I").unwrap_err().contains("did you mean INJ10"));
    }
}
