//! What every check has to keep to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use injdoctor_checks::causes::Check;
use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::{Connection, Kind, Permission, Read, Snapshot};
use injdoctor_checks::registry;
use injdoctor_checks::report::{Finding, Fix, Severity, is_invisible};
use injdoctor_checks::way::{Case, Mesh, assumptions};

use serde_json::{Value, json};

use crate::{assert_none, build, case, patch, world};

/// The causes that have to be there, and their stages: part 1 of the catalogue.
const CAUSES: [(&str, &[&str]); 5] = [
    ("mesh", &["access-denied"]),
    (
        "called",
        &[
            "namespace-not-labelled",
            "namespace-label-value",
            "namespace-label-misplaced",
            "namespace-opted-out",
            "namespace-blocks-pod-label",
            "namespace-labels-conflict",
            "revision-unknown",
            "default-revision-missing",
            "pod-opted-out",
            "inject-value-invalid",
            "annotation-instead-of-label",
            "label-on-workload",
            "pod-revision-unknown",
            "pod-revision-ignored",
            "pod-predates-injection",
            "webhook-missing",
            "webhook-deactivated",
            "webhook-rules",
            "webhook-match-conditions",
            "webhook-selectors-changed",
            "static-pod",
            "ambient-namespace",
            "pod-label-misspelt",
            "enabled-by-default-missing",
        ],
    ),
    (
        "reached",
        &[
            "webhook-service-missing",
            "istiod-no-endpoints",
            "service-port",
            "service-selector",
            "apiserver-proxy",
            "webhook-fail-open",
            "ca-bundle-empty",
            "ca-bundle-not-pem",
            "ca-bundle-mismatch",
            "webhook-revision-label",
            "certificate-expired",
            "injector-not-serving",
            "match-condition-error",
            "webhook-entry-name",
            "webhook-fails-open-by-policy",
        ],
    ),
    (
        "wanted",
        &[
            "host-network",
            "namespace-ignored",
            "annotation-opted-out",
            "policy-disabled",
            "policy-illegal",
            "never-inject-selector",
            "label-beats-annotation",
            "enabled-by-default",
            "always-inject-selector",
            "injected-twice",
        ],
    ),
    ("rendered", &["template-not-found", "annotation-invalid"]),
];

#[test]
fn every_cause_is_there() {
    let complaints = CAUSES.iter().flat_map(|(stage, causes)| {
        causes.iter().filter_map(move |cause| {
            let check = registry().find(|check| check.name == *cause);
            let there = check.map(|check| check.stage.name());
            (there != Some(stage))
                .then(|| format!("{cause} should be in stage {stage}, and is in {there:?}"))
        })
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

#[test]
fn codes_follow_the_stages_and_names_are_told_apart() {
    let mut complaints = Vec::new();
    for check in registry() {
        let digits = check.code.strip_prefix("INJ").unwrap_or_default();
        let is_code = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_code || !digits.starts_with(&check.stage.digit().to_string()) {
            complaints.push(format!(
                "{} is no code of stage {}",
                check.code,
                check.stage.name()
            ));
        }
        if !check
            .name
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
        {
            complaints.push(format!("{} is not in kebab case", check.name));
        }
    }
    let codes: Vec<_> = registry().map(|check| check.code).collect();
    let unsorted = codes.windows(2).filter(|pair| pair[0] >= pair[1]);
    complaints.extend(unsorted.map(|pair| format!("{} stands before {}", pair[0], pair[1])));
    let mut names = BTreeSet::new();
    let doubled = registry().filter(|check| !names.insert(check.name));
    complaints.extend(doubled.map(|check| format!("{} is there twice", check.name)));
    assert_none(&complaints);
}

#[test]
fn documentation_has_a_sentence_and_its_four_sections() {
    const SECTIONS: [&str; 4] = [
        "What it finds",
        "Why it matters",
        "How to fix it",
        "References",
    ];
    let mut complaints = Vec::new();
    for check in registry() {
        let (sentence, markdown) = (check.sentence(), check.markdown());
        let mut complain = |what: &str| complaints.push(format!("{}: {what}", check.name));
        // A name stays as it is: `istiod`, `neverInjectSelector`.
        let first = sentence.split(' ').next().unwrap_or_default();
        let starts_well = first == "istiod" || first.contains(char::is_uppercase);
        if !starts_well || !sentence.ends_with('.') || sentence.contains(". ") {
            complain(&format!("{sentence:?} is not one sentence"));
        }
        if markdown.lines().nth(1) != Some("") {
            complain("the first sentence does not stand alone in one line");
        }
        let sections: Vec<_> = markdown
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        if sections != SECTIONS {
            complain(&format!("its sections are {sections:?}"));
        }
        let texts = markdown.split("\n## ").skip(1);
        if texts
            .clone()
            .any(|text| text.lines().skip(1).all(|line| line.trim().is_empty()))
        {
            complain("a section is empty");
        }
        let references = texts
            .last()
            .unwrap_or_default()
            .lines()
            .skip(1)
            .filter(|line| !line.is_empty());
        if !references
            .clone()
            .all(|line| line.starts_with("- ") || line.starts_with("  "))
        {
            complain("references are not a list");
        }
    }
    assert_none(&complaints);
}

/// The base and the worlds of all cases, each for a Deployment and for what has to be healed otherwise.
fn worlds() -> impl Iterator<Item = Value> {
    let worlds = case::all()
        .iter()
        .map(|case| case.world())
        .chain([world::base()]);
    worlds.flat_map(|world| {
        let kinds = ["ReplicaSet", "Pod", "CronJob"].into_iter();
        let others =
            kinds.map(|kind| json!({ "target": { "kind": kind }, "object": { "kind": kind } }));
        let manifest = json!({ "subjects": { "0": { "manifest": "-" } } });
        let is_deployment = world.pointer("/subjects/0/target/kind") == Some(&json!("Deployment"));
        let others = others.chain([manifest]).filter(move |_| is_deployment);
        let patched = others
            .map(|change| patch::apply(world.clone(), &change))
            .collect::<Vec<_>>();
        std::iter::once(world).chain(patched)
    })
}

/// The base with a target of each kind, by name and in a sweep.
fn targets_of_every_kind() -> impl Iterator<Item = Snapshot> {
    Kind::WORKLOADS.into_iter().flat_map(|kind| {
        let change = json!({ "target": { "kind": kind }, "object": { "kind": kind } });
        let named = world::snapshot(&patch::apply(world::base(), &change));
        [named.clone(), build::swept(named)]
    })
}

/// What is read for the assumptions of a prediction, in the place of a check's code.
const ASSUMPTIONS: &str = "assumptions";

/// What each check reads in the base and in the worlds of all cases.
fn reads() -> BTreeMap<&'static str, BTreeSet<Permission>> {
    let mut reads: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let snapshots = worlds().map(|world| world::snapshot(&world));
    for snapshot in snapshots.chain(targets_of_every_kind()) {
        let mesh = Mesh::new(&snapshot);
        let case = Case::new(&mesh, &snapshot.subjects[0]);
        for check in registry() {
            drop(case.take_read());
            drop((check.run)(&case));
            let read = mesh.index().recorder().reads(&case.take_read());
            let permissions = read.iter().map(Read::permission);
            reads.entry(check.code).or_default().extend(permissions);
        }
        let prediction = case.prediction();
        drop(case.take_read());
        drop(assumptions(&case, &prediction));
        let read = mesh.index().recorder().reads(&case.take_read());
        let permissions = read.iter().map(Read::permission);
        reads.entry(ASSUMPTIONS).or_default().extend(permissions);
    }
    reads
}

/// `docs/reads.txt` says what each check reads, for its page and for the ClusterRole, and at its end what is read for
/// assumptions.
/// `BLESS=1 cargo test -p injdoctor-checks` writes it.
#[test]
fn what_checks_read_is_written_down() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reads.txt");
    let line = |(code, reads): (&str, BTreeSet<Permission>)| {
        let reads: Vec<_> = reads.iter().map(ToString::to_string).collect();
        format!("{code}: {}\n", reads.join(", "))
    };
    let wanted: String = reads().into_iter().map(line).collect();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, wanted).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, wanted, "BLESS=1 cargo test -p injdoctor-checks");
}

/// What the findings of a diagnosis do wrong.
fn wrong_findings(diagnosis: &Diagnosis) -> impl Iterator<Item = String> {
    let of_finding = |(check, finding): &(&'static Check, Finding)| {
        let mut wrong = Vec::new();
        let message = &finding.message;
        if !is_clause(message) {
            wrong.push(format!(
                "message {message:?} is not lower case without a final period"
            ));
        }
        if finding.evidence.is_empty() {
            wrong.push("there is no evidence".to_owned());
        }
        let is_cause =
            |name: &&str| *name != check.name && registry().any(|other| other.name == *name);
        if let Some(name) = finding.because.filter(|name| !is_cause(name)) {
            wrong.push(format!("it is because of {name}, which is no other check"));
        }
        if finding.severity >= Severity::Warning && finding.fixes.is_empty() {
            wrong.push("there is no fix".to_owned());
        }
        for evidence in &finding.evidence {
            if evidence.object.is_empty()
                || !(evidence.path.is_empty() || evidence.path.starts_with('.'))
            {
                wrong.push(format!(
                    "evidence {:?} {:?} is no field of an object",
                    evidence.object, evidence.path
                ));
            }
        }
        wrong.extend(finding.fixes.iter().flat_map(wrong_fix));
        wrong
            .into_iter()
            .map(|wrong| format!("{}: {wrong}", check.name))
            .collect::<Vec<_>>()
    };
    diagnosis
        .findings
        .iter()
        .flat_map(of_finding)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Whether a text is the part of a sentence that may stand after a colon. A kind's name stays as it is.
fn is_clause(text: &str) -> bool {
    let is_kind = text.starts_with("ConfigMap ") || text.starts_with("Service ");
    (is_kind || !text.is_empty() && !text.starts_with(char::is_uppercase))
        && !text.ends_with('.')
        && !text.chars().any(is_invisible)
}

fn wrong_fix(fix: &Fix) -> Vec<String> {
    let mut wrong = Vec::new();
    for text in [&fix.title, &fix.changes] {
        if !is_clause(text) {
            wrong.push(format!(
                "fix {text:?} is not lower case without a final period"
            ));
        }
    }
    for command in [fix.commands(), fix.undo_commands()].concat() {
        let argv = command.argv(&Connection::default());
        if ![
            "kubectl", "istioctl", "helm", "gcloud", "aws", "az", "oc", "docker", "vi", "sh", "env",
        ]
        .contains(&argv[0].as_str())
        {
            wrong.push(format!(
                "{argv:?} does not start with a program that is known"
            ));
        }
        let is_placeholder =
            |word: &String| word.starts_with('<') && word.ends_with('>') || word.contains("...");
        if argv
            .iter()
            .any(|word| word.is_empty() || is_placeholder(word))
        {
            wrong.push(format!("{argv:?} holds a placeholder or nothing"));
        }
        if argv
            .iter()
            .map(|word| without_values(word))
            .any(|word| word == "null" || word.contains("None") || word.contains("Some("))
        {
            wrong.push(format!("{argv:?} prints how it was made"));
        }
    }
    wrong
}

#[test]
fn findings_have_evidence_and_fixes_in_good_form() {
    let complaints: BTreeSet<_> = worlds()
        .flat_map(|world| {
            let diagnosis = world::diagnose_one(&world);
            wrong_findings(&diagnosis).collect::<Vec<_>>()
        })
        .collect();
    assert_none(&complaints.into_iter().collect::<Vec<_>>());
}

/// A word without the values of Kubernetes that are written like Rust's.
fn without_values(word: &str) -> String {
    let values = [
        r#""sideEffects":"None""#,
        r#"/sideEffects","value":"None""#,
        r#""clusterIP":"None""#,
    ];
    let without = |word: String, value: &&str| word.replace(value, "");
    values.iter().fold(word.to_owned(), without)
}
