//! What the page of a check shows: its finding as it is printed in its scenario, recorded in `docs/outputs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, anyhow};
use regex::{Captures, Regex};

use crate::cluster::Cluster;
use crate::scenario::Scenario;
use crate::wait::wait_for;

/// Set to anything, it records what is printed.
const BLESS: &str = "BLESS";

/// Holds what is printed against what is recorded, if a page shows this scenario's output.
pub(crate) fn prove_output(cluster: &Cluster, scenario: &Scenario, binary: &Path) -> Result<()> {
    let Some(check) = &scenario.shown else {
        return Ok(());
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/outputs");
    wait_for("the output that docs/outputs has", || {
        let (code, output) = print(cluster, scenario, binary, check)?;
        let path = folder.join(format!("{code}.txt"));
        let recorded = fs::read_to_string(&path).unwrap_or_default();
        // Where lines break depends on the length of what changes.
        if recorded.split_whitespace().eq(output.split_whitespace()) {
            return Ok(());
        }
        if std::env::var_os(BLESS).is_some() {
            return fs::write(&path, &output)
                .with_context(|| format!("cannot write {}", path.display()));
        }
        Err(anyhow!(
            "docs/outputs/{code}.txt differs: {}; {BLESS}=1 cargo test --test scenarios -- {} writes it\n{output}",
            first_difference(&recorded, &output),
            scenario.name
        ))
    })
}

/// The first line that is printed and not recorded, or else the first that is recorded only.
fn first_difference(recorded: &str, printed: &str) -> String {
    let missing = |there: &str, here: &str| {
        let known: Vec<_> = here.lines().collect();
        let line = there.lines().find(|line| !known.contains(line));
        line.map(|line| line.trim().to_owned())
    };
    let printed_only = missing(printed, recorded).map(|line| format!("`{line}` is printed"));
    let recorded_only = || missing(recorded, printed).map(|line| format!("`{line}` is not"));
    printed_only.or_else(recorded_only).unwrap_or_default()
}

/// The code of the check, and what is printed of its finding, as it is in every run.
fn print(
    cluster: &Cluster,
    scenario: &Scenario,
    binary: &Path,
    check: &str,
) -> Result<(String, String)> {
    let of_webhook = scenario
        .webhook
        .as_ref()
        .is_some_and(|one| one.finds.as_deref() == Some(check));
    let mut arguments = match of_webhook {
        true => vec!["webhook".to_owned()],
        false => [&["check".to_owned()], scenario.target.as_slice()].concat(),
    };
    if !of_webhook && scenario.expect.root_cause.as_deref() != Some(check) {
        // Of what is found beside, only this format prints all.
        arguments.extend(["-o", "wide"].map(str::to_owned));
    }
    let output = cluster
        .command(&binary.to_string_lossy())
        .args(&arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", binary.display()))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let (code, finding) = finding(&printed, check)
        .with_context(|| format!("nothing is printed of {check}\n{printed}"))?;
    let command = shlex::try_join(arguments.iter().map(String::as_str))?;
    let finding = stable(&finding)?;
    Ok((code, format!("$ injdoctor {command}\n{finding}\n")))
}

/// A finding's code, and its part of the output: from its headline to where another part begins.
fn finding(printed: &str, check: &str) -> Option<(String, String)> {
    let mut lines = printed.lines();
    let headline = lines.find(|line| line.split(' ').nth(2) == Some(check))?;
    let code = headline.split(' ').nth(1)?;
    let part = lines.take_while(|line| {
        (line.is_empty() || line.starts_with(' ')) && !line.starts_with("  more: ")
    });
    let text = [headline].into_iter().chain(part).collect::<Vec<_>>();
    Some((code.to_owned(), text.join("\n").trim_end().to_owned()))
}

/// What changes from run to run, and what stands in its place.
const CHANGING: [(&str, &str); 14] = [
    // Who builds the world, or restores it after the scenario before.
    (
        r"\bset by(\s+)(?:istio-operator|istioctl|testcluster|kubectl(?:-create|-replace|-client-side-apply)?)(,|\s|$)",
        "set by${1}kubectl${2}",
    ),
    (r"\b\d+[smhd] ago\b", "5s ago"),
    (r"\b\d+(\s+times\s+so\s+far)\b", "3$1"),
    // The names of pods, with the hash of their template.
    (
        r"-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}(_|\b)",
        "-7d9c4b8f65-x7k2p$1",
    ),
    (
        r"\b(pod[\s/]+[a-z]+(?:-[a-z]+)*)-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
        "$1-x7k2p",
    ),
    (
        r#"\b(Pod\s+"[a-z-]+-)[bcdfghjklmnpqrstvwxz2456789]{5}""#,
        "${1}x7k2p\"",
    ),
    (
        r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
        "01234567-89ab-cdef-0123-456789abcdef",
    ),
    (r"\b(started\s+again\s+)\d+(\s+times)", "${1}5$2"),
    // Where a value is cut depends on the names in it.
    (
        r"\s\S*\.\.\.\s+\(\d+\s+characters\s+more\)",
        " ... (400 characters more)",
    ),
    // The addresses of Services.
    (r"\b10\.96\.\d+\.[1-9]\d*\b", "10.96.0.20"),
    // The addresses of pods.
    (r"\b10\.244\.\d+\.[1-9]\d*\b", "10.244.0.10"),
    // The port from which a connection was made.
    (r":\d{5}->", ":40000->"),
    (r"\bserial(\s+)[0-9a-f:]+", "serial${1}0a:1b:2c:3d"),
    // Certificates in commands.
    (r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]*", "LS0tLS1CRUdJTi..."),
];

/// The text without what changes from run to run.
fn stable(text: &str) -> Result<String> {
    let mut text = text.to_owned();
    for (changing, instead) in CHANGING {
        text = Regex::new(changing)?
            .replace_all(&text, instead)
            .into_owned();
    }
    let time = Regex::new(r"(?<until>until\s+)?[0-9]{4}-[0-9]{2}-[0-9]{2}T(?<hours>[0-9:]{8})Z")?;
    let text = time.replace_all(&text, |found: &Captures| {
        match (&found["hours"], found.name("until")) {
            // The scenario's choice.
            ("00:00:00", _) => found[0].to_owned(),
            (_, Some(until)) => format!("{}2036-01-02T03:04:05Z", until.as_str()),
            _ => "2026-01-02T03:04:05Z".to_owned(),
        }
    });
    // Checksums: what differed has to differ afterwards.
    let mut sums = BTreeMap::new();
    let checksum = Regex::new(r"\b[0-9a-f]{32}\b")?;
    let text = checksum.replace_all(&text, |found: &Captures| {
        let number = sums.len() + 1;
        let sum = sums.entry(found[0].to_owned()).or_insert(number);
        format!("{sum:032x}")
    });
    Ok(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
deployment/reviews in shop

error INJ202 istiod-no-endpoints
  no endpoints

  1. scale it up
       kubectl scale

  more: injdoctor explain INJ202

warning INJ215 webhook-fails-open-by-policy
  it would fail open

webhooks, in the order in which the API server comes to them
  one/two
";

    #[test]
    fn a_finding_ends_where_another_part_begins() {
        for (check, expected) in [
            (
                "istiod-no-endpoints",
                "error INJ202 istiod-no-endpoints\n  no endpoints\n\n  1. scale it up\n       kubectl scale",
            ),
            (
                "webhook-fails-open-by-policy",
                "warning INJ215 webhook-fails-open-by-policy\n  it would fail open",
            ),
        ] {
            let (_, text) = finding(PRINTED, check).unwrap();
            assert_eq!(text, expected);
        }
        assert_eq!(finding(PRINTED, "reviews"), None);
    }

    #[test]
    fn the_first_line_that_differs_is_told() {
        for (recorded, printed, expected) in [
            ("a\n  b\nc", "a\n  x\nc", "`x` is printed"),
            ("a\n  b\nc", "a\nc", "`b` is not"),
        ] {
            assert_eq!(first_difference(recorded, printed), expected);
        }
    }

    #[test]
    fn what_changes_from_run_to_run_is_replaced() {
        for (printed, expected) in [
            (
                "set by kubectl-label, 41s ago",
                "set by kubectl-label, 5s ago",
            ),
            ("failed, 12 times so\n  far", "failed, 3 times so\n  far"),
            (
                "pod/reviews-7749f65fb4-sszvm  .spec",
                "pod/reviews-7d9c4b8f65-x7k2p  .spec",
            ),
            (
                "drop=[\"ALL\"]; c... (411\n  characters more)",
                "drop=[\"ALL\"]; ... (400 characters more)",
            ),
            (
                "reviews-649f684c65-mthmm_shop(36380cdc-5195-4512-94cd-5c3f545ceffa)",
                "reviews-7d9c4b8f65-x7k2p_shop(01234567-89ab-cdef-0123-456789abcdef)",
            ),
            ("of pod/report-fdvhg: x", "of pod/report-x7k2p: x"),
            ("dial tcp 10.96.141.206:443", "dial tcp 10.96.0.20:443"),
            (
                "read tcp 10.96.141.206:41816->10.96.141.206:443",
                "read tcp 10.96.0.20:40000->10.96.0.20:443",
            ),
            ("serial\n  00:ad:8c, valid", "serial\n  0a:1b:2c:3d, valid"),
            (
                r#""value":"LS0tLS1CRUdJTiBD+/==""#,
                r#""value":"LS0tLS1CRUdJTi...""#,
            ),
            (
                "valid until\n 2036-11-24T02:40:47Z",
                "valid until\n 2036-01-02T03:04:05Z",
            ),
            (
                "expired at 2021-01-01T00:00:00Z",
                "expired at 2021-01-01T00:00:00Z",
            ),
            ("is 2026-11-27T02:41:09Z", "is 2026-01-02T03:04:05Z"),
            (
                "c22c0772405ec4bb9d2e382369e68b31 54247c2b447e230af8f250318d272c75 \
                 c22c0772405ec4bb9d2e382369e68b31",
                "00000000000000000000000000000001 00000000000000000000000000000002 \
                 00000000000000000000000000000001",
            ),
            (
                "istio-sidecar-injector-canary and 10.0.0.1",
                "istio-sidecar-injector-canary and 10.0.0.1",
            ),
        ] {
            assert_eq!(stable(printed).unwrap(), expected);
        }
    }
}
