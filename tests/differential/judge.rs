//! The same pods before the API server and before injdoctor.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testcluster::{Cluster, Outcome, dry_run, pod_of};

use crate::unknowns;
use crate::world::ACTS;

/// What injdoctor says will become of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// `Injected`, `NotInjected`, `Rejected` or `Unknown`.
    pub outcome: String,
    /// The stage at which that is decided.
    pub decided: String,
    /// Why, in words.
    pub because: String,
    /// The check that finds the root cause.
    cause: Option<String>,
    revision: Option<String>,
    /// The objects whose say it takes for granted.
    assumes: Vec<String>,
}

/// Both answers about one object.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub truth: Outcome,
    pub claim: Claim,
}

impl Judgement {
    /// Whether injdoctor is right, or does not know what nobody could.
    pub fn agrees(&self) -> bool {
        if self.claim.outcome == "Unknown" {
            return unknowns::reason(&self.claim.because).is_some();
        }
        self.is_explained() && (self.is_right() || self.is_assumed())
    }

    /// Whether a refusal that is expected has a cause.
    fn is_explained(&self) -> bool {
        self.claim.outcome != "Rejected" || self.claim.cause.is_some()
    }

    /// Whether injdoctor is wrong for what another vendor's webhook or policy does, and names that one among what it
    /// takes for granted.
    pub fn is_assumed(&self) -> bool {
        let acts = |object: &String| object.contains(ACTS);
        self.claim.outcome != "Unknown" && !self.is_right() && self.claim.assumes.iter().any(acts)
    }

    fn is_right(&self) -> bool {
        let revision = match &self.truth {
            Outcome::Injected { revision } => Some(revision),
            _ => None,
        };
        self.claim.outcome == self.truth.name() && self.claim.revision.as_ref() == revision
    }

    /// What tells this disagreement from one with another reason.
    pub fn kind(&self) -> String {
        let Claim {
            outcome,
            decided,
            because,
            ..
        } = &self.claim;
        match &self.truth {
            _ if outcome == "Unknown" => format!("{outcome}: {}", words(because, 8)),
            _ if !self.is_explained() => {
                format!("{outcome} without a cause: {}", words(because, 8))
            }
            Outcome::Rejected { message } => {
                format!(
                    "Rejected: {}, not {outcome} by {decided}",
                    words(message, 14)
                )
            }
            truth => format!(
                "{}, not {outcome} by {decided}: {}",
                truth.name(),
                words(because, 4)
            ),
        }
    }
}

/// The beginning of a message without what differs from case to case: lists, quoted values and numbers.
pub fn words(message: &str, count: usize) -> String {
    let unquoted = message.split('"').step_by(2).collect::<String>();
    let start = unquoted.split(['[', ';']).next().unwrap_or_default();
    let words: Vec<_> = start.split_whitespace().take(count).collect();
    words.join(" ").replace(|c: char| c.is_ascii_digit(), "")
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Claim {
            outcome,
            decided,
            because,
            cause,
            revision,
            ..
        } = &self.claim;
        let by = revision
            .as_ref()
            .map(|revision| format!(" by revision {revision}"))
            .unwrap_or_default();
        write!(
            f,
            "the API server: {}\ninjdoctor:      {outcome}{by}, decided by {decided}: {because}\ncause:          {}",
            self.truth,
            cause.as_deref().unwrap_or("none")
        )
    }
}

/// Both answers about each of the objects.
pub fn judge(cluster: &Cluster, objects: &[Value]) -> Result<Vec<Judgement>> {
    let claims = claims(cluster, objects)?;
    let judgements = objects.iter().zip(claims).map(|(object, claim)| {
        let truth = truth(cluster, object)?;
        Ok(Judgement { truth, claim })
    });
    judgements.collect()
}

fn truth(cluster: &Cluster, object: &Value) -> Result<Outcome> {
    let pod = match object["kind"].as_str() {
        Some("Pod") => object.clone(),
        _ => pod_of(object)?,
    };
    dry_run(cluster.api(), &pod)
}

/// One run of injdoctor over all the objects.
fn claims(cluster: &Cluster, objects: &[Value]) -> Result<Vec<Claim>> {
    let mut command = cluster.command(env!("CARGO_BIN_EXE_injdoctor"));
    command.args(["check", "-f", "-", "-o", "json", "--fail-on", "never"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let program = Path::new(env!("CARGO_BIN_EXE_injdoctor")).display();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {program}"))?;
    let manifests = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(manifests.to_string().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let answer: Value = serde_json::from_slice(&output.stdout).with_context(|| {
        format!(
            "injdoctor ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    let items = match answer["kind"].as_str() {
        Some("DiagnosisList") => answer["items"].as_array().cloned().unwrap_or_default(),
        _ => vec![answer],
    };
    ensure!(
        items.len() == objects.len(),
        "{} answers about {} objects",
        items.len(),
        objects.len()
    );
    Ok(items.iter().map(Claim::of).collect())
}

impl Claim {
    fn of(diagnosis: &Value) -> Self {
        let predicted = &diagnosis["predicted"];
        let text = |field: &str| predicted[field].as_str().map(str::to_owned);
        Self {
            outcome: text("outcome").unwrap_or_default(),
            decided: text("decided").unwrap_or_default(),
            because: text("because").unwrap_or_default(),
            cause: diagnosis["rootCause"]["name"].as_str().map(str::to_owned),
            revision: text("revision"),
            assumes: diagnosis["assumptions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| Some(one["object"].as_str()?.to_owned()))
                .collect(),
        }
    }
}
