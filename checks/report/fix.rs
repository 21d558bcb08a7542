//! What heals a finding.

use super::Command;

/// What running a fix can do beyond healing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Changes nothing: it only shows more.
    ReadOnly,
    /// Changes objects, yet no running pod.
    Safe,
    /// Restarts pods of the workload.
    RestartsPods,
    /// Changes what other workloads of the mesh depend on.
    MeshWide,
}

/// Commands that heal, in the order in which to run them. injdoctor prints them and never runs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative sentence without a final period.
    pub title: String,
    /// What running it can do beyond healing.
    pub risk: Risk,
    /// The commands; empty where only something outside of the cluster's API heals.
    pub commands: Vec<Command>,
    /// What is different afterwards.
    pub changes: String,
    /// How to get back to where it was; empty where nothing needs undoing.
    pub undo: Vec<Command>,
}

impl Fix {
    /// A fix without a way back yet.
    pub fn new(title: impl Into<String>, risk: Risk, changes: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            risk,
            commands: Vec::new(),
            changes: changes.into(),
            undo: Vec::new(),
        }
    }

    /// The next command to run.
    pub fn run(mut self, command: Command) -> Self {
        self.commands.push(command);
        self
    }

    /// More commands to run, in their order.
    pub fn run_all(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.commands.extend(commands);
        self
    }

    /// The next command that leads back.
    pub fn undo(mut self, command: Command) -> Self {
        self.undo.push(command);
        self
    }
}
