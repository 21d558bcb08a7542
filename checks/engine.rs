//! From a snapshot to diagnoses.

use crate::diagnosis::{Causes, Diagnosis};
use crate::facts::{Kind, Snapshot, Subject, Workload};
use crate::judge::{Judgement, judge};
use crate::simulation::Now;
use crate::way::{self, Case, Mesh, Outcome};

/// One diagnosis for each subject, in the order given.
///
/// What comes after a fix is worked out once for each cause: for the first subject that has it.
pub fn diagnose(snapshot: &Snapshot) -> Vec<Diagnosis> {
    let mesh = Mesh::new(snapshot);
    let mut causes = Causes::default();
    let subjects = snapshot.subjects.iter();
    subjects
        .map(|subject| diagnose_subject(&mesh, subject, &mut causes))
        .collect()
}

/// The diagnosis of one subject of the mesh's snapshot. What does not depend on the subject is worked
/// out once for the mesh; `causes` are those of the subjects before.
pub fn diagnose_subject(mesh: &Mesh, subject: &Subject, causes: &mut Causes) -> Diagnosis {
    let case = Case::new(mesh, subject);
    let is_webhook = subject.target.kind == Kind::MutatingWebhookConfiguration;
    let Judgement {
        predicted,
        symptoms,
        root_cause,
        mut findings,
        checks,
    } = judge(
        &case,
        (!is_webhook).then(|| way::predict_beside_witnesses(&case)),
    );
    if !is_webhook {
        let now = Now {
            mesh,
            subject,
            case: &case,
            predicted: &case.prediction(),
        };
        let known = causes.len();
        for (index, (check, finding)) in findings.iter_mut().enumerate() {
            let is_root = index == 0 && root_cause.is_some();
            if causes.number(&subject.target, check, is_root, finding) >= known {
                now.foresee(check, finding);
            }
        }
    }
    let assumptions = predicted
        .as_ref()
        .map(|predicted| way::assumptions(&case, predicted));
    let ambient = predicted
        .as_ref()
        .filter(|predicted| predicted.outcome == Outcome::NotInjected)
        .and_then(|_| way::asks_for_ambient(&case).ok().flatten());
    let workload = predicted.as_ref().and_then(|_| case.workload().ok());
    Diagnosis {
        target: subject.target.clone(),
        assumptions: assumptions.unwrap_or_default(),
        ambient,
        owner: workload.and_then(Workload::owner),
        observed: (!is_webhook).then(|| case.observation().as_ref().clone()),
        webhooks: if is_webhook {
            way::webhook_rows(&case)
        } else {
            Vec::new()
        },
        timeline: match is_webhook {
            true => Vec::new(),
            false => way::timeline(&case),
        },
        predicted,
        symptoms,
        root_cause,
        findings,
        checks,
        unread: case.unread(),
    }
}
