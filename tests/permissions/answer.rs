//! What injdoctor says to a user, held against what it says to one who may read everything.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Stdio;

use anyhow::{Context, Result};
use serde_json::Value;
use testcluster::Cluster;

/// The check whose finding is that permissions are missing.
const ACCESS_DENIED: &str = "access-denied";

/// A diagnosis and how the run ended.
pub struct Answer {
    diagnosis: Value,
    exit: i32,
}

/// A diagnosis of the target as this user.
pub fn check(cluster: &Cluster, target: &[String], user: &str) -> Result<Answer> {
    let output = cluster
        .command(env!("CARGO_BIN_EXE_injdoctor"))
        .arg("check")
        .args(target)
        .args(["-o", "json", "--as", user])
        .stdin(Stdio::null())
        .output()?;
    let diagnosis = serde_json::from_slice(&output.stdout).with_context(|| {
        let error = String::from_utf8_lossy(&output.stderr);
        format!("as {user}, injdoctor ended with {}: {error}", output.status)
    })?;
    Ok(Answer {
        diagnosis,
        exit: output.status.code().unwrap_or(-1),
    })
}

impl Answer {
    /// The diagnosis but for the time and for the user, whose name is in the commands.
    pub fn without_clock(&self) -> Value {
        let mut diagnosis = self.diagnosis.clone();
        diagnosis["cluster"]["recordedAt"] = Value::Null;
        for finding in diagnosis["findings"].as_array_mut().into_iter().flatten() {
            finding["fixes"] = Value::Null;
        }
        diagnosis
    }

    fn predicted(&self) -> &str {
        self.diagnosis["predicted"]["outcome"]
            .as_str()
            .unwrap_or_default()
    }

    /// What is said of the pods that exist.
    pub fn observed(&self) -> &str {
        self.diagnosis["observed"]["outcome"]
            .as_str()
            .unwrap_or_default()
    }

    fn root_cause(&self) -> Option<&str> {
        self.diagnosis["rootCause"]["name"].as_str()
    }

    fn checks(&self) -> BTreeMap<&str, &str> {
        let checks = self.diagnosis["checks"].as_array().into_iter().flatten();
        checks
            .filter_map(|check| Some((check["name"].as_str()?, check["status"].as_str()?)))
            .collect()
    }

    fn is_blind(&self) -> bool {
        self.diagnosis["unread"]
            .as_array()
            .is_none_or(|unread| !unread.is_empty())
    }

    /// Where the answer to somebody with fewer permissions says something else than this one, instead of less.
    pub fn contradictions(&self, fewer: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                found.push(what);
            }
        };
        let less = |all: &str, fewer: &str| fewer == all || fewer.eq_ignore_ascii_case("unknown");
        let (all, predicted) = (self.predicted(), fewer.predicted());
        expect(
            less(all, predicted),
            format!("predicted is {predicted}, not {all}"),
        );
        expect(
            predicted == all || fewer.is_blind(),
            "nothing says what is missing".to_owned(),
        );
        let (all, observed) = (self.observed(), fewer.observed());
        expect(
            less(all, observed),
            format!("observed is {observed}, not {all}"),
        );

        let statuses = fewer.checks();
        for (check, all) in self
            .checks()
            .into_iter()
            .filter(|(check, _)| *check != ACCESS_DENIED)
        {
            let status = statuses.get(check).copied().unwrap_or_default();
            expect(
                less(all, status),
                format!("check {check} is {status}, not {all}"),
            );
        }

        match (self.root_cause(), fewer.root_cause()) {
            (all, cause) if all == cause => {}
            (_, Some(ACCESS_DENIED)) => expect(
                fewer.is_blind(),
                "access is denied, but to nothing".to_owned(),
            ),
            (Some(all), None) => expect(
                statuses.get(all) == Some(&"unknown") && fewer.exit != 0,
                format!(
                    "the root cause {all} is not there, and the exit code is {}",
                    fewer.exit
                ),
            ),
            (all, cause) => expect(false, format!("the root cause is {cause:?}, not {all:?}")),
        }
        let exits: &[i32] = if self.exit == 0 { &[0, 1, 3] } else { &[1, 3] };
        expect(
            exits.contains(&fewer.exit),
            format!("the exit code is {}, not {}", fewer.exit, self.exit),
        );
        found
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let predicted = &self.diagnosis["predicted"];
        let (outcome, because) = (
            self.predicted(),
            predicted["because"].as_str().unwrap_or_default(),
        );
        let cause = self.root_cause().unwrap_or("none");
        write!(
            f,
            "  predicted {outcome}: {because}; observed {}; root cause {cause}; exit code {}",
            self.observed(),
            self.exit
        )
    }
}
