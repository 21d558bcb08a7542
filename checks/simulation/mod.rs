//! What comes after a fix: its changes are made in a copy of the snapshot, which is judged again. Where
//! another obstacle stands behind the first, what clears that away follows as the next step of one plan.

mod controllers;
mod patched;

use crate::causes::{Check, Verdict};
use crate::facts::Subject;
use crate::fixes;
use crate::judge::judge;
use crate::report::{After, Effect, Finding, Fix, Next, Risk, Step, Way};
use crate::symptoms;
use crate::way::{Case, Mesh, Outcome, Prediction};

use patched::{alone, patched};

/// The most steps of a plan.
const MOST: usize = 4;

/// A subject as it is now.
#[derive(Debug)]
pub struct Now<'n, 'a> {
    /// What is worked out for the snapshot.
    pub mesh: &'a Mesh<'a>,
    /// The subject.
    pub subject: &'a Subject,
    /// What checks see of it.
    pub case: &'n Case<'a>,
    /// What is expected to happen to the next pod, whatever happened to others before.
    pub predicted: &'n Prediction,
}

impl Now<'_, '_> {
    /// The fixes of a finding with what comes after each. A fix that changes nothing is not among them, one that does
    /// not bring about what it is for stands behind the others.
    pub fn foresee(&self, check: &Check, finding: &Finding) -> Vec<Fix> {
        let fixes = finding.fixes.iter().cloned();
        let plans = fixes.filter_map(|fix| self.with_plan(check, finding, fix));
        let mut fixes: Vec<_> = plans.collect();
        fixes.sort_by_key(misses);
        fixes
    }

    fn with_plan(&self, check: &Check, finding: &Finding, mut fix: Fix) -> Option<Fix> {
        let does_something = fix.all_steps().any(|step| !step.only_shows());
        if fix.risk == Risk::ReadOnly || !does_something {
            return Some(fix);
        }
        let mut world = match patched(alone(self.mesh, self.subject), &fix.steps) {
            Ok(world) => world,
            Err(why) => {
                fix.after = Some(After::Open(why));
                return Some(fix);
            }
        };
        loop {
            let mesh = self.mesh.changed(&world);
            let case = Case::new(&mesh, world.subjects.first()?);
            let predicted = case.prediction();
            let changes_nothing = fix.then.is_empty() && is_same(&predicted, self.predicted);
            if changes_nothing && is_word_against(finding, self.predicted) {
                let why = "no prediction explains the refusal";
                fix.after = Some(After::Open(why.to_owned()));
                return Some(fix);
            }
            // How pods start is not worked out: only new ones show it.
            let shows = finding.effect != Effect::NotReady;
            if changes_nothing && shows && !fix.steps.is_empty() && is_found(check, &case, finding)
            {
                return None;
            }
            fix.after = Some(After::from(&*predicted));
            if fix.then.len() + 1 >= MOST || !self.leads_on(finding, &fix, &predicted) {
                return Some(fix);
            }
            let Some((because, best)) = best_fix(&case, fix.aim) else {
                return Some(fix);
            };
            if fix.title == best.title || fix.then.iter().any(|next| next.title == best.title) {
                return Some(fix);
            }
            let changed = patched(world.clone(), &best.steps);
            self.append(&mut fix, because, best, predicted.outcome);
            match changed {
                Ok(changed) => world = changed,
                Err(why) => {
                    fix.after = Some(After::Open(why));
                    return Some(fix);
                }
            }
        }
    }

    /// Whether more has to be done after a fix: it does not bring about what it is for, and that is not
    /// because of what was in the way before.
    fn leads_on(&self, finding: &Finding, fix: &Fix, predicted: &Prediction) -> bool {
        let before = self.predicted.outcome;
        let decides = matches!(finding.effect, Effect::Decides(outcome) if outcome == before);
        match predicted.outcome {
            Outcome::Injected | Outcome::Unknown => false,
            Outcome::Rejected => decides || before != Outcome::Rejected,
            Outcome::NotInjected => decides && fix.aim == Outcome::Injected,
        }
    }

    /// Puts a fix behind another. The pods are restarted once, at the end; where that is a change of their
    /// template, the workload replaces them by itself.
    fn append(&self, fix: &mut Fix, because: String, best: Fix, before: Outcome) {
        let replaces_pods = best.steps.iter().any(|step| self.is_of_template(step));
        if replaces_pods || !best.restart.is_empty() {
            fix.restart = best.restart;
        } else if before == Outcome::NotInjected && fix.restart.is_empty() {
            fix.restart = fixes::restart(self.case).unwrap_or_default().steps;
        }
        fix.risk = fix.risk.max(best.risk);
        fix.then.push(Next {
            because,
            title: best.title,
            steps: best.steps,
        });
    }

    fn is_of_template(&self, step: &Step) -> bool {
        let Step::Change { change, .. } = step else {
            return false;
        };
        let object = &change.object;
        let chain = self.case.chain().unwrap_or_default();
        let own = chain.iter().any(|workload| {
            object.kind == workload.kind.name()
                && workload.metadata.name.as_ref() == Some(&object.name)
        });
        own && change.way != Way::ByHand
            && object.namespace.as_ref() == Some(&self.subject.target.namespace)
    }
}

/// Whether a fix is known not to bring about what it is for.
fn misses(fix: &Fix) -> bool {
    matches!(&fix.after, Some(After::Predicted { outcome, .. }) if match fix.aim {
        Outcome::Injected => *outcome != Outcome::Injected,
        _ => *outcome == Outcome::Rejected,
    })
}

fn is_same(one: &Prediction, other: &Prediction) -> bool {
    (one.outcome, &one.revision, &one.because, &one.webhook)
        == (
            other.outcome,
            &other.revision,
            &other.because,
            &other.webhook,
        )
}

/// Whether a finding rests on the API server's word against what is predicted: whether that is over after a change, no
/// prediction shows.
fn is_word_against(finding: &Finding, predicted: &Prediction) -> bool {
    finding.effect == Effect::Decides(Outcome::Rejected) && predicted.outcome != Outcome::Rejected
}

/// Whether a check still finds the same.
fn is_found(check: &Check, case: &Case, finding: &Finding) -> bool {
    match (check.run)(case) {
        Ok(Verdict::Failed(found)) => found.iter().any(|one| one.message == finding.message),
        Ok(_) => false,
        Err(_) => true,
    }
}

/// The root cause of what is predicted, and the best that can be done about it, where that is for the same
/// end, and more than to look.
fn best_fix(case: &Case, aim: Outcome) -> Option<(String, Fix)> {
    let judgement = judge(case, Some(case.prediction().as_ref().clone()));
    let mut symptoms = judgement.symptoms.iter();
    let of_the_next_pod = symptoms.find(|one| one.kind == symptoms::Kind::NextPod)?;
    let root = of_the_next_pod.root_cause?;
    let mut findings = judgement.findings.into_iter();
    let (_, finding) = findings.find(|(check, _)| check.code == root.code)?;
    let best = finding.fixes.into_iter().next()?;
    let leads_on = best.aim == aim && best.risk != Risk::ReadOnly && !best.steps.is_empty();
    leads_on.then_some((finding.message, best))
}
