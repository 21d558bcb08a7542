//! What heals a finding.

use serde::Serialize;
use serde_json::Value;

use super::{Change, Command, Object, Patch};
use crate::way::{Outcome, Prediction};

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

/// One step of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A change of an object, and the one that leads back.
    Change {
        /// The change.
        change: Box<Change>,
        /// The change that leads back; none where nothing does.
        back: Option<Box<Change>>,
    },
    /// A command that is no change of one object.
    Command {
        /// The command.
        command: Command,
        /// What it does.
        does: Does,
        /// The command that leads back; none where nothing needs undoing, or nothing does.
        back: Option<Command>,
    },
}

/// What a command does that is no change of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// It shows something, or waits for it.
    Shows,
    /// It makes pods again.
    Restarts,
    /// It makes all pods of this workload again, by a restart of the rollout.
    RestartsAll(Object),
    /// It waits until all pods of a Deployment are as its template says, and ready.
    RollsOut(Object),
    /// It creates this object, given in the form of the API.
    Creates(Object, Box<Value>),
    /// More than can be foreseen: a clause that stands after "because".
    Unforeseen(&'static str),
}

/// What becomes of the next pod after a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// What is predicted.
    Predicted {
        /// What will happen.
        outcome: Outcome,
        /// The revision that injects it.
        revision: Option<String>,
        /// Why, in words.
        because: String,
    },
    /// That cannot be told: a clause that stands after "because".
    Open(String),
}

impl From<&Prediction> for After {
    fn from(prediction: &Prediction) -> Self {
        let because = prediction.because.clone();
        match prediction.outcome {
            Outcome::Unknown => Self::Open(because),
            outcome => Self::Predicted {
                outcome,
                revision: prediction.revision.clone(),
                because,
            },
        }
    }
}

/// What has to be done after a fix about the next obstacle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The obstacle: the message of its finding.
    pub because: String,
    /// What is done, as a title of a fix.
    pub title: String,
    /// The steps.
    pub steps: Vec<Step>,
}

/// The restart of the workload's pods, which are injected when they are created and not later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restart {
    /// The steps; empty where only the pods' author can create them again, or where the next run does.
    pub steps: Vec<Step>,
    /// What a person has to know or to do about it, as a clause that ends a sentence; as a rule empty.
    pub note: String,
}

/// What heals, step by step. injdoctor prints the commands and never runs them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative sentence without a final period.
    pub title: String,
    /// What running it can do beyond healing.
    pub risk: Risk,
    /// What is to become of the next pod.
    pub aim: Outcome,
    /// The steps, in the order in which to take them; empty where only something outside of the cluster's
    /// API heals.
    pub steps: Vec<Step>,
    /// What has to follow, as other obstacles stand behind the one of the finding.
    pub then: Vec<Next>,
    /// The restart at the end.
    pub restart: Vec<Step>,
    /// What is different afterwards.
    pub changes: String,
    /// What becomes of the next pod afterwards; none where that was not worked out.
    pub after: Option<After>,
}

impl Fix {
    /// A fix without steps yet, after which the next pod is to be injected.
    pub fn new(title: impl Into<String>, risk: Risk, changes: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            risk,
            aim: Outcome::Injected,
            steps: Vec::new(),
            then: Vec::new(),
            restart: Vec::new(),
            changes: changes.into(),
            after: None,
        }
    }

    /// After it, the next pod is to go without a sidecar.
    pub fn without_sidecar(mut self) -> Self {
        self.aim = Outcome::NotInjected;
        self
    }

    /// A change of an object, given as it is before. One that changes nothing is left out.
    pub fn change(mut self, change: Change, before: &impl Serialize) -> Self {
        let before = serde_json::to_value(before).unwrap_or_default();
        let is_empty = matches!(&change.patch, Patch::Metadata(_, entries) if entries.is_empty());
        if !is_empty {
            self.steps.push(Step::Change {
                back: change
                    .back(&before)
                    .filter(Change::is_tellable)
                    .map(Box::new),
                change: Box::new(change),
            });
        }
        self
    }

    /// A command that only shows something.
    pub fn show(self, command: Command) -> Self {
        self.command(command, Does::Shows)
    }

    /// A command of which it cannot be foreseen what becomes of the next pod; why, stands after "because".
    pub fn unforeseen(self, command: Command, why: &'static str) -> Self {
        self.command(command, Does::Unforeseen(why))
    }

    /// A command that creates an object, in the form of the API.
    pub fn create(self, command: Command, object: Object, form: Value) -> Self {
        let form = Box::new(form);
        self.command(command, Does::Creates(object, form))
    }

    /// A change without a way back of its own: it goes with that of the step before it, or nothing leads back.
    pub fn forth(mut self, change: Change) -> Self {
        self.steps.push(Step::Change {
            change: Box::new(change),
            back: None,
        });
        self
    }

    /// A command, and what it does.
    pub fn command(mut self, command: Command, does: Does) -> Self {
        self.steps.push(Step::Command {
            command,
            does,
            back: None,
        });
        self
    }

    /// The command that leads back from the last step.
    pub fn undo(mut self, command: Command) -> Self {
        if let Some(Step::Command { back, .. }) = self.steps.last_mut() {
            *back = Some(command);
        }
        self
    }

    /// The restart of the workload's pods at the end.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.changes.push_str(&restart.note);
        self.restart = restart.steps;
        self
    }

    /// All steps, in the order in which to take them.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        let then = self.then.iter().flat_map(|next| &next.steps);
        self.steps.iter().chain(then).chain(&self.restart)
    }

    /// The commands of all steps.
    pub fn commands(&self) -> Vec<Command> {
        self.all_steps().flat_map(Step::commands).collect()
    }

    /// The commands that lead back; empty where nothing needs undoing, or nothing can be undone.
    pub fn undo_commands(&self) -> Vec<Command> {
        let steps: Vec<_> = self.all_steps().collect();
        steps.into_iter().rev().flat_map(Step::back).collect()
    }
}

impl Step {
    /// Its commands; none where a person has to change a manifest.
    pub fn commands(&self) -> Vec<Command> {
        match self {
            Self::Change { change, .. } => change.commands(),
            Self::Command { command, .. } => vec![command.clone()],
        }
    }

    /// The commands that lead back.
    fn back(&self) -> Vec<Command> {
        match self {
            Self::Change { back, .. } => back.iter().flat_map(|back| back.commands()).collect(),
            Self::Command { back, .. } => back.clone().into_iter().collect(),
        }
    }

    /// Whether it changes nothing.
    pub fn only_shows(&self) -> bool {
        matches!(
            self,
            Self::Command {
                does: Does::Shows,
                ..
            }
        )
    }
}
