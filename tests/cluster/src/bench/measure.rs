//! Many runs of several commands, and what comes of them.

use std::env;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use testcluster::Cluster;

use super::a_pod;
use super::child::Run;
use super::commands::Candidate;

/// The exit code of injdoctor and of others that means: no answer.
const FAILED: i32 = 2;

/// The longest pause after a command.
const PAUSE: Duration = Duration::from_secs(10);

const MIB: f64 = 1024.0 * 1024.0;

/// What was measured of some commands.
pub(super) struct Results(Vec<(Candidate, Vec<Run>)>);

/// Runs the commands in turn, so that whatever else the machine does slows down all of them. A first run of each does
/// not count: it fills caches. After each is a pause as long as it took: the API server collects the garbage of a large
/// answer for a while, which is not the next command's fault.
pub(super) fn measure(cluster: &Cluster, commands: &[Candidate], runs: usize) -> Result<Results> {
    let mut all: Vec<(Candidate, Vec<Run>)> = Vec::new();
    for command in commands {
        once(cluster, command)?;
        all.push((command.clone(), Vec::new()));
    }
    for _ in 0..runs {
        change_a_pod(cluster)?;
        for (command, runs) in &mut all {
            runs.push(once(cluster, command)?);
        }
    }
    Ok(Results(all))
}

/// In a real cluster pods change all the time. Here they do not, and when kube-apiserver 1.36 hears of a compaction of
/// etcd, every five minutes, it drops the snapshots of its cache that are older, even the last one. Until the next change
/// it reads further pages from etcd, three times as slowly (`Compact` and `CanServeExactRV` of its watch cache's storage).
fn change_a_pod(cluster: &Cluster) -> Result<()> {
    let path = format!("/api/v1/namespaces/shop/pods/{}", a_pod(cluster)?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let patch = json!({"metadata": {"annotations": {"changed": now.as_millis().to_string()}}});
    cluster.api().merge(&path, &patch)?;
    Ok(())
}

fn once(cluster: &Cluster, candidate: &Candidate) -> Result<Run> {
    let myself = env::current_exe()?;
    let mut command = cluster.command(&myself.to_string_lossy());
    command.args(["measure", "--"]).args(&candidate.words);
    if let Some(kubeconfig) = &candidate.kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    let output = command.output().context("cannot measure")?;
    let failed = || {
        let stderr = String::from_utf8_lossy(&output.stderr);
        format!("{} failed: {stderr}", candidate.title())
    };
    ensure!(output.status.success(), failed());
    let run: Run = serde_json::from_slice(&output.stdout)?;
    // Findings have exit codes of their own; to have nothing to say is what a failure looks like.
    let answered = run.printed > 0 && run.code.is_some_and(|code| code != FAILED);
    ensure!(answered, failed());
    thread::sleep(PAUSE.min(Duration::from_secs_f64(run.seconds)));
    Ok(run)
}

impl Results {
    /// The median of a command's times, in seconds.
    pub(super) fn time(&self, command: &Candidate) -> f64 {
        share(50, self.sorted(command, |run| run.seconds))
    }

    /// The median of a command's peaks, in MiB.
    pub(super) fn peak(&self, command: &Candidate) -> f64 {
        share(50, self.sorted(command, |run| mib(run.peak)))
    }

    fn sorted(&self, command: &Candidate, of: impl Fn(&Run) -> f64) -> Vec<f64> {
        let runs = self.0.iter().find(|(other, _)| other == command);
        let mut values: Vec<f64> = runs
            .into_iter()
            .flat_map(|(_, runs)| runs)
            .map(of)
            .collect();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Writes a row for each command.
    pub(super) fn print(&self, title: &str, out: &mut impl Write) -> io::Result<()> {
        let [min, median, max, peak] = ["min", "median", "max", "peak"];
        writeln!(out, "\n{title:<60}{min:>11}{median:>11}{max:>11}{peak:>11}")?;
        for (command, _) in &self.0 {
            write!(out, "{:<60}", command.title())?;
            for part in [0, 50, 100] {
                let seconds = share(part, self.sorted(command, |run| run.seconds));
                write!(out, "{:>8.0} ms", seconds * 1000.0)?;
            }
            writeln!(out, "{:>7.0} MiB", self.peak(command))?;
        }
        Ok(())
    }
}

/// Bytes as MiB.
pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / MIB
}

/// The value that this share of all, in percent, does not exceed.
fn share(percent: usize, sorted: Vec<f64>) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .copied()
        .unwrap_or(f64::NAN)
}
