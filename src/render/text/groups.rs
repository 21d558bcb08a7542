//! The findings of many targets, each cause once.

use injdoctor_checks::causes::Check;
use injdoctor_checks::diagnosis::{Causes, Diagnosis};
use injdoctor_checks::report::{Does, Finding, Fix, Object, Step};

/// What is wrong with several targets in the same way.
#[derive(Debug)]
pub struct Group<'a> {
    /// The check that found it.
    pub check: &'static Check,
    /// The finding of the first of the targets.
    pub finding: &'a Finding,
    /// Whether it is the root cause of what happens to them.
    pub root: bool,
    /// The targets, in the order given.
    pub targets: Vec<&'a Diagnosis>,
    /// The codes of what merely follows from it.
    pub follows: Vec<&'static Check>,
}

impl Group<'_> {
    /// Whether what heals differs from one target to another.
    pub fn fixes_differ(&self) -> bool {
        let Some((first, others)) = self.targets.split_first() else {
            return false;
        };
        let namespace = &first.target.namespace;
        let several = others.iter().any(|one| one.target.namespace != *namespace);
        let is_of_target = |object: &Object| match object.namespace.as_ref() {
            Some(own) => own == namespace && object.workload_kind().is_some(),
            None => several && object.kind == "Namespace",
        };
        let differs = |step: &Step| match step {
            Step::Change { change, .. } => is_of_target(&change.object),
            Step::Command { does, .. } => *does == Does::Restarts,
        };
        !others.is_empty()
            && self
                .finding
                .fixes
                .iter()
                .flat_map(Fix::all_steps)
                .any(differs)
    }
}

/// All findings, the worst root causes first, then what else there is; each cause once.
pub fn groups(diagnoses: &[Diagnosis]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut causes = Causes::default();
    for diagnosis in diagnoses {
        for (index, (check, finding)) in diagnosis.findings.iter().enumerate() {
            if diagnosis.follows(check) {
                continue;
            }
            let root = index == 0 && diagnosis.root_cause.is_some();
            let at = causes.number(&diagnosis.target, check, root, finding);
            match groups.get_mut(at) {
                Some(group) => group.targets.push(diagnosis),
                None => groups.push(Group {
                    check,
                    finding,
                    root,
                    targets: vec![diagnosis],
                    follows: Vec::new(),
                }),
            }
            if let Some(group) = groups.get_mut(at).filter(|group| group.root) {
                for followed in follows(diagnosis) {
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
    }
    groups.sort_by(|a, b| {
        let rank = |group: &Group| (group.root, group.finding.severity, group.targets.len());
        rank(b).cmp(&rank(a))
    });
    groups
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
    use injdoctor_checks::report::{Effect, Evidence, Severity};
    use injdoctor_checks::way::Outcome;

    /// A target whose root cause, found by a check of this number, rests on a field of `object`.
    fn diagnosis(namespace: &str, name: &str, check: usize, object: &str) -> Diagnosis {
        let check: &Check = injdoctor_checks::registry().nth(check).unwrap();
        let effect = Effect::Decides(Outcome::NotInjected);
        let finding = Finding::new(Severity::Warning, effect, "something is wrong")
            .evidence(Evidence::new(object, ".metadata.labels"));
        Diagnosis {
            target: Target {
                kind: Kind::Deployment,
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            },
            predicted: None,
            assumptions: Vec::new(),
            owner: None,
            observed: None,
            symptoms: Vec::new(),
            timeline: Vec::new(),
            webhooks: Vec::new(),
            root_cause: Some(check),
            findings: vec![(check, finding)],
            checks: Vec::new(),
            unread: Vec::new(),
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
    fn causes_in_the_workloads_are_told_once_for_each_namespace() {
        let all = [
            diagnosis("shop", "a", 0, "deployment/a"),
            diagnosis("shop", "b", 0, "deployment/b"),
            diagnosis("pay", "c", 0, "deployment/c"),
        ];
        assert_eq!(names(&all), [vec!["shop/a", "shop/b"], vec!["pay/c"]]);
    }
}
