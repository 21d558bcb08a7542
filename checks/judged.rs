//! One subject, judged.

use crate::diagnosis::{Causes, Diagnosis};
use crate::facts::{Kind, Subject, Workload};
use crate::judge::{Judgement, judge};
use crate::report::Fix;
use crate::simulation::Now;
use crate::way::{self, Case, Mesh, Outcome};

/// What is known of a subject to a thread that sees only some of the others.
pub(crate) struct Judged {
    diagnosis: Diagnosis,
    /// The fixes with what comes after them, of the findings at these places: those whose cause no subject had that
    /// the thread judged before.
    foreseen: Vec<(usize, Vec<Fix>)>,
}

impl Judged {
    /// Judges a subject; `causes` are those of the subjects that the thread judged before.
    pub(crate) fn new(mesh: &Mesh, subject: &Subject, causes: &mut Causes) -> Self {
        let case = Case::new(mesh, subject);
        let diagnosis = diagnosis(&case);
        let new = causes.new_in(&diagnosis);
        // Most have nothing new, and need no prediction for it.
        let predicted = (!new.is_empty()).then(|| case.prediction());
        let now = predicted.as_deref().map(|predicted| Now {
            mesh,
            subject,
            case: &case,
            predicted,
        });
        let foresee = |place: usize| {
            let (check, finding) = diagnosis.findings.get(place)?;
            Some((place, now.as_ref()?.foresee(check, finding)))
        };
        Self {
            foreseen: new.into_iter().filter_map(foresee).collect(),
            diagnosis,
        }
    }

    /// The diagnosis; `causes` are those of all subjects before, which have those that the thread saw.
    pub(crate) fn diagnosis(self, causes: &mut Causes) -> Diagnosis {
        let mut diagnosis = self.diagnosis;
        let new = causes.new_in(&diagnosis);
        for (place, fixes) in self.foreseen {
            let finding = diagnosis.findings.get_mut(place);
            if let Some((_, finding)) = finding.filter(|_| new.contains(&place)) {
                finding.fixes = fixes;
            }
        }
        diagnosis
    }
}

/// What is wrong with one subject of the mesh's snapshot and what mends it, but not what comes after that. What does
/// not depend on the subject is worked out once for the mesh.
pub fn judge_subject(mesh: &Mesh, subject: &Subject) -> Diagnosis {
    diagnosis(&Case::new(mesh, subject))
}

fn diagnosis(case: &Case) -> Diagnosis {
    let is_webhook = case.target().kind == Kind::MutatingWebhookConfiguration;
    let Judgement {
        predicted,
        symptoms,
        root_cause,
        findings,
        checks,
    } = judge(
        case,
        (!is_webhook).then(|| way::predict_beside_witnesses(case)),
    );
    let assumptions = predicted
        .as_ref()
        .map(|predicted| way::assumptions(case, predicted));
    let ambient = predicted
        .as_ref()
        .filter(|predicted| predicted.outcome == Outcome::NotInjected)
        .and_then(|_| way::asks_for_ambient(case).ok().flatten());
    let workload = predicted.as_ref().and_then(|_| case.workload().ok());
    Diagnosis {
        target: case.target().clone(),
        assumptions: assumptions.unwrap_or_default(),
        ambient,
        owner: workload.and_then(Workload::owner),
        observed: (!is_webhook).then(|| case.observation().as_ref().clone()),
        webhooks: if is_webhook {
            way::webhook_rows(case)
        } else {
            Vec::new()
        },
        timeline: match is_webhook {
            true => Vec::new(),
            false => way::timeline(case),
        },
        predicted,
        symptoms,
        root_cause,
        findings,
        checks,
        unread: case.unread(),
    }
}
