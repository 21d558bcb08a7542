//! The process of a container: in a process namespace of its own, with a log that has the time of each line.

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use jiff::Timestamp;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// What every container has in its environment, and nothing else here.
const MARK: &[u8] = b"KUBERNETES_SERVICE_HOST=";

/// A running container; it is killed with this value.
pub(super) struct Process(Child);

impl Process {
    /// Starts a command whose one child is the first process in a process namespace, and whose exit code is the child's.
    pub(super) fn start(mut command: Command, log: &Path) -> io::Result<Self> {
        let (read, write) = io::pipe()?;
        let file = File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(write.try_clone()?)
            .stderr(write)
            .process_group(0)
            .spawn()?;
        // The command holds the other end of the pipe, too.
        drop(command);
        // The log ends with what writes it, and nobody waits for that.
        thread::spawn(move || stamp(BufReader::new(read), file));
        Ok(Self(child))
    }

    /// The exit code, if it has ended: for who was killed by a signal 128 and more, as container runtimes say it.
    pub(super) fn exited(&mut self) -> Option<i32> {
        let status = self.0.try_wait().ok().flatten()?;
        let signal = status.signal().unwrap_or_default();
        Some(status.code().unwrap_or(128 + signal))
    }

    /// The container's own program, once what prepares its place has become it.
    pub(super) fn program(&self) -> Option<i32> {
        let first = self.first()?;
        let environment = std::fs::read(format!("/proc/{first}/environ")).ok()?;
        let mut variables = environment.split(|byte| *byte == 0);
        let is_there = variables.any(|variable| variable.starts_with(MARK));
        is_there.then_some(first)
    }

    /// The first process in the namespace, seen from outside.
    fn first(&self) -> Option<i32> {
        let id = self.0.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Asks it to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    fn signal(&self, signal: Signal) {
        if let Some(first) = self.first() {
            // An error means that it has ended already.
            let _ = kill(Pid::from_raw(first), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exited().is_some() {
            return;
        }
        // All of its group, also what has not found its way into the namespace yet; what left the group goes with the
        // first process of the namespace.
        self.kill();
        if let Ok(group) = i32::try_from(self.0.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

/// Copies lines, each with the time when it came.
fn stamp(mut from: impl io::BufRead, mut log: File) {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        let stamped = [format!("{:.9} ", Timestamp::now()).as_bytes(), &line].concat();
        if log.write_all(&stamped).is_err() {
            return;
        }
        line.clear();
    }
}
