//! One run of injdoctor, and what it took.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use testcluster::Cluster;
use wait4::Wait4;

/// How much is read of an output, in bytes; nothing that is longer is right.
const MUCH: u64 = 8 << 20;

/// What a slow machine may take beyond the limits that injdoctor gives itself.
const SLACK: Duration = Duration::from_secs(60);

/// How a run ended.
pub struct Ending {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// The most that it held at once, in bytes; not less than what the test itself holds, which the kernel counts to it.
    pub memory: u64,
}

impl Ending {
    /// Whether it printed no answer: nothing, or no more than its own version, as kubectl does without a cluster.
    pub fn tells_nothing(&self) -> bool {
        let document = || serde_json::from_slice::<Value>(&self.stdout).unwrap_or_default();
        let is_own_version = |document: &Value| {
            let cluster = document.get("cluster");
            document.get("clientVersion").is_some() && cluster.is_some_and(Value::is_null)
        };
        self.stdout.is_empty() || is_own_version(&document())
    }
}

/// Runs injdoctor with the API server behind this kubeconfig, and ends it if it does not end by its own limits, which are
/// three times that of a request.
pub fn injdoctor(
    cluster: &Cluster,
    words: &[String],
    kubeconfig: &Path,
    request_timeout: Duration,
) -> Result<Ending> {
    let limit = 3 * request_timeout + SLACK;
    let mut command = cluster.command("timeout");
    command.arg(limit.as_secs().to_string());
    command.arg(env!("CARGO_BIN_EXE_injdoctor")).args(words);
    command.arg(format!("--request-timeout={}s", request_timeout.as_secs()));
    command.env("KUBECONFIG", kubeconfig);
    run(command, &[])
}

/// Judges a snapshot.
pub fn judge_snapshot(cluster: &Cluster, snapshot: &[u8]) -> Result<Ending> {
    let mut command = cluster.command("timeout");
    command.arg(SLACK.as_secs().to_string());
    command.arg(env!("CARGO_BIN_EXE_injdoctor"));
    command.args(["check", "--from", "-", "-o", "json"]);
    run(command, snapshot)
}

fn run(mut command: Command, input: &[u8]) -> Result<Ending> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run injdoctor")?;
    let mut stdin = child.stdin.take().context("standard input")?;
    let stdout = child.stdout.take().context("standard output")?;
    let stderr = child.stderr.take().context("standard error")?;
    thread::scope(|scope| {
        let stdout = scope.spawn(move || read(stdout));
        let stderr = scope.spawn(move || read(stderr));
        // A program that does not read its input has closed it.
        let _ = stdin.write_all(input);
        drop(stdin);
        let ended = child.wait4()?;
        let read = |output: thread::ScopedJoinHandle<'_, _>| output.join().unwrap_or_default();
        Ok(Ending {
            status: ended.status,
            stdout: read(stdout),
            stderr: String::from_utf8_lossy(&read(stderr)).into_owned(),
            memory: ended.rusage.maxrss,
        })
    })
}

fn read(output: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What came before an error is what there is.
    let _ = output.take(MUCH).read_to_end(&mut bytes);
    bytes
}
