//! The findings of many targets, each cause once.

use std::collections::BTreeMap;

use injdoctor_checks::causes::Check;
use injdoctor_checks::diagnosis::{Causes, Diagnosis};
use injdoctor_checks::report::{Finding, Severity};
use injdoctor_checks::symptoms::{self, Symptom};

use super::unknown;

/// What is wrong with several targets in the same way.
#[derive(Debug)]
pub struct Group<'a> {
    /// The check that found it; none where no check explains what is wrong.
    pub check: Option<&'static Check>,
    /// How bad it is: the worst of the findings, and of the symptoms whose root cause it is.
    pub severity: Severity,
    /// Whether it is the root cause of what happens to them.
    pub root: bool,
    /// What is wrong with the first of the targets.
    pub message: &'a str,
    /// The findings, in the order of the targets; none where no check explains it.
    pub findings: Vec<&'a Finding>,
    /// The targets, in the order given.
    pub targets: Vec<&'a Diagnosis>,
    /// The codes of what merely follows from it.
    pub follows: Vec<&'static Check>,
}

/// What is alike in causes of several namespaces.
type Alike<'a> = (&'static str, bool, Severity, usize, &'a str, &'a str);

/// All findings, the worst root causes first, then what else there is; each cause once. Causes in the objects of
/// several namespaces that are alike are one.
pub fn groups(diagnoses: &[Diagnosis]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut causes = Causes::default();
    let (mut places, mut alike) = (Vec::new(), BTreeMap::new());
    for diagnosis in diagnoses {
        for (index, (check, finding)) in diagnosis.findings.iter().enumerate() {
            if diagnosis.follows(check) {
                continue;
            }
            let root = index == 0 && diagnosis.root_cause.is_some();
            let cause = causes.number(&diagnosis.target, check, root, finding);
            if cause == places.len() {
                let next = groups.len();
                places.push(match key(check, root, finding) {
                    Some(key) => *alike.entry(key).or_insert(next),
                    None => next,
                });
            }
            let at = places.get(cause).copied().unwrap_or(groups.len());
            if at == groups.len() {
                groups.push(Group {
                    check: Some(check),
                    severity: finding.severity,
                    root,
                    message: &finding.message,
                    findings: Vec::new(),
                    targets: Vec::new(),
                    follows: Vec::new(),
                });
            }
            let Some(group) = groups.get_mut(at) else {
                continue;
            };
            let symptoms = diagnosis.symptoms.iter().filter(|_| root);
            let explained =
                symptoms.filter(|one| one.root_cause.is_some_and(|by| by.code == check.code));
            let worst = explained.map(|one| one.severity).max();
            group.severity = worst
                .into_iter()
                .fold(group.severity.max(finding.severity), Ord::max);
            group.findings.push(finding);
            let known = group.targets.last();
            if !known.is_some_and(|last| std::ptr::eq(*last, diagnosis)) {
                group.targets.push(diagnosis);
            }
            for followed in follows(diagnosis).into_iter().filter(|_| root) {
                if !group
                    .follows
                    .iter()
                    .any(|known| known.code == followed.code)
                {
                    group.follows.push(followed);
                }
            }
        }
    }
    groups.extend(unexplained(diagnoses));
    groups.sort_by(|a, b| {
        let rank = |group: &Group| {
            (
                group.severity > Severity::Info,
                group.root,
                group.severity,
                group.targets.len(),
            )
        };
        rank(b).cmp(&rank(a))
    });
    groups
}

/// By what a cause in a namespace or a workload is the same as those of other namespaces.
fn key<'a>(check: &'static Check, root: bool, finding: &'a Finding) -> Option<Alike<'a>> {
    let decisive = finding.evidence.first()?;
    let kind = decisive.object.split('/').next().unwrap_or_default();
    let fixes = finding.fixes.len();
    (!decisive.is_shared()).then(|| {
        let path = decisive.path.as_str();
        (check.code, root, finding.severity, fixes, kind, path)
    })
}

/// What is wrong and is explained by no check, each kind of symptom once. That facts are missing is told elsewhere.
fn unexplained(diagnoses: &[Diagnosis]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for diagnosis in diagnoses {
        let Some(symptom) = diagnosis
            .symptoms
            .first()
            .filter(|one| is_unexplained(diagnosis, one))
        else {
            continue;
        };
        let group = groups
            .entry((symptom.severity, symptom.kind))
            .or_insert(Group {
                check: None,
                severity: symptom.severity,
                root: true,
                message: &symptom.message,
                findings: Vec::new(),
                targets: Vec::new(),
                follows: Vec::new(),
            });
        group.targets.push(diagnosis);
    }
    groups.into_values().collect()
}

fn is_unexplained(diagnosis: &Diagnosis, symptom: &Symptom) -> bool {
    let lacks_facts = unknown::number(diagnosis) > 0 && diagnosis.is_unknown();
    symptom.root_cause.is_none() && (!lacks_facts || symptom.kind == symptoms::Kind::PodsRefused)
}

/// The checks whose findings merely follow from the root cause.
pub fn follows(diagnosis: &Diagnosis) -> Vec<&'static Check> {
    let mut checks: Vec<&Check> = Vec::new();
    for (check, _) in &diagnosis.findings {
        if diagnosis.follows(check) && !checks.iter().any(|known| known.code == check.code) {
            checks.push(check);
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use injdoctor_checks::facts::{Kind, Target};
    use injdoctor_checks::report::{Effect, Evidence};
    use injdoctor_checks::way::Outcome;

    /// A target whose root cause, found by a check of this number, rests on a field of `object`.
    fn diagnosis(namespace: &str, name: &str, check: usize, object: &str) -> Diagnosis {
        let check: &Check = injdoctor_checks::registry().nth(check).unwrap();
        let effect = Effect::Decides(Outcome::NotInjected);
        let finding = Finding::new(Severity::Warning, effect, "something is wrong")
            .evidence(Evidence::new(object, ".metadata.labels"));
        let target = Target {
            kind: Kind::Deployment,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        Diagnosis {
            root_cause: Some(check),
            findings: vec![(check, finding)],
            ..Diagnosis::new(target)
        }
    }

    fn names(diagnoses: &[Diagnosis]) -> Vec<Vec<String>> {
        let groups = groups(diagnoses);
        let targets = |group: &Group| {
            group
                .targets
                .iter()
                .map(|one| format!("{}/{}", one.target.namespace, one.target.name))
                .collect()
        };
        groups.iter().map(targets).collect()
    }

    #[test]
    fn a_cause_in_the_mesh_is_told_once_for_all_namespaces() {
        let service = "service/istiod -n istio-system";
        let all = [
            diagnosis("shop", "a", 0, service),
            diagnosis("pay", "b", 0, service),
            diagnosis("pay", "c", 1, service),
        ];
        assert_eq!(names(&all), [vec!["shop/a", "pay/b"], vec!["pay/c"]]);
    }

    #[test]
    fn two_destinations_are_two_causes() {
        let all = [
            diagnosis("", "a", 0, "deployment/istiod -n istio-system"),
            diagnosis("", "b", 0, "deployment/istiod-canary -n istio-system"),
            diagnosis("", "c", 0, "deployment/istiod -n istio-system"),
            diagnosis("", "d", 1, "mutatingwebhookconfiguration/d"),
            diagnosis("", "e", 1, "mutatingwebhookconfiguration/e"),
        ];
        let expected = [vec!["/a", "/c"], vec!["/b"], vec!["/d"], vec!["/e"]];
        assert_eq!(names(&all), expected);
    }

    #[test]
    fn causes_in_the_workloads_are_told_once_for_all_namespaces() {
        let all = [
            diagnosis("shop", "a", 0, "deployment/a"),
            diagnosis("shop", "b", 0, "deployment/b"),
            diagnosis("pay", "c", 0, "deployment/c"),
        ];
        assert_eq!(names(&all), [vec!["shop/a", "shop/b", "pay/c"]]);
    }
}
