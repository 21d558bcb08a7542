//! The binary as a user meets it. `TRYCMD=overwrite cargo test --test cli` writes the expected output
//! of the cases in `tests/cli` anew.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use injdoctor_checks::report::is_invisible;
use serde_json::{Value, json};

#[test]
fn cases() {
    run_cases("C.UTF-8", &["tests/cli/*.md", "README.md"]);
    run_cases("C", &["tests/cli/ascii/*.md"]);
}

fn run_cases(locale: &str, files: &[&str]) {
    let binary = trycmd::schema::Bin::Path(env!("CARGO_BIN_EXE_injdoctor").into());
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("injdoctor", binary)
        .env("LANG", locale)
        .env("LC_ALL", "")
        .env("LC_CTYPE", "")
        .env("TERM", "xterm")
        .env("NO_COLOR", "1")
        .env("KUBECONFIG", "/nonexistent");
    for file in files {
        cases.case(file);
    }
}

/// A run whose environment is the same everywhere.
fn injdoctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_injdoctor"));
    command.args(arguments).env_clear().env("LANG", "C.UTF-8");
    command
}

/// A recorded cluster in which pods are rejected, changed for a test; the path of its file.
fn recorded(name: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut snapshot = serde_json::from_str(injdoctor::demo::SCENARIOS[0].snapshot).unwrap();
    change(&mut snapshot);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&path, snapshot.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What came of a read in a snapshot: of the object of a name, or of the list without one.
fn read<'a>(snapshot: &'a mut Value, resource: &str, name: Option<&str>) -> &'a mut Value {
    let reads = snapshot["reads"].as_array_mut().unwrap();
    let is_it = |read: &&mut Value| {
        let asked = &read["asked"];
        asked["resource"] == resource && asked["name"].as_str() == name
    };
    reads.iter_mut().find(is_it).unwrap()
}

/// Forty workloads behind the same webhook.
fn mesh(name: &str) -> String {
    recorded(name, |snapshot| {
        let first = read(snapshot, "Deployment", Some("reviews")).clone();
        for number in 1..40 {
            let name = json!(format!("reviews-{number}"));
            let mut deployment = first.clone();
            deployment["asked"]["name"] = name.clone();
            deployment["got"][0]["metadata"]["name"] = name.clone();
            deployment["got"][0]["metadata"]["uid"] = name.clone();
            snapshot["reads"].as_array_mut().unwrap().push(deployment);
            let mut subject = snapshot["subjects"][0].clone();
            subject["target"]["name"] = name;
            snapshot["subjects"].as_array_mut().unwrap().push(subject);
        }
    })
}

/// Nobody may list the webhooks.
fn refused(name: &str) -> String {
    recorded(name, |snapshot| {
        let webhooks = read(snapshot, "MutatingWebhookConfiguration", None);
        *webhooks = json!({ "asked": webhooks["asked"], "refused": "forbidden" });
    })
}

/// Whoever may write to the cluster, or to the file, writes what a terminal obeys: in labels and messages.
fn hostile(name: &str) -> String {
    fn infect(value: &mut Value) {
        const EVIL: &str =
            "\u{1b}[2J\u{1b}]0;gone\u{7}\u{9b}31m\u{7f}\u{202e}\u{2028}\r\n\t\u{feff}";
        match value {
            Value::String(text) => text.push_str(EVIL),
            Value::Array(items) => items.iter_mut().for_each(infect),
            Value::Object(fields) => fields.values_mut().for_each(infect),
            _ => {}
        }
    }
    recorded(name, |snapshot| {
        infect(&mut snapshot["connection"]["context"]);
        infect(&mut snapshot["serverVersion"]);
        let namespace = &mut read(snapshot, "Namespace", Some("shop"))["got"][0]["metadata"];
        infect(&mut namespace["labels"]["istio-injection"]);
        let webhooks = &mut read(snapshot, "MutatingWebhookConfiguration", None)["got"];
        for webhook in webhooks.as_array_mut().unwrap() {
            infect(&mut webhook["metadata"]["labels"]["istio.io/rev"]);
            for entry in webhook["webhooks"].as_array_mut().unwrap() {
                // An escape sequence where a certificate should be.
                entry["clientConfig"]["caBundle"] = json!("G1szMW1ldmls");
            }
        }
        let events = &mut read(snapshot, "Event", None)["got"];
        for event in events.as_array_mut().unwrap() {
            infect(&mut event["message"]);
        }
        let reviews = &mut read(snapshot, "Deployment", Some("reviews"))["got"][0];
        let template = &mut reviews["spec"]["template"]["metadata"];
        template["annotations"] = json!({ "sidecar.istio.io/inject": "\u{1b}[31mtrue" });
        template["labels"]["istio.io/rev"] = json!("\u{1b}[31mcanary\u{202e}");
    })
}

const FORMATS: [&str; 8] = [
    "text", "wide", "json", "yaml", "jsonl", "name", "junit", "markdown",
];

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mesh = mesh("pipe");
    let checks = ["text", "json", "yaml", "jsonl", "name", "junit", "markdown"]
        .map(|format| (vec!["check", "--from", &mesh, "-o", format], 1));
    let others = [
        (vec!["explain"], 0),
        (vec!["demo"], 0),
        (vec!["completion", "bash"], 0),
        (vec!["--help"], 0),
    ];
    for (arguments, expected) in checks.into_iter().chain(others) {
        let mut run = injdoctor(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(run.stdout.take());
        let mut complaint = String::new();
        let mut stderr = run.stderr.take().unwrap();
        stderr.read_to_string(&mut complaint).unwrap();
        assert_eq!(complaint, "", "{arguments:?}");
        assert_eq!(run.wait().unwrap().code(), Some(expected), "{arguments:?}");
    }
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    let (mesh, refused) = (mesh("exit-mesh"), refused("exit-refused"));
    for (file, fail_on, expected) in [
        (&mesh, "error", 1),
        (&mesh, "warning", 1),
        (&mesh, "info", 1),
        (&mesh, "never", 0),
        // What is to come is unknown; that pods are being refused is not.
        (&refused, "error", 1),
        (&refused, "never", 3),
    ] {
        for format in FORMATS {
            let arguments = ["check", "--from", file, "--fail-on", fail_on, "-o", format];
            let run = injdoctor(&arguments).output().unwrap();
            assert_eq!(run.status.code(), Some(expected), "{arguments:?}");
            assert!(run.stderr.is_empty(), "{arguments:?}");
        }
    }
}

#[test]
fn no_control_character_of_the_cluster_reaches_the_terminal() {
    let hostile = hostile("terminal");
    for command in ["check", "webhook"] {
        for format in FORMATS {
            for colour in ["never", "always"] {
                let arguments = [
                    command,
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
                let text = without_colours(&String::from_utf8(run.stdout).unwrap());
                let bad = text.chars().find(|c| *c != '\n' && is_invisible(*c));
                assert_eq!(bad, None, "{arguments:?}: {text}");
                assert_ne!(run.status.code(), Some(101), "{arguments:?} panics");
            }
        }
    }
}

/// The text without the sequences that colour it, which are the only ones that may be there.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap_or(("?", part));
        let colours = codes.chars().all(|c| c.is_ascii_digit() || c == ';');
        assert!(colours, "{part}");
        plain.push_str(rest);
    }
    plain
}

#[test]
fn what_is_left_out_counts_neither_in_the_answer_nor_in_the_exit_code() {
    let label = "src/demo/namespace-label-value.json";
    for (choice, expected) in [
        (["--ignore", "INJ102"], 0),
        (["--ignore", "namespace-label-value"], 0),
        (["--select", "102"], 1),
        (["--select", "INJ202"], 0),
        (["--ignore", "INJ202"], 1),
    ] {
        for format in FORMATS {
            let (exit, text, note) = left_out(label, format, &choice);
            assert_eq!(exit, expected, "{format} {choice:?}");
            let is_told = text.contains("INJ102") || format == "name" && !text.is_empty();
            // Every check that ran stands in the formats that tell them all.
            if !["wide", "json", "yaml", "jsonl"].contains(&format) {
                assert_eq!(is_told, expected == 1, "{format} {choice:?}: {text}");
            }
            assert_eq!(note.contains("left out"), expected == 0, "{choice:?}");
        }
    }
}

/// Who leaves the cause out knows it, but pods are refused all the same.
#[test]
fn a_refusal_that_stands_counts_whatever_is_left_out() {
    let mesh = mesh("left-out");
    for choice in [["--ignore", "INJ202"], ["--select", "INJ101"]] {
        for format in FORMATS {
            let (exit, text, note) = left_out(&mesh, format, &choice);
            assert_eq!(exit, 1, "{format} {choice:?}");
            assert!(!text.is_empty() && note.contains("INJ202"), "{text} {note}");
        }
    }
}

/// Exit code, standard output and standard error where findings are left out.
fn left_out(file: &str, format: &str, choice: &[&str]) -> (i32, String, String) {
    let arguments = [&["check", "--from", file, "-o", format], choice].concat();
    let run = injdoctor(&arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        run.status.code().unwrap(),
        text(run.stdout),
        text(run.stderr),
    )
}

#[test]
fn a_name_that_would_be_an_option_is_refused() {
    let evil = recorded("option", |snapshot| {
        snapshot["subjects"][0]["target"]["name"] = json!("--all");
    });
    let run = injdoctor(&["check", "--from", &evil]).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(run.stdout.is_empty());
    let words = String::from_utf8(run.stderr).unwrap();
    let expected = "subjects[0].target.name: \"--all\" cannot be a name there";
    assert!(words.contains(expected), "{words}");
}

#[test]
fn colours_say_nothing_that_the_text_does_not_say() {
    let mesh = mesh("colours");
    for command in [
        &["check", "--from", &mesh][..],
        &["webhook", "--from", &mesh],
        &["demo"],
    ] {
        let run = |colour: &str| {
            let arguments = [command, &["--color", colour]].concat();
            String::from_utf8(injdoctor(&arguments).output().unwrap().stdout).unwrap()
        };
        let (plain, coloured) = (run("never"), run("always"));
        assert!(!plain.contains('\u{1b}'));
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(without_colours(&coloured), plain);
    }
}

#[test]
fn without_utf8_everything_is_ascii() {
    let hostile = hostile("ascii");
    for command in [
        &["check", "--from", &hostile, "-o", "wide"][..],
        &["demo"],
        &["explain"],
        &["explain", "--error", HOSTILE],
    ] {
        let output = injdoctor(command).env("LANG", "C").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.is_empty());
        assert_eq!(
            text.chars().find(|c| !c.is_ascii()),
            None,
            "{command:?}: {text}"
        );
    }
}

#[test]
fn causes_are_explained_by_code_number_or_name() {
    let page = |subject: &str| {
        let output = injdoctor(&["explain", subject]).output().unwrap();
        assert!(output.status.success(), "{subject}");
        String::from_utf8(output.stdout).unwrap()
    };
    let checked = page("INJ107");
    assert!(
        checked.starts_with("INJ107 revision-unknown\n"),
        "{checked}"
    );
    assert!(checked.contains("$ injdoctor check "), "{checked}");
    for subject in ["inj107", "107", "revision-unknown", "Revision-Unknown"] {
        assert_eq!(page(subject), checked, "{subject}");
    }
    let described = page("pod-too-large");
    assert!(
        described.starts_with("pod-too-large\nrendered: "),
        "{described}"
    );
    assert!(
        described.contains("\nNo check finds this yet.\n"),
        "{described}"
    );
}

#[test]
fn a_mesh_wide_cause_is_told_once() {
    let mesh = mesh("once");
    let output = injdoctor(&["check", "--from", &mesh]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("affects").count(), 1, "{text}");
    assert!(text.contains("and 35 more"), "{text}");
}

#[test]
fn eighty_columns_hold_the_text() {
    let mesh = mesh("columns");
    for command in [
        &["check", "--from", &mesh][..],
        &["webhook", "--from", &mesh],
        &["demo"],
        &["explain"],
        &["explain", "--error", HOSTILE],
    ] {
        let output = injdoctor(command).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("kubectl "))
        {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}

#[test]
fn each_line_of_jsonl_is_an_item_of_json() {
    let mesh = mesh("lines");
    let run = |format: &str| {
        let arguments = ["check", "--from", &mesh, "-o", format];
        String::from_utf8(injdoctor(&arguments).output().unwrap().stdout).unwrap()
    };
    let json: Value = serde_json::from_str(&run("json")).unwrap();
    let lines = run("jsonl");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(json["items"], Value::Array(lines.collect()));
}

#[test]
fn the_formats_for_programs_hold_the_same_value() {
    for file in [
        mesh("same-mesh"),
        hostile("same-hostile"),
        refused("same-refused"),
    ] {
        let run = |format: &str| {
            let arguments = ["check", "--from", &file, "-o", format];
            String::from_utf8(injdoctor(&arguments).output().unwrap().stdout).unwrap()
        };
        let json: Value = serde_json::from_str(&run("json")).unwrap();
        let yaml: Value = serde_saphyr::from_str(&run("yaml")).unwrap();
        assert_eq!(json, yaml, "{file}");
    }
}

/// An error text whose values hold what a terminal obeys.
const HOSTILE: &str = "admission webhook \"object.sidecar-injector.istio.io\" denied the request: requested template \"x\u{1b}[2J\u{202e}\u{9b}31m\" not found; have [a\u{7}\u{1b}]0;title\u{7} b]";

#[test]
fn no_control_character_of_an_error_text_reaches_the_terminal() {
    for format in ["text", "json"] {
        let command = [
            "explain", "--color", "never", "-o", format, "--error", HOSTILE,
        ];
        let output = injdoctor(&command).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("template-not-found"), "{text}");
        let found = text.chars().find(|c| *c != '\n' && is_invisible(*c));
        assert_eq!(found, None, "{text}");
    }
}

#[test]
fn a_kubernetes_version_that_could_not_be_read_is_unknown_with_the_reason() {
    let refused = json!({"verb": "get", "resource": "/version", "reason": "status 403: no"});
    for (fact, reason) in [
        (
            json!({ "refused": refused }),
            "cannot get /version: status 403: no",
        ),
        (json!("notAsked"), "the API server's /version was not read"),
    ] {
        let snapshot = recorded("no-version", |snapshot| snapshot["serverVersion"] = fact);
        for view in ["revision", "namespace"] {
            let run = |more: &[&str]| {
                let arguments = [&[view, "--from", &snapshot], more].concat();
                let output = injdoctor(&arguments).output().unwrap();
                String::from_utf8(output.stdout).unwrap()
            };
            let text = run(&[]);
            assert!(
                text.contains("Kubernetes ?") && text.contains(reason),
                "{text}"
            );
            let document: Value = serde_json::from_str(&run(&["-o", "json"])).unwrap();
            let cluster = &document["cluster"];
            assert_eq!(cluster["kubernetesVersion"], Value::Null);
            assert_eq!(cluster["kubernetesVersionUnknown"], reason, "{cluster}");
        }
    }
}
