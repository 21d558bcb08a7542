//! The binary as a user meets it. `TRYCMD=overwrite cargo test --test cli` writes the expected output
//! of the cases in `tests/cli` anew.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Read;
use std::process::{Command, Stdio};

/// A run whose environment is the same everywhere.
fn injdoctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_injdoctor"));
    command.args(arguments).env_clear().env("LANG", "C.UTF-8");
    command
}

fn snapshot(name: &str) -> String {
    format!(
        "{}/tests/cli/snapshots/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn cases() {
    trycmd::TestCases::new()
        .register_bin(
            "injdoctor",
            trycmd::schema::Bin::Path(env!("CARGO_BIN_EXE_injdoctor").into()),
        )
        .env("LANG", "C.UTF-8")
        .env("KUBECONFIG", "/nonexistent")
        .env("HOME", "/nonexistent")
        .env("NO_COLOR", "1")
        .case("tests/cli/*.md");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let all = snapshot("mesh");
    for (format, expected) in [("text", 1), ("json", 1), ("yaml", 1), ("name", 1)] {
        let mut run = injdoctor(&["check", "--from", &all, "-o", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(run.stdout.take());
        let mut complaint = String::new();
        run.stderr
            .take()
            .unwrap()
            .read_to_string(&mut complaint)
            .unwrap();
        assert_eq!(complaint, "", "{format}");
        assert_eq!(run.wait().unwrap().code(), Some(expected), "{format}");
    }
    for arguments in [
        &["explain"][..],
        &["demo"],
        &["completion", "bash"],
        &["--help"],
    ] {
        let mut run = injdoctor(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(run.stdout.take());
        let mut complaint = String::new();
        run.stderr
            .take()
            .unwrap()
            .read_to_string(&mut complaint)
            .unwrap();
        assert_eq!(
            (complaint.as_str(), run.wait().unwrap().code()),
            ("", Some(0)),
            "{arguments:?}"
        );
    }
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let (mesh, refused) = (snapshot("mesh"), snapshot("refused"));
    for (file, fail_on, expected) in [
        (&mesh, "error", 1),
        (&mesh, "warning", 1),
        (&mesh, "info", 1),
        (&mesh, "never", 0),
        (&refused, "warning", 3),
        (&refused, "never", 3),
    ] {
        for format in ["text", "wide", "json", "yaml", "name"] {
            let arguments = ["check", "--from", file, "--fail-on", fail_on, "-o", format];
            let run = injdoctor(&arguments).output().unwrap();
            assert_eq!(run.status.code(), Some(expected), "{arguments:?}");
            assert!(run.stderr.is_empty(), "{arguments:?}");
        }
    }
}

#[test]
fn no_control_character_of_the_cluster_reaches_the_terminal() {
    let hostile = snapshot("hostile");
    for format in ["text", "wide", "json", "yaml", "name"] {
        for colour in ["never", "always"] {
            let arguments = [
                "check",
                "--from",
                &hostile,
                "--fail-on",
                "info",
                "-o",
                format,
                "--color",
                colour,
            ];
            let run = injdoctor(&arguments).output().unwrap();
            let text = String::from_utf8(run.stdout).unwrap();
            assert!(!text.is_empty(), "{format}");
            let text = without_colours(&text);
            let bad = text
                .chars()
                .find(|c| *c != '\n' && injdoctor_checks::report::is_invisible(*c));
            assert_eq!(bad, None, "{format}: {text}");
        }
    }
}

/// The text without the sequences that colour it, which are the only ones that may be there.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap_or(("?", part));
        assert!(
            codes.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{part}"
        );
        plain.push_str(rest);
    }
    plain
}

#[test]
fn colours_say_nothing_that_the_text_does_not_say() {
    let mesh = snapshot("mesh");
    let run = |colour: &str| {
        let arguments = ["check", "--from", &mesh, "--color", colour];
        String::from_utf8(injdoctor(&arguments).output().unwrap().stdout).unwrap()
    };
    let (plain, coloured) = (run("never"), run("always"));
    assert!(!plain.contains('\u{1b}'));
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(without_colours(&coloured), plain);
}

#[test]
fn the_formats_for_programs_hold_the_same_value() {
    for name in ["mesh", "hostile", "refused"] {
        let file = snapshot(name);
        let run = |format: &str| {
            let output = injdoctor(&["check", "--from", &file, "-o", format])
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
        let yaml: serde_json::Value = serde_saphyr::from_str(&run("yaml")).unwrap();
        assert_eq!(json, yaml, "{name}");
    }
}
