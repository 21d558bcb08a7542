//! The recogniser of error texts: over texts as they are reported and pasted, in all their wrappings, and over texts
//! about other things.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fs;
use std::path::Path;

use injdoctor_checks::texts::{Confidence, Key, Match, read, recognise};
use proptest::prelude::*;

/// Texts, the causes that are right, and why another one is named.
fn rows(table: &'static str) -> impl Iterator<Item = (String, Vec<&'static str>, &'static str)> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap_or_default();
        let text = column().replace("\\n", "\n").replace("\\t", "\t");
        (text, column().split(' ').collect(), column())
    })
}

const REPORTED: &str = include_str!("texts/reported.tsv");
const PASTED: &str = include_str!("texts/pasted.tsv");

fn first(matches: &[Match]) -> &'static str {
    matches.first().map_or("nothing", |one| one.cause.name)
}

#[test]
fn errors_are_named_first_with_their_cause() {
    for table in [REPORTED, PASTED] {
        let mut wrong = Vec::new();
        let (mut all, mut missed) = (0, 0);
        for (text, causes, why) in rows(table) {
            let first = first(&recognise(&text));
            all += 1;
            missed += usize::from(!causes.contains(&first));
            // A miss has its reason, and a reason is only for a miss.
            if causes.contains(&first) != why.is_empty() {
                wrong.push(format!("{first} instead of {causes:?}: {text}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {all}:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        assert!(missed * 100 <= all * 3, "{missed} of {all} are missed");
    }
}

/// JSON strings around a text, so many times.
fn escaped(text: &str, times: usize) -> String {
    (0..times).fold(text.to_owned(), |text, _| {
        let quoted = serde_json::to_string(&text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    })
}

/// A text in lines of so many characters, as a terminal breaks it.
fn broken(text: &str, width: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let lines = characters.chunks(width).map(|line| line.iter().collect());
    lines.collect::<Vec<String>>().join("\n")
}

/// A text in lines that end between words.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        match line.is_empty() || line.len() + word.len() < width {
            true if line.is_empty() => line.push_str(word),
            true => *line += &format!(" {word}"),
            false => lines.push(format!("      {word}")),
        }
    }
    lines.join("\n")
}

/// Ways in which a text of one line comes along.
fn wrappings(text: &str) -> Vec<(&'static str, String)> {
    let quoted = escaped(text, 1);
    let twice = escaped(text, 2);
    let thrice = escaped(text, 3);
    vec![
        ("spaces", format!("\n\n  {text}  \n")),
        ("windows", format!("{text}\r\n")),
        (
            "cri",
            format!("2026-01-02T03:04:05.678901234Z stderr F {text}"),
        ),
        (
            "json",
            format!(
                r#"{{"level":"error","time":"2026-01-02T03:04:05Z","msg":"{quoted}","caller":"a.go:12"}}"#
            ),
        ),
        (
            "json with spaces",
            format!(r#"{{ "severity": "ERROR", "message": "{quoted}" }}"#),
        ),
        (
            "docker",
            format!(r#"{{"log":"{quoted}\n","stream":"stderr","time":"2026-01-02T03:04:05Z"}}"#),
        ),
        (
            "docker of json",
            format!(
                r#"{{"log":"{{\"level\":\"error\",\"msg\":\"{twice}\"}}\n","stream":"stderr"}}"#
            ),
        ),
        (
            "three deep",
            format!(r#"{{"log":"{{\"msg\":\"{{\\\"err\\\":\\\"{thrice}\\\"}}\"}}"}}"#),
        ),
        ("escaped", quoted.clone()),
        ("escaped twice", twice),
        (
            "logfmt",
            format!(r#"time="2026-01-02T03:04:05Z" level=error msg="{quoted}" app=web"#),
        ),
        (
            "klog",
            format!(
                r#"E0102 03:04:05.678901       1 controller.go:114] "Unhandled" err="{quoted}""#
            ),
        ),
        (
            "colours",
            format!("\u{1b}[31merror\u{1b}[0m \u{1b}[1m{text}\u{1b}[0m"),
        ),
        (
            "colours in json",
            format!(r#"{{"msg":"\u001b[31m{quoted}\u001b[0m"}}"#),
        ),
        (
            "describe",
            format!(
                "Events:\n  Type     Reason        Age               From        Message\n  ----     ------        ----              ----        -------\n  Normal   Scheduled     9s                scheduler   Successfully assigned shop/web to node1\n  Warning  Failed        8s (x16 over 2m)  kubelet     {text}\n"
            ),
        ),
        (
            "events",
            format!(
                "LAST SEEN   TYPE      REASON         OBJECT     MESSAGE\n2m10s       Normal    Scheduled      pod/other  Successfully assigned\n8s          Warning   Failed         pod/web    {text}\n"
            ),
        ),
        (
            "yaml",
            format!(
                "  conditions:\n  - lastTransitionTime: \"2026-01-02T03:04:05Z\"\n    message: '{text}'\n    reason: FailedCreate\n"
            ),
        ),
        (
            "wrapped yaml",
            format!(
                "    message: '{}'\n    reason: FailedCreate\n",
                wrapped(text, 76)
            ),
        ),
        ("wrapped", wrapped(text, 60)),
        ("broken", broken(text, 80)),
        ("broken in a narrow window", broken(text, 60)),
        (
            "translated",
            format!("我们的 Pod 无法启动，报错如下：{text}\n请帮忙看一下"),
        ),
        ("html", text.replace('"', "&quot;")),
        ("chat", text.replace(" \"", " “").replace('"', "”")),
        ("quoted", format!("> {text}")),
    ]
}

#[test]
fn wrappings_change_nothing() {
    let mut wrong = Vec::new();
    let mut all = 0;
    for (text, _, _) in rows(REPORTED) {
        // The whole of these texts is the error, which words around it would change.
        let matches = recognise(&text);
        let expected = first(&matches);
        let is_sure = matches
            .first()
            .is_some_and(|one| one.cause.confidence > Confidence::Possible);
        if !is_sure || text.len() < 60 {
            continue;
        }
        for (wrapping, wrapped) in wrappings(&text) {
            all += 1;
            let first = first(&recognise(&wrapped));
            if first != expected {
                wrong.push(format!(
                    "{wrapping}: {first} instead of {expected}: {wrapped}"
                ));
            }
        }
    }
    assert!(
        wrong.len() * 100 <= all,
        "{} of {all}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Calls of which a part is cut off: the tail that is left is enough.
#[test]
fn a_text_that_breaks_off_is_still_told() {
    let call = "Error creating: Internal error occurred: failed calling webhook \"namespace.sidecar-injector.istio.io\": failed to call webhook: Post \"https://istiod.istio-system.svc:443/inject?timeout=10s\": ";
    for (end, cause) in [
        (
            "dial tcp 10.96.0.1:443: connect: connection ref",
            "istiod-no-endpoints",
        ),
        ("no endpoints available for ser...", "istiod-no-endpoints"),
        ("x509: certificate signed by unkno…", "ca-bundle-mismatch"),
        (
            "tls: failed to verify certificate: x509: certificate has exp",
            "certificate-expired",
        ),
        ("net/http: request canceled while wait", "firewall"),
        ("context deadline exc", "firewall"),
        ("service \"istiod\" not found", "webhook-service-missing"),
    ] {
        assert_eq!(first(&recognise(&format!("{call}{end}"))), cause, "{end}");
    }
}

#[test]
fn each_of_several_errors_is_found_with_its_place() {
    let one = "failed calling webhook \"a.sidecar-injector.istio.io\": failed to call webhook: Post \"https://istiod.istio-system.svc:443/inject?timeout=10s\": EOF";
    let other = "MountVolume.SetUp failed for volume \"istiod-ca-cert\" : configmap \"istio-ca-root-cert\" not found";
    let third = "pods \"web\" is forbidden: exceeded quota: q, requested: cpu=2, used: cpu=1, limited: cpu=2";
    let text = format!(
        "2026-01-02T03:04:05Z {one}\n8s Warning FailedMount pod/web {other}\nError creating: {third}\n"
    );
    let found = read(&text);
    let places: Vec<&str> = found.iter().map(|one| &text[one.place.clone()]).collect();
    assert_eq!(places.len(), 3, "{places:?}");
    assert_eq!(places[0], one);
    assert_eq!(places[1], other);
    assert!(
        third.ends_with(places[2]) || places[2].ends_with(third),
        "{places:?}"
    );
    assert_eq!(
        found[0].value(Key::Webhook),
        Some("a.sidecar-injector.istio.io")
    );
    assert_eq!(found[0].value(Key::Namespace), Some("istio-system"));
    assert_eq!(found[2].value(Key::Quota), Some("q"));
    assert_eq!(found[2].value(Key::Used), Some("cpu=1"));
}

#[test]
fn events_are_told_apart_in_their_table() {
    let text = "Events:\n  Type     Reason        Age   From     Message\n  ----     ------        ----  ----     -------\n  Warning  FailedCreate  2m    job      Error creating: Internal error occurred: failed calling webhook \"namespace.sidecar-injector.istio.io\": failed to call webhook\n  Warning  FailedMount   1m    kubelet  MountVolume.SetUp failed for volume \"istiod-ca-cert\" : configmap \"istio-ca-root-cert\" not found\n  Warning  Failed        1m    kubelet  dial tcp 10.0.0.1:443: connect: no route to host\n";
    let found = read(text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].value(Key::Error), None);
    assert_eq!(found[1].value(Key::Volume), Some("istiod-ca-cert"));
}

#[test]
fn values_are_read_out_of_every_wrapping() {
    let text = "Error creating: Internal error occurred: failed calling webhook \"namespace.sidecar-injector.istio.io\": failed to call webhook: Post \"https://istiod-canary.mesh.svc:443/inject?timeout=10s\": dial tcp 10.96.141.206:443: connect: connection refused";
    for (wrapping, wrapped) in wrappings(text) {
        if matches!(
            wrapping,
            "broken" | "broken in a narrow window" | "wrapped" | "wrapped yaml"
        ) {
            continue;
        }
        let found = read(&wrapped);
        let call = found
            .first()
            .unwrap_or_else(|| panic!("{wrapping}: {wrapped}"));
        for (key, value) in [
            (Key::Webhook, "namespace.sidecar-injector.istio.io"),
            (Key::Service, "istiod-canary"),
            (Key::Namespace, "mesh"),
            (Key::Port, "443"),
            (Key::Path, "/inject"),
            (Key::Address, "10.96.141.206"),
            (Key::DialledPort, "443"),
            (Key::Error, "connection refused"),
        ] {
            assert_eq!(
                call.value(key),
                Some(value),
                "{wrapping} {key:?}: {wrapped}"
            );
        }
    }
}

/// Texts about other things, which have the words of errors in them.
#[test]
fn what_is_not_about_the_mesh_has_no_cause() {
    let mut claimed = Vec::new();
    for line in include_str!("texts/foreign.txt").lines() {
        let text = line.replace("\\n", "\n").replace("\\t", "\t");
        if let Some(one) = recognise(&text).first() {
            claimed.push(format!("{}: {line}", one.cause.name));
        }
    }
    assert!(claimed.is_empty(), "{}", claimed.join("\n"));
}

/// Lines of the repository that are no errors: code, names of modules, licences, manifests and prose.
fn other_lines() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut lines = Vec::new();
    let mut folders = vec![
        root.join("src"),
        root.join("checks"),
        root.join("docs"),
        root.join("tests/cluster"),
    ];
    let mut files = ["README.md", "LICENSE", "Cargo.lock", "Cargo.toml"]
        .map(|name| root.join(name))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // The room itself and its tests are made of error texts.
            match path.is_dir() {
                true if !matches!(name.as_str(), "texts" | "target") => folders.push(path),
                true => {}
                false if !name.starts_with("texts") => files.push(path),
                false => {}
            }
        }
    }
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).unwrap_or_default();
        lines.extend(
            text.lines()
                .filter(|line| line.trim().len() > 12)
                .map(str::to_owned),
        );
    }
    lines
}

#[test]
fn at_most_one_of_a_hundred_other_lines_is_claimed() {
    let lines = other_lines();
    let step = (lines.len() / 1000).max(1);
    let sample: Vec<_> = lines.iter().step_by(step).take(1000).collect();
    assert_eq!(sample.len(), 1000);
    let claimed: Vec<_> = sample
        .iter()
        .filter(|line| !recognise(line).is_empty())
        .collect();
    assert!(claimed.len() <= 10, "{claimed:#?}");
}

/// The time for a text that is eight times as long is about eight times as long: far from the square of it. What else the
/// machine does can only make one of several tries slower.
#[test]
fn the_time_grows_with_the_length() {
    let time = |piece: &str, times: usize| {
        let text = piece.repeat(times);
        let began = std::time::Instant::now();
        let found = read(&text);
        (began.elapsed(), found.len())
    };
    for piece in [
        "failed calling webhook \"a.sidecar-injector.istio.io\": Post \"https://istiod.istio-system.svc:443/inject\": EOF ",
        "failed calling webhook ",
        "x509: \"service \" EOF denied the request: ",
        "{\"a\":\"\\\\\\\"{",
        "istio-init vault 126 multus ",
        "\n\n 1/2 Running ",
        "spec.containers[0].name: Duplicate value: ",
        "Post \"https://a.svc:",
        "[a](http://b [",
        "# a\n> b\n",
        "permission denied ' on container 'istio-init' not allowed ",
        "linkerd violates PodSecurity \"a\": ",
    ] {
        let _ = time(piece, 10);
        let grows = |_| {
            let (short, _) = time(piece, 2_000);
            let (long, _) = time(piece, 16_000);
            long < short * 40
        };
        assert!(
            (0..5).any(grows),
            "{piece:?}: the time grows faster than the length"
        );
    }
}

/// Words out of which texts are made that look like errors.
fn words() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "failed calling webhook",
        "failed to call webhook: ",
        "\"sidecar-injector.istio.io\"",
        ": ",
        "Post \"https://istiod.istio-system.svc:443/inject?timeout=10s\"",
        "dial tcp 10.0.0.1:443: ",
        "connection refused",
        "denied the request: ",
        "admission webhook ",
        "\"",
        "\\\"",
        "\\\\\\\"",
        "\n",
        "\r\n",
        " ",
        "{",
        "}",
        "{\"msg\":\"",
        "requested template \"x\" not found; have [a]",
        "x509: ",
        "service \"",
        "\" not found",
        "is invalid: ",
        "Pod \"w\"",
        "spec.containers[0].name: Duplicate value: \"a\"",
        "exceeded quota: ",
        "requested: a=1, used: ",
        "istio-init",
        "126",
        "\u{1b}[31m",
        "\\u001b[0m",
        "&quot;",
        "“",
        "”",
        "é",
        "日本",
        "\u{202e}",
        "MountVolume.SetUp failed for volume ",
        "Envoy proxy is NOT ready",
        "successful, 1 rejected",
        "[IST0103] (",
        "conflict with \"",
        "per Container is ",
        "usage",
        "cpu",
        "2026-01-01T00:00:00.000000000Z stderr P ",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_and_its_values_are_parts_of_it(text in prop_oneof![any::<String>(), words(), ".{0,60}failed calling webhook.{0,60}"]) {
        for found in read(&text) {
            prop_assert!(text.get(found.place.clone()).is_some());
            for value in found.values {
                prop_assert_eq!(text.get(value.place.clone()), Some(value.text.as_str()));
                prop_assert!(found.place.start <= value.place.start && value.place.end <= found.place.end);
            }
        }
        let matches = recognise(&text);
        let confidences: Vec<_> = matches.iter().map(|one| one.cause.confidence).collect();
        prop_assert!(confidences.is_sorted_by(|one, next| one >= next));
    }
}
