//! What a case file says, and whether it is so.

use std::fs;
use std::sync::LazyLock;

use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::report::{After, Finding, quote};
use injdoctor_checks::{facts::Connection, registry};
use serde::Deserialize;
use serde_json::Value;

use crate::{patch, world};

/// One case of a check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The check, from the name of the file.
    #[serde(skip)]
    pub check: String,
    /// What the world is like, in words.
    pub about: String,
    /// How it differs from the base world; see [`patch`].
    #[serde(default)]
    pub change: Value,
    /// What comes of it.
    pub expect: Expect,
}

/// What a diagnosis says about a case. What is left out may be anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expect {
    /// `passed`, `failed`, `unknown` or `notApplicable`.
    pub status: String,
    /// `info`, `warning` or `error`, of the first finding.
    pub severity: Option<String>,
    /// A part of the first finding's message, or of the reason why there is none.
    pub message: Option<String>,
    /// Name of the root cause, or `none`.
    pub root: Option<String>,
    /// `Injected`, `NotInjected`, `Rejected` or `Unknown`.
    pub predicted: Option<String>,
    /// `Injected`, `NotInjected`, `Mixed`, `NoPods`, `Rejected` or `Unknown`.
    pub observed: Option<String>,
    /// The revision that injects the next pod.
    pub revision: Option<String>,
    /// When the first symptom that has begun did, and after which change: `TIME after OBJECT by MANAGER`.
    pub began: Option<String>,
    /// What happened to the pod, all of it: `TIME WHAT`.
    pub timeline: Option<Vec<String>>,
    /// Fields that the first finding rests on: `OBJECT PATH` or `OBJECT PATH = ACTUAL`.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// The commands of the best fix, all of them.
    pub fix: Option<Vec<String>>,
    /// What is predicted after it: `Injected by default`, another outcome alone, or why it is open.
    pub after: Option<String>,
    /// How many fixes there are.
    pub fixes: Option<usize>,
    /// What the prediction takes for granted, all of it: `OBJECT: SENTENCE`.
    pub assumptions: Option<Vec<String>>,
}

/// The cases of every file.
pub fn all() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(read);
    &CASES
}

fn read() -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(world::folder())
        .expect("tests/cases is there")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.is_dir())
        .flat_map(|stage| fs::read_dir(stage).expect("a stage can be listed"))
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    let of_file = |path: std::path::PathBuf| {
        let name = path
            .file_stem()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        let stage = path
            .parent()
            .and_then(|folder| folder.file_name())
            .expect("a file is in a folder");
        let check = registry().find(|check| check.name == name);
        let stage_of_check = check.map(|check| check.stage.name());
        assert_eq!(
            stage_of_check,
            stage.to_str(),
            "{} is not where its check is",
            path.display()
        );
        let cases = Vec::<Case>::deserialize(world::yaml(&path));
        let cases = cases.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        cases.into_iter().map(move |case| Case {
            check: name.clone(),
            ..case
        })
    };
    files.into_iter().flat_map(of_file).collect()
}

impl Case {
    /// The world of the case.
    pub fn world(&self) -> Value {
        patch::apply(world::base(), &self.change)
    }

    /// What is not as the case says.
    pub fn complaints(&self) -> Vec<String> {
        let diagnosis = world::diagnose_one(&self.world());
        let prefix = format!("{}, {}", self.check, self.about);
        let complaints = self.expect.complaints(&self.check, &diagnosis).into_iter();
        complaints
            .map(|complaint| format!("{prefix}: {complaint}"))
            .collect()
    }
}

/// A status in the words of JSON, and its reason.
pub fn status_in_words(status: &Status) -> (&'static str, String) {
    match status {
        Status::Passed => ("passed", String::new()),
        Status::Failed => ("failed", String::new()),
        Status::Unknown(missing) => ("unknown", missing.to_string()),
        Status::NotApplicable(reason) => ("notApplicable", reason.to_string()),
    }
}

impl Expect {
    fn complaints(&self, check: &str, diagnosis: &Diagnosis) -> Vec<String> {
        let result = diagnosis
            .checks
            .iter()
            .find(|result| result.check.name == check);
        let (status, reason) = status_in_words(&result.expect("every check is run").status);
        let findings = diagnosis.findings.iter().filter(|(by, _)| by.name == check);
        let finding = findings.map(|(_, finding)| finding).next();
        let message = finding.map_or(reason, |finding| finding.message.clone());
        let root = diagnosis.root_cause.map_or("none", |root| root.name);
        let predicted = diagnosis.predicted.as_ref();
        let observed = diagnosis.observed.as_ref();
        let lower = |finding: &Finding| format!("{:?}", finding.severity).to_lowercase();
        let fields = [
            ("status", Some(&self.status), Some(status.to_owned())),
            ("severity", self.severity.as_ref(), finding.map(lower)),
            ("root", self.root.as_ref(), Some(root.to_owned())),
            (
                "predicted",
                self.predicted.as_ref(),
                predicted.map(|predicted| predicted.outcome.to_string()),
            ),
            (
                "revision",
                self.revision.as_ref(),
                predicted.and_then(|predicted| predicted.revision.clone()),
            ),
            (
                "observed",
                self.observed.as_ref(),
                observed.map(|observed| observed.outcome.to_string()),
            ),
        ];
        let began = diagnosis.symptoms.iter().find_map(|one| one.began.as_ref());
        let began = began.map(|began| match &began.after {
            Some(change) => {
                let by = change.by.as_deref().unwrap_or("nobody known");
                format!("{} after {} by {by}", began.at, change.object)
            }
            None => began.at.to_string(),
        });
        let timeline = diagnosis.timeline.iter();
        let timeline: Vec<_> = timeline
            .map(|one| format!("{} {}", one.at, one.what))
            .collect();
        let because = predicted.map_or("", |predicted| &predicted.because);
        let mut complaints: Vec<_> = fields
            .into_iter()
            .filter(|(_, expected, actual)| expected.is_some() && *expected != actual.as_ref())
            .map(|(field, expected, actual)| {
                format!("{field} is {actual:?}, not {expected:?} ({message}; predicted: {because})")
            })
            .collect();
        if let Some(part) = self
            .message
            .as_ref()
            .filter(|part| !message.contains(*part))
        {
            complaints.push(format!("message is {message:?}, without {part:?}"));
        }
        if self.began.is_some() && self.began != began {
            complaints.push(format!("began is {began:?}, not {:?}", self.began));
        }
        if let Some(wanted) = self.timeline.as_ref().filter(|wanted| **wanted != timeline) {
            complaints.push(format!("timeline is {timeline:#?}, not {wanted:#?}"));
        }
        let evidence = finding.map(evidence_in_words).unwrap_or_default();
        for wanted in &self.evidence {
            let is_there =
                |line: &String| line == wanted || line.starts_with(&format!("{wanted} = "));
            if !evidence.iter().any(is_there) {
                complaints.push(format!("evidence lacks {wanted}; it has {evidence:#?}"));
            }
        }
        let fix = finding.map(best_fix).unwrap_or_default();
        if let Some(wanted) = self.fix.as_ref().filter(|wanted| **wanted != fix) {
            complaints.push(format!("fix is {fix:#?}, not {wanted:#?}"));
        }
        let fixes = finding.map_or(&[][..], |finding| &finding.fixes);
        let after = fixes.first().and_then(|fix| fix.after.as_ref());
        let after = after.map_or("nothing".to_owned(), after_in_words);
        if self.after.as_ref().is_some_and(|wanted| *wanted != after) {
            complaints.push(format!("after the fix is {after:?}, not {:?}", self.after));
        }
        if self.fixes.is_some_and(|wanted| wanted != fixes.len()) {
            complaints.push(format!("there are {} fixes: {fixes:#?}", fixes.len()));
        }
        let assumed = diagnosis.assumptions.iter();
        let assumed: Vec<_> = assumed
            .map(|one| format!("{}: {}", one.object, one.assumes))
            .collect();
        if self
            .assumptions
            .as_ref()
            .is_some_and(|wanted| *wanted != assumed)
        {
            complaints.push(format!("it assumes {assumed:#?}"));
        }
        complaints
    }
}

fn evidence_in_words(finding: &Finding) -> Vec<String> {
    let lines = finding.evidence.iter().map(|evidence| {
        let actual = evidence
            .actual
            .as_ref()
            .map(|actual| format!(" = {actual}"));
        format!(
            "{} {}{}",
            evidence.object,
            evidence.path,
            actual.unwrap_or_default()
        )
    });
    lines.collect()
}

fn after_in_words(after: &After) -> String {
    match after {
        After::Predicted {
            outcome,
            revision: Some(revision),
            ..
        } => format!("{outcome} by {revision}"),
        After::Predicted { outcome, .. } => outcome.to_string(),
        After::Open(why) => why.clone(),
    }
}

fn best_fix(finding: &Finding) -> Vec<String> {
    let commands = finding.fixes.iter().take(1).flat_map(|fix| fix.commands());
    commands
        .map(|command| quote(&command.argv(&Connection::default())))
        .collect()
}
