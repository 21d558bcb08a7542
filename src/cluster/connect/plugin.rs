//! A credential plugin's process: run it, take what it writes, and end it where it does not end.

use std::io::{self, IsTerminal};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// An answer of a plugin longer than this is none.
const MOST: u64 = 1 << 20;

/// Why a plugin gave no answer.
#[derive(Debug)]
pub enum Failed {
    /// It could not be run.
    NotRun(io::Error),
    /// It took longer than this.
    Late(Duration),
    /// It wrote more than an answer can be.
    TooLong,
}

/// Runs a program until it ends, or for so long: how it ends, and what it writes until then.
pub async fn run(
    mut command: Command,
    wait: Option<Duration>,
) -> Result<(ExitStatus, Vec<u8>), Failed> {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    // What it starts itself would outlive it, and hold open whatever reads our standard error. Where
    // somebody sits at a terminal, it stays where Ctrl-C reaches it.
    #[cfg(unix)]
    if !io::stderr().is_terminal() {
        command.process_group(0);
    }
    let mut child = command.spawn().map_err(Failed::NotRun)?;
    let outcome = match wait {
        Some(wait) => timeout(wait, answer(&mut child))
            .await
            .unwrap_or(Err(Failed::Late(wait))),
        None => answer(&mut child).await,
    };
    if outcome.is_err() {
        end(&child);
    }
    outcome
}

async fn answer(child: &mut Child) -> Result<(ExitStatus, Vec<u8>), Failed> {
    let mut written = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = stdout.take(MOST + 1);
        stdout
            .read_to_end(&mut written)
            .await
            .map_err(Failed::NotRun)?;
    }
    if written.len() as u64 > MOST {
        return Err(Failed::TooLong);
    }
    let status = child.wait().await.map_err(Failed::NotRun)?;
    Ok((status, written))
}

/// Ends a program with all that it has started; the program alone where that is not possible.
fn end(child: &Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = group.and_then(Pid::from_raw) {
            // It fails where the program is in our own group, and ends with its handle then.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    #[cfg(not(unix))]
    let _ = child;
}
