//! From a snapshot to diagnoses.

use crate::diagnosis::{Causes, Diagnosis};
use crate::facts::{Kind, Snapshot, Subject, unread};
use crate::judge::{Judgement, judge};
use crate::plan::Now;
use crate::way::{self, Case, Mesh};

/// One diagnosis for each subject, in the order given.
///
/// What comes after a fix is worked out once for each cause: for the first subject that has it.
pub fn diagnose(snapshot: &Snapshot) -> Vec<Diagnosis> {
    let shared = Mesh::new(snapshot);
    let mut causes = Causes::default();
    let subjects = snapshot.subjects.iter();
    subjects
        .map(|subject| diagnose_subject(&shared, snapshot, subject, &mut causes))
        .collect()
}

fn diagnose_subject(
    shared: &Mesh,
    snapshot: &Snapshot,
    subject: &Subject,
    causes: &mut Causes,
) -> Diagnosis {
    let case = Case::new(shared, subject);
    let is_webhook = subject.target.kind == Kind::MutatingWebhookConfiguration;
    let Judgement {
        predicted,
        root_cause,
        mut findings,
        checks,
    } = judge(&case);
    if let Some(predicted) = &predicted {
        let now = Now {
            mesh: shared,
            snapshot,
            subject,
            case: &case,
            predicted,
        };
        let known = causes.len();
        for (index, (check, finding)) in findings.iter_mut().enumerate() {
            let is_root = index == 0 && root_cause.is_some();
            if causes.number(&subject.target, check, is_root, finding) >= known {
                now.foresee(check, finding);
            }
        }
    }
    Diagnosis {
        target: subject.target.clone(),
        observed: (!is_webhook).then(|| case.observation().as_ref().clone()),
        webhooks: if is_webhook {
            way::webhook_rows(&case)
        } else {
            Vec::new()
        },
        predicted,
        root_cause,
        findings,
        checks,
        unread: unread(snapshot, subject),
    }
}
