//! What the API servers wrote down about a client.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::json::text;

/// The verbs that change nothing.
const READING: [&str; 3] = ["get", "list", "watch"];

/// How often a client did what to which resource.
type Requests = BTreeMap<(String, String), usize>;

/// Every request so far by clients whose user agent begins like this.
fn requests(cluster: &Cluster, agent: &str) -> Result<Requests> {
    let folder = cluster
        .audit_log()
        .parent()
        .context("a log without a folder")?;
    let mut requests = Requests::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("audit-") || !name.ends_with(".log") {
            continue;
        }
        for line in BufReader::new(File::open(&file)?).lines() {
            let event: Value = serde_json::from_str(&line?)?;
            if text(&event, "/userAgent").starts_with(agent) {
                let resource = text(&event, "/objectRef/resource");
                let done = (text(&event, "/verb").to_owned(), resource.to_owned());
                *requests.entry(done).or_default() += 1;
            }
        }
    }
    Ok(requests)
}

/// Proves that a client only ever read, no Secret among it, and that it was there at all.
pub fn only_reads(cluster: &Cluster, agent: &str) -> Result<()> {
    let requests = requests(cluster, agent)?;
    ensure!(!requests.is_empty(), "no request came from {agent}");
    for ((verb, resource), times) in &requests {
        ensure!(
            READING.contains(&verb.as_str()) && resource != "secrets",
            "{agent} did {verb} {resource} {times} times"
        );
    }
    Ok(())
}
