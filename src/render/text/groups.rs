//! The findings of many targets, each cause once.

use std::collections::HashMap;

use injdoctor_checks::check::Check;
use injdoctor_checks::report::{Diagnosis, Finding};

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
    /// Whether what heals differs from one target to another.
    pub fixes_differ: bool,
}

/// All findings, the worst root causes first, then what else there is.
///
/// Two findings of a check are the same one if their decisive evidence is the same field of the same
/// object: a broken webhook breaks a thousand workloads, and is told once. Findings about the
/// workloads themselves are told once for a namespace.
pub fn groups(diagnoses: &[Diagnosis]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_evidence = HashMap::new();
    let mut by_namespace = HashMap::new();
    for diagnosis in diagnoses {
        for (index, (check, finding)) in diagnosis.findings.iter().enumerate() {
            if diagnosis.follows(check) {
                continue;
            }
            let root = index == 0 && diagnosis.root_cause.is_some();
            let decisive = finding.evidence.first();
            let evidence =
                decisive.map(|one| (check.code, root, one.object.as_str(), one.path.as_str()));
            let namespace = (check.code, root, diagnosis.target.namespace.as_str());
            let known = evidence
                .and_then(|key| by_evidence.get(&key))
                .or_else(|| by_namespace.get(&namespace))
                .copied();
            let at = known.unwrap_or(groups.len());
            match groups.get_mut(at) {
                Some(group) => {
                    group.targets.push(diagnosis);
                    group.fixes_differ |= group.finding.fixes != finding.fixes;
                }
                None => groups.push(Group {
                    check,
                    finding,
                    root,
                    targets: vec![diagnosis],
                    follows: Vec::new(),
                    fixes_differ: false,
                }),
            }
            if let Some(key) = evidence {
                by_evidence.entry(key).or_insert(at);
            }
            by_namespace.entry(namespace).or_insert(at);
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
