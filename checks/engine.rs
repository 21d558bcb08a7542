//! From a snapshot to diagnoses: every check on every subject, and the root cause among what they find.

use crate::causes::{About, Check, Verdict};
use crate::diagnosis::{CheckResult, Diagnosis, Status};
use crate::facts::{Kind, Snapshot, Subject};
use crate::registry;
use crate::report::Finding;
use crate::root_cause;
use crate::way::{self, Case, Mesh};

/// One diagnosis for each subject, in the order given.
pub fn diagnose(snapshot: &Snapshot) -> Vec<Diagnosis> {
    let mesh = Mesh::new(snapshot);
    let subjects = snapshot.subjects.iter();
    subjects
        .map(|subject| diagnose_subject(&mesh, subject))
        .collect()
}

/// The diagnosis of one subject of the mesh's snapshot. What does not depend on the subject is worked
/// out once for the mesh.
pub fn diagnose_subject(mesh: &Mesh, subject: &Subject) -> Diagnosis {
    let case = Case::new(mesh, subject);
    // What was looked at for another subject is not of this one.
    drop(case.take_read());
    let is_webhook = subject.target.kind == Kind::MutatingWebhookConfiguration;
    let mut checks = Vec::new();
    let mut findings: Vec<(&'static Check, Finding)> = Vec::new();
    for check in registry() {
        let status = if is_webhook && check.about == About::Pods {
            Status::NotApplicable("it is about pods".to_owned())
        } else {
            match (check.run)(&case) {
                Ok(Verdict::Passed) => Status::Passed,
                Ok(Verdict::NotApplicable(reason)) => Status::NotApplicable(reason),
                Ok(Verdict::Failed(found)) => {
                    findings.extend(found.into_iter().map(|finding| (check, finding)));
                    Status::Failed
                }
                Err(missing) => Status::Unknown(missing),
            }
        };
        checks.push(CheckResult { check, status });
    }
    let predicted = (!is_webhook).then(|| case.prediction().as_ref().clone());
    let root_cause = root_cause::of(predicted.as_ref(), &findings);
    order(&mut findings, root_cause);
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
        unread: case.unread(&case.take_read()),
    }
}

fn order(findings: &mut [(&'static Check, Finding)], root_cause: Option<&'static Check>) {
    let is_root = |check: &Check| root_cause.is_some_and(|root| root.code == check.code);
    findings.sort_by_key(|(check, _)| (!is_root(check), check.stage));
}
