//! A container of a pod, and what it does.
//! Kubernetes 1.36: `pkg/kubelet/kuberuntime`.

mod back_off;
mod starting;
mod watching;

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;

use super::command;
use super::environment::Environment;
use super::image::Image;
use super::probes::Probe;
use super::process::Process;
use super::sandbox::Sandbox;
use crate::json::{list, text};

/// Which part of a pod a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// It has to end before the next one starts.
    Init,
    /// An init container that goes on running.
    Sidecar,
    /// One of the containers proper.
    Main,
    /// Added to a pod that runs, as `kubectl debug` does.
    Ephemeral,
}

/// What a container does.
pub(super) enum State {
    Waiting { reason: String, message: String },
    Running { since: Timestamp },
    Ended(Ended),
}

/// How a container ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) exit_code: i32,
    pub(super) started: Timestamp,
    pub(super) finished: Timestamp,
    pub(super) reason: &'static str,
    /// Why it did not even start.
    pub(super) message: Option<String>,
}

/// What has to be done once a container has started, before the next one starts.
enum PostStart {
    Due,
    Running(Child),
    Done,
}

/// A container of a pod.
pub(super) struct Container {
    pub(super) spec: Value,
    pub(super) part: Part,
    pub(super) state: State,
    /// How it ended before it was started again.
    pub(super) last: Option<Ended>,
    pub(super) restarts: u32,
    process: Option<Process>,
    environment: Option<Environment>,
    post_start: PostStart,
    startup: Option<Probe>,
    readiness: Option<Probe>,
    liveness: Option<Probe>,
    /// It is not started again before this time.
    not_before: Instant,
    /// As it does not pass its probes, it is asked to end, and killed at this time.
    killed_at: Option<Instant>,
}

impl Container {
    pub(super) fn new(spec: &Value, part: Part, reason: &str) -> Self {
        Self {
            spec: spec.clone(),
            part,
            state: State::waiting(reason, ""),
            last: None,
            restarts: 0,
            process: None,
            environment: None,
            post_start: PostStart::Done,
            startup: None,
            readiness: None,
            liveness: None,
            not_before: Instant::now(),
            killed_at: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        text(&self.spec, "/name")
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Whether it runs or has run.
    pub(super) fn has_run(&self) -> bool {
        self.last.is_some() || !matches!(self.state, State::Waiting { .. })
    }

    /// Whether it has run to its end, with this code at last.
    pub(super) fn exit_code(&self) -> Option<i32> {
        match &self.state {
            State::Ended(ended) => Some(ended.exit_code),
            _ => None,
        }
    }

    /// Whether it runs and its hook has ended.
    pub(super) fn is_past_hook(&self) -> bool {
        match self.state {
            State::Running { .. } => matches!(self.post_start, PostStart::Done),
            State::Waiting { .. } | State::Ended(_) => true,
        }
    }

    /// Whether its hook has ended and its startup probe has passed.
    pub(super) fn is_started(&self) -> bool {
        self.is_running()
            && matches!(self.post_start, PostStart::Done)
            && self.startup.as_ref().is_none_or(|probe| probe.passes)
    }

    pub(super) fn is_ready(&self) -> bool {
        match self.part {
            Part::Init => self.exit_code() == Some(0),
            Part::Sidecar | Part::Main => {
                self.is_started() && self.readiness.as_ref().is_none_or(|probe| probe.passes)
            }
            // Nobody asks.
            Part::Ephemeral => false,
        }
    }

    /// Where its events belong.
    fn field(&self) -> String {
        let list = match self.part {
            Part::Main => "containers",
            Part::Init | Part::Sidecar => "initContainers",
            Part::Ephemeral => "ephemeralContainers",
        };
        format!("spec.{list}{{{}}}", self.name())
    }

    /// Asks it to end, or ends it.
    pub(super) fn stop(&self, at_once: bool) {
        match &self.process {
            Some(process) if at_once => process.kill(),
            Some(process) => process.terminate(),
            None => {}
        }
    }

    /// What its hook says before it is asked to end.
    pub(super) fn pre_stop(&self, sandbox: &Sandbox) -> Option<Child> {
        let words = list(&self.spec, "/lifecycle/preStop/exec/command");
        let first = self.process.as_ref()?.program()?;
        (!words.is_empty()).then(|| spawn(self.beside(sandbox, first, words)))?
    }

    fn beside(&self, sandbox: &Sandbox, first: i32, words: &[Value]) -> Command {
        let image = Image::of(&self.spec, &sandbox.tools);
        let environment = self.environment.as_ref();
        command::beside(sandbox, &self.spec, &image, environment, first, words)
    }

    fn remember_end(&mut self) {
        if let State::Ended(ended) = &self.state {
            self.last = Some(ended.clone());
        }
    }
}

impl State {
    pub(super) fn waiting(reason: &str, message: &str) -> Self {
        Self::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
        }
    }
}

/// Kubernetes 1.36: `format.Pod`.
fn pod_words(pod: &Value) -> String {
    format!(
        "{}_{}({})",
        text(pod, "/metadata/name"),
        text(pod, "/metadata/namespace"),
        text(pod, "/metadata/uid")
    )
}

/// Starts a hook. One that cannot be started has failed like one that says so.
fn spawn(mut command: Command) -> Option<Child> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
}
