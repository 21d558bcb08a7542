//! How a container is started, and why it cannot be.

use std::fs;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Container, PostStart, State, pod_words};
use crate::json::{list, remove, set, text};
use crate::pods::command;
use crate::pods::environment::Environment;
use crate::pods::events::Events;
use crate::pods::image::Image;
use crate::pods::probes::Probe;
use crate::pods::process::Process;
use crate::pods::sandbox::Sandbox;
use crate::scenario::Pods;

/// Until what could not be started is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What could not be started has this reason and exit code in containerd.
const START_ERROR: &str = "StartError";
const NOT_STARTED: i32 = 128;

impl Container {
    /// Starts it for the first time or again, unless it is to wait.
    pub(in crate::pods) fn start(&mut self, sandbox: &Sandbox, pods: &Pods, events: &mut Events) {
        if self.is_running() {
            return;
        }
        if Instant::now() < self.not_before {
            self.back_off(sandbox, events);
            return;
        }
        let field = self.field();
        let image = text(&self.spec, "/image").to_owned();
        if let Some(words) = pods.unpullable.get(&image) {
            self.fail_to_pull(&image, words, events);
            return;
        }
        match self.run(sandbox, pods) {
            Ok(()) => {
                let present = format!(
                    "Container image \"{image}\" already present on machine and can be accessed by the pod"
                );
                events.normal(&field, "Pulled", &present);
                events.normal(&field, "Created", "Container created");
                events.normal(&field, "Started", "Container started");
            }
            Err((reason, words)) => {
                events.warning(&field, "Failed", &format!("Error: {words}"));
                if reason == START_ERROR {
                    self.restarts = self.next_run();
                    self.remember_end();
                    self.end(Timestamp::now(), NOT_STARTED, START_ERROR, Some(words));
                } else {
                    self.wait(reason, &words);
                }
            }
        }
    }

    fn run(&mut self, sandbox: &Sandbox, pods: &Pods) -> Result<(), (&'static str, String)> {
        let image = Image::of(&self.spec, &sandbox.tools);
        let misconfigured = |words| ("CreateContainerConfigError", words);
        self.check_user(sandbox, &image).map_err(misconfigured)?;
        let environment = Environment::of(&sandbox.pod, &self.spec, &sandbox.objects);
        let environment = environment.map_err(misconfigured)?;
        if let Some(words) = command::missing(&self.spec, &image) {
            return Err((START_ERROR, words));
        }
        let restarts = self.next_run();
        let logs = sandbox.folder.join("logs").join(self.name());
        let started = fs::create_dir_all(&logs).and_then(|()| {
            let command = if pods.foreign.contains(text(&self.spec, "/image")) {
                command::container(sandbox, &foreign(&self.spec, &image), &image, &environment)?
            } else {
                command::container(sandbox, &self.spec, &image, &environment)?
            };
            Process::start(command, &logs.join(format!("{restarts}.log")))
        });
        let process = started.map_err(|error| ("RunContainerError", error.to_string()))?;
        self.process = Some(process);
        self.environment = Some(environment);
        self.killed_at = None;
        self.restarts = restarts;
        self.remember_end();
        self.state = State::Running {
            since: Timestamp::now(),
        };
        self.startup = Probe::of(&self.spec, "startupProbe", "Startup");
        self.readiness = Probe::of(&self.spec, "readinessProbe", "Readiness");
        self.liveness = Probe::of(&self.spec, "livenessProbe", "Liveness");
        let has_hook = !list(&self.spec, "/lifecycle/postStart/exec/command").is_empty();
        self.post_start = if has_hook {
            PostStart::Due
        } else {
            PostStart::Done
        };
        Ok(())
    }

    /// Kubernetes 1.36: `verifyRunAsNonRoot` in `pkg/kubelet/kuberuntime/security_context.go`.
    fn check_user(&self, sandbox: &Sandbox, image: &Image) -> Result<(), String> {
        let field = "/securityContext/runAsNonRoot";
        let pods = sandbox.pod.pointer(&format!("/spec{field}"));
        let wanted = self.spec.pointer(field).or(pods) == Some(&Value::Bool(true));
        if wanted && command::user(&sandbox.pod, &self.spec, image) == 0 {
            let pod = pod_words(&sandbox.pod);
            let name = self.name();
            let why = match command::says_user(&sandbox.pod, &self.spec) {
                true => "container's runAsUser breaks non-root policy",
                false => "container has runAsNonRoot and image will run as root",
            };
            return Err(format!("{why} (pod: \"{pod}\", container: {name})"));
        }
        Ok(())
    }

    fn fail_to_pull(&mut self, image: &str, words: &str, events: &mut Events) {
        let field = self.field();
        let is_first =
            !matches!(&self.state, State::Waiting { reason, .. } if reason.contains("ImagePull"));
        if is_first {
            events.normal(&field, "Pulling", &format!("Pulling image \"{image}\""));
            let message = format!("Failed to pull image \"{image}\": {words}");
            events.warning(&field, "Failed", &message);
            events.warning(&field, "Failed", "Error: ErrImagePull");
            self.wait("ErrImagePull", words);
        } else {
            let back_off = format!("Back-off pulling image \"{image}\"");
            events.normal(&field, "BackOff", &back_off);
            events.warning(&field, "Failed", "Error: ImagePullBackOff");
            self.wait(
                "ImagePullBackOff",
                &format!("{back_off}: ErrImagePull: {words}"),
            );
        }
    }

    /// How often it has been started again, once it is.
    fn next_run(&self) -> u32 {
        self.restarts + u32::from(matches!(self.state, State::Ended(_)) || self.last.is_some())
    }

    fn wait(&mut self, reason: &str, message: &str) {
        self.remember_end();
        self.state = State::waiting(reason, message);
        self.not_before = Instant::now() + RETRY;
    }
}

/// The container as it is on a node of another architecture, in the words of runc.
fn foreign(container: &Value, image: &Image) -> Value {
    let program = command::program_of(container, image);
    let script = format!("echo 'exec {program}: exec format error' >&2; exit 255");
    let mut container = container.clone();
    set(&mut container, "", "command", json!(["sh", "-c", script]));
    remove(&mut container, "", "args");
    container
}
