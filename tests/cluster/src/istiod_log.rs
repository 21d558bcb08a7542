//! What istiod complains of in its log while a scenario runs, and what that tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::diagnosis::Diagnosis;
use crate::istiod;
use crate::pods::logs;

/// Where the logs of all istiods ended when a scenario began.
pub(crate) struct Mark(BTreeMap<PathBuf, usize>);

impl Mark {
    /// Where they end now.
    pub(crate) fn now(cluster: &Cluster) -> Result<Self> {
        let logs = logs(cluster)?.into_iter();
        Ok(Self(logs.map(|(log, text)| (log, text.len())).collect()))
    }

    /// The warnings and errors since then, each once.
    fn complaints(&self, cluster: &Cluster) -> Result<String> {
        let mut known = BTreeSet::new();
        let mut all = String::new();
        for (log, text) in logs(cluster)? {
            let begin = self.0.get(&log).copied().unwrap_or(0);
            for record in complaints(text.get(begin..).unwrap_or_default()) {
                let (_, message) = record.split_once('\t').unwrap_or_default();
                if known.insert(message.to_owned()) {
                    all.push_str(&record);
                }
            }
        }
        Ok(all)
    }

    /// What the words of istiod's warnings and errors tell, without a look at the cluster; none where it has none.
    pub(crate) fn told(&self, cluster: &Cluster, binary: &Path) -> Result<Option<Diagnosis>> {
        let complaints = self.complaints(cluster)?;
        if complaints.is_empty() {
            return Ok(None);
        }
        let mut explain = cluster.command(&binary.to_string_lossy());
        explain
            .args(["explain", "-o", "json", "--error", "-"])
            .env("KUBECONFIG", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = explain.spawn().context("cannot run injdoctor")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(complaints.as_bytes())?;
        }
        let said = Diagnosis::printed(&child.wait_with_output()?);
        said.map(Some)
            .with_context(|| format!("of istiod's words\n{complaints}"))
    }
}

/// The logs of all istiods that run or ran, by their files.
fn logs(cluster: &Cluster) -> Result<Vec<(PathBuf, String)>> {
    let mut logs = Vec::new();
    for folder in logs::of_all(cluster.site(), istiod::CONTAINER)? {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            logs.push((path, text));
        }
    }
    logs.sort();
    Ok(logs)
}

/// The records of level warn and error, with the lines that belong to them: `TIME\tLEVEL\tMESSAGE`. What Go's own server
/// complains of, istiod writes at level info.
fn complaints(log: &str) -> Vec<String> {
    let mut records: Vec<String> = Vec::new();
    let mut is_complaint = false;
    for line in log.lines() {
        let mut columns = line.split('\t').skip(1);
        let (level, message) = (columns.next(), columns.next());
        let begins = level.is_some() && line.starts_with(|c: char| c.is_ascii_digit());
        if begins {
            let of_server = message.is_some_and(|message| message.starts_with("http: "));
            is_complaint = matches!(level, Some("warn" | "error")) || of_server;
        }
        match records.last_mut() {
            _ if !is_complaint => {}
            Some(record) if !begins => {
                record.push_str(line);
                record.push('\n');
            }
            _ => records.push(format!("{line}\n")),
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_whole_records_of_two_levels() {
        let log = "2026-01-02T03:04:05Z\tinfo\tads\tPush\nof two lines\n2026-01-02T03:04:05Z\terror\tPod injection failed: 1 error occurred:\n\t* invalid value\n\n2026-01-02T03:04:05Z\twarn\tlate\n2026-01-02T03:04:05Z\tinfo\tgone\n2026-01-02T03:04:05Z\tinfo\thttp: TLS\n";
        assert_eq!(
            complaints(log),
            [
                "2026-01-02T03:04:05Z\terror\tPod injection failed: 1 error occurred:\n\t* invalid value\n\n",
                "2026-01-02T03:04:05Z\twarn\tlate\n",
                "2026-01-02T03:04:05Z\tinfo\thttp: TLS\n",
            ]
        );
    }
}
