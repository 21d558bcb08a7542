//! A program of the cluster that runs in the background.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::wait::{Hopeless, wait_for};

/// A command that inherits no environment: a proxy setting of whoever runs the tests would change what the API server
/// does.
pub(crate) fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear();
    command
}

/// A background program; it ends with this value.
pub(crate) struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program that logs to `<name>.log` in the folder.
    pub(crate) fn start(name: &str, command: &mut Command, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            // Out of the terminal's process group: Ctrl-C is meant for what runs in the foreground.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// The exit status, if it has ended.
    pub(crate) fn exited(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it is ready; if it ends instead or takes too long, the error shows the end of its log.
    pub(crate) fn await_ready(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let what = format!("{} to be ready", self.name);
        wait_for(&what, || {
            if ready() {
                return Ok(());
            }
            let log = self.log_tail();
            if let Some(status) = self.child.try_wait()? {
                return Err(Hopeless(format!("it ended with {status}:\n{log}")).into());
            }
            bail!("it runs, its log ends with\n{log}")
        })
    }

    fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(15).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // An error here means that it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
