//! How a container runs: whether it has ended, and what its hook and its probes say.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Container, PostStart, State, spawn};
use crate::json::list;
use crate::pods::events::Events;
use crate::pods::sandbox::Sandbox;
use crate::scenario::Pods;

/// What was killed, for its memory or otherwise, has this exit code.
const KILLED: i32 = 137;

impl Container {
    /// Sees whether it has ended, and what its hook and its probes say.
    pub(in crate::pods) fn look_after(
        &mut self,
        sandbox: &Sandbox,
        pods: &Pods,
        events: &mut Events,
    ) {
        let State::Running { since } = self.state else {
            return;
        };
        let Some(process) = &mut self.process else {
            return;
        };
        if let Some(exit_code) = process.exited() {
            self.process = None;
            let reason = match exit_code {
                0 => "Completed",
                KILLED if pods.out_of_memory.contains(self.name()) => "OOMKilled",
                _ => "Error",
            };
            self.end(since, exit_code, reason, None);
            return;
        }
        if self.killed_at.is_some_and(|time| time <= Instant::now()) {
            process.kill();
        }
        let Some(first) = process.program() else {
            return;
        };
        self.see_hook(sandbox, first, events);
        if matches!(self.post_start, PostStart::Done) {
            self.probe(sandbox, first, events);
        }
    }

    fn see_hook(&mut self, sandbox: &Sandbox, first: i32, events: &mut Events) {
        let succeeded = match &mut self.post_start {
            PostStart::Done => return,
            PostStart::Due => {
                let words = list(&self.spec, "/lifecycle/postStart/exec/command");
                match spawn(self.beside(sandbox, first, words)) {
                    Some(hook) => {
                        self.post_start = PostStart::Running(hook);
                        return;
                    }
                    None => false,
                }
            }
            PostStart::Running(hook) => match hook.try_wait() {
                Ok(None) => return,
                Ok(Some(status)) => status.success(),
                Err(_) => false,
            },
        };
        self.post_start = PostStart::Done;
        if !succeeded {
            events.warning(&self.field(), "FailedPostStartHook", "PostStartHook failed");
            self.stop(true);
        }
    }

    fn probe(&mut self, sandbox: &Sandbox, first: i32, events: &mut Events) {
        let mut probes = [
            self.startup.take(),
            self.readiness.take(),
            self.liveness.take(),
        ];
        for (at, probe) in probes.iter_mut().enumerate() {
            let Some(probe) = probe else { continue };
            let is_startup = at == 0;
            if is_startup && probe.passes {
                continue;
            }
            let failed = probe.attempt(sandbox.ip.into(), &self.spec, |words| {
                self.beside(sandbox, first, words)
            });
            if let Some(words) = failed {
                let message = format!("{} probe failed: {words}", probe.name);
                events.warning(&self.field(), "Unhealthy", &message);
            }
            if probe.fails && probe.name != "Readiness" {
                let message = format!(
                    "Container {} failed {} probe, will be restarted",
                    self.name(),
                    probe.name.to_lowercase()
                );
                if self.killed_at.is_none() {
                    events.normal(&self.field(), "Killing", &message);
                    let grace = sandbox.pod.pointer("/spec/terminationGracePeriodSeconds");
                    let grace = grace.and_then(Value::as_u64).unwrap_or_default();
                    self.killed_at = Some(Instant::now() + Duration::from_secs(grace));
                    self.stop(false);
                }
            }
            // Until it has started it is not asked for anything else.
            if is_startup && !probe.passes {
                break;
            }
        }
        [self.startup, self.readiness, self.liveness] = probes;
    }
}
