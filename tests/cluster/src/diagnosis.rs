//! What injdoctor says about a scenario.

use std::path::Path;
use std::process::{Output, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::dry_run::Outcome;
use crate::json::{list, remove, text};
use crate::scenario::{Expectation, Scenario};

/// What injdoctor said.
pub(crate) struct Diagnosis {
    json: Value,
    /// The exit code.
    pub(crate) exit: i32,
    /// All that it printed.
    pub(crate) output: String,
}

/// A fix that it proposed.
pub(crate) struct Proposal {
    /// The check that found what it heals.
    pub(crate) check: String,
    /// What it does.
    pub(crate) title: String,
    /// Whether it only shows something.
    pub(crate) read_only: bool,
    /// The commands, each a line for a shell.
    pub(crate) commands: Vec<String>,
    /// Those that lead back.
    pub(crate) undo: Vec<String>,
    /// What is predicted for the next pod afterwards: outcome and revision; none where nothing is.
    pub(crate) after: Option<(String, Option<String>)>,
}

impl Proposal {
    /// Whether the next pod fares as was predicted.
    pub(crate) fn foresaw(&self, truth: &Outcome) -> bool {
        match (&self.after, truth) {
            (None, _) => true,
            (Some((outcome, revision)), Outcome::Injected { revision: actual }) => {
                outcome == "Injected" && revision.as_ref() == Some(actual)
            }
            (Some((outcome, _)), truth) => outcome == truth.name(),
        }
    }
}

/// One of several that were printed.
impl From<Value> for Diagnosis {
    fn from(json: Value) -> Self {
        Self {
            output: json.to_string(),
            exit: 0,
            json,
        }
    }
}

impl Diagnosis {
    pub(crate) fn of(cluster: &Cluster, scenario: &Scenario, binary: &Path) -> Result<Self> {
        let output = cluster
            .command(&binary.to_string_lossy())
            .arg("check")
            .args(&scenario.target)
            .args(["-o", "json"])
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        Self::printed(&output)
    }

    /// What was printed.
    pub(crate) fn printed(output: &Output) -> Result<Self> {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let exit = output.status.code().unwrap_or(-1);
        let json = serde_json::from_str(&stdout)
            .with_context(|| format!("no JSON came, exit code {exit}\n{stdout}{stderr}"))?;
        Ok(Self {
            json,
            exit,
            output: format!("{stdout}{stderr}"),
        })
    }

    /// The refusal that stands; empty without one.
    pub(crate) fn refusal(&self) -> &str {
        text(&self.json, "/observed/rejection/message")
    }

    /// Compares all that is said, but for when it was.
    pub(crate) fn compare_whole(&self, other: &Self) -> Result<()> {
        let said = |one: &Self| {
            let mut json = one.json.clone();
            remove(&mut json, "/cluster", "recordedAt");
            serde_json::to_string_pretty(&json)
        };
        let (one, other_said) = (said(self)?, said(other)?);
        let differs = one.lines().zip(other_said.lines()).find(|(a, b)| a != b);
        ensure!(
            one == other_said && self.exit == other.exit,
            "{differs:?} differ\n{}\nand\n{}",
            self.output,
            other.output
        );
        Ok(())
    }

    /// Compares a value with what is expected.
    pub(crate) fn compare(&self, what: &str, pointer: &str, expected: Option<&str>) -> Result<()> {
        let actual = self.json.pointer(pointer).and_then(Value::as_str);
        let name = |value: Option<&str>| value.unwrap_or("none").to_owned();
        ensure!(
            actual == expected,
            "the {what} is {}, not {}\n{}",
            name(actual),
            name(expected),
            self.output
        );
        Ok(())
    }

    /// Makes sure that words tell a cause, and none more surely: a log has complaints of more than one thing.
    pub(crate) fn ensure_tells(&self, name: &str) -> Result<()> {
        let matches = list(&self.json, "/matches");
        let surest = matches.first().map_or("", |told| text(told, "/confidence"));
        ensure!(
            matches
                .iter()
                .any(|told| text(told, "/name") == name && text(told, "/confidence") == surest),
            "istiod's log does not tell {name} first\n{}",
            self.output
        );
        Ok(())
    }

    /// Makes sure that words tell nothing for certain but what a scenario is about.
    pub(crate) fn ensure_certain_only_of(&self, expect: &Expectation) -> Result<()> {
        let about: Vec<_> = expect.checks().chain(expect.told.as_deref()).collect();
        for told in list(&self.json, "/matches") {
            let name = text(told, "/name");
            ensure!(
                text(told, "/confidence") != "certain" || about.contains(&name),
                "istiod's log tells {name} for certain, and the scenario is about {about:?}\n{}",
                self.output
            );
        }
        Ok(())
    }

    /// What a check finds.
    fn finding(&self, check: &str) -> Option<&Value> {
        let mut findings = list(&self.json, "/findings").iter();
        findings.find(|finding| text(finding, "/name") == check)
    }

    /// Makes sure that a check finds something.
    pub(crate) fn ensure_finds(&self, check: &str) -> Result<()> {
        ensure!(
            self.finding(check).is_some(),
            "{check} finds nothing\n{}",
            self.output
        );
        Ok(())
    }

    /// Makes sure that a check finds nothing.
    pub(crate) fn ensure_finds_nothing(&self, check: &str) -> Result<()> {
        ensure!(
            self.finding(check).is_none(),
            "{check} finds something still\n{}",
            self.output
        );
        Ok(())
    }

    /// Whether these words are among the reasons why something is unknown.
    pub(crate) fn is_unknown(&self, words: &str) -> bool {
        let mut checks = list(&self.json, "/checks").iter();
        checks.any(|one| text(one, "/status") == "unknown" && text(one, "/reason").contains(words))
    }

    /// The commands of the first fix of a cause, quoted for a shell.
    pub(crate) fn commands_of_first_fix(&self, cause: &str) -> Result<Vec<String>> {
        let finding = self
            .finding(cause)
            .with_context(|| format!("no finding is named {cause}\n{}", self.output))?;
        let commands = list(finding, "/fixes/0/commands");
        if commands.is_empty() {
            bail!("{cause} has no fix with commands\n{}", self.output);
        }
        lines(commands)
    }

    /// Every fix of every finding that has commands.
    pub(crate) fn proposals(&self) -> Result<Vec<Proposal>> {
        let mut proposals = Vec::new();
        for finding in list(&self.json, "/findings") {
            for fix in list(finding, "/fixes") {
                let outcome = text(fix, "/after/outcome");
                let revision = fix.pointer("/after/revision").and_then(Value::as_str);
                proposals.push(Proposal {
                    check: text(finding, "/name").to_owned(),
                    title: text(fix, "/title").to_owned(),
                    read_only: text(fix, "/risk") == "read-only",
                    commands: lines(list(fix, "/commands"))?,
                    undo: lines(list(fix, "/undo"))?,
                    after: (!matches!(outcome, "" | "Unknown"))
                        .then(|| (outcome.to_owned(), revision.map(str::to_owned))),
                });
            }
        }
        Ok(proposals)
    }
}

/// Argument vectors, each as a line for a shell.
fn lines(commands: &[Value]) -> Result<Vec<String>> {
    let line = |command: &Value| {
        let words = list(command, "").iter().filter_map(Value::as_str);
        Ok(shlex::try_join(words)?)
    };
    commands.iter().map(line).collect()
}
