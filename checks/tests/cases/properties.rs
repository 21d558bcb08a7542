//! What holds for random input: nothing panics, and a shell reads what was meant.

use std::process::Command;

use injdoctor_checks::diagnose;
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::redaction::redact;
use injdoctor_checks::report::{is_invisible, quote};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::world;

/// Words that a snapshot is made of, so that random JSON gets somewhere.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "got",
        "absent",
        "refused",
        "failed",
        "notAsked",
        "cluster",
        "subjects",
        "kind",
        "metadata",
        "labels",
        "name",
        "istio-injection",
        "enabled",
        "true",
        "false",
        "",
        "default",
        "Deployment",
        "Pod",
        "webhooks",
        "shop",
        "80%",
        "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
        "2026-11-21T14:34:50Z",
        "{{ . }}",
        "\u{1b}[31m",
    ];
    prop_oneof![4 => select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2i64..70_000).prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((word(), inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// JSON pointers to all values in another.
fn pointers(value: &Value) -> Vec<String> {
    let step = |name: &str| name.replace('~', "~0").replace('/', "~1");
    let children: Vec<_> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, inner)| (step(name), inner))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, inner)| (at.to_string(), inner))
            .collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(step, inner)| {
        let deeper = pointers(inner)
            .into_iter()
            .map(move |rest| format!("/{step}{rest}"));
        deeper.collect::<Vec<_>>()
    });
    std::iter::once(String::new()).chain(below).collect()
}

/// What happens to one value of the base world.
#[derive(Clone, Debug)]
enum Change {
    Remove,
    Replace(Value),
    Double,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Remove),
        json_value().prop_map(Change::Replace),
        Just(Change::Double)
    ]
}

fn mutate(world: &mut Value, at: Index, change: Change) {
    let all = pointers(world);
    let pointer = at.get(&all[1..]).clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap_or_default();
    match (change, world.pointer_mut(parent)) {
        (Change::Remove, Some(Value::Object(fields))) => {
            fields.remove(&last.replace("~1", "/").replace("~0", "~"));
        }
        (Change::Remove, Some(Value::Array(items))) => {
            drop(items.remove(last.parse().expect("it is an index")))
        }
        (Change::Double, Some(Value::Array(items))) => {
            let item = items[last.parse::<usize>().expect("it is an index")].clone();
            items.push(item);
        }
        (Change::Replace(value), _) => *world.pointer_mut(&pointer).expect("it is there") = value,
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_json_is_read_or_refused(mut value in json_value(), inner in json_value(), as_cluster in any::<bool>()) {
        drop(Snapshot::deserialize(&value));
        if let Value::Object(fields) = &mut value {
            fields.insert("apiVersion".to_owned(), json!(Snapshot::API_VERSION));
            fields.insert(if as_cluster { "cluster" } else { "subjects" }.to_owned(), inner);
            drop(Snapshot::deserialize(&value));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a snapshot holds, there is a diagnosis for each subject, and it can be printed. What may leave the
    /// cluster is told from the rest, once and for all.
    #[test]
    fn mutated_snapshots_are_diagnosed(changes in vec((any::<Index>(), change()), 1..6)) {
        let mut world = json!(world::snapshot(&world::base()));
        for (at, change) in changes {
            mutate(&mut world, at, change);
        }
        if let Ok(snapshot) = Snapshot::deserialize(&world) {
            let diagnoses = diagnose(&snapshot);
            prop_assert_eq!(diagnoses.len(), snapshot.subjects.len());
            for (_, finding) in diagnoses.iter().flat_map(|diagnosis| &diagnosis.findings) {
                let commands = finding.fixes.iter().flat_map(|fix| [fix.commands(), fix.undo_commands()].concat());
                for command in commands {
                    prop_assert!(!quote(&command.argv(&snapshot.connection)).chars().any(is_invisible));
                }
            }
            let (once, _) = redact(snapshot).unwrap();
            let (twice, _) = redact(once.clone()).unwrap();
            prop_assert_eq!(once, twice);
        }
    }
}

/// Words as no sane person would write them.
fn odd_word() -> impl Strategy<Value = String> {
    let hard = "[ -~]{0,12}|['\"\\\\$`!*?~#=]{1,6}|[\\x01-\\x1f\\x7f-\\xa0 a'\\\\]{1,8}|[\u{200b}-\u{202e}\u{feff}a-c]{1,6}";
    prop_oneof![3 => hard, 1 => "[^\\x00]{0,10}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_shell_reads_the_words_that_were_quoted(words in vec(odd_word(), 1..24)) {
        let line = quote(&words);
        prop_assert!(!line.chars().any(is_invisible), "{line:?}");
        let script = format!(r"printf '%s\0' {line}");
        let output = Command::new("bash").args(["--norc", "-c", &script]).output().expect("bash is there");
        let read: Vec<_> = output.stdout.split(|byte| *byte == 0).collect();
        let meant: Vec<_> = words.iter().map(|word| word.as_bytes()).chain([&[][..]]).collect();
        prop_assert_eq!(read, meant, "{} {}", script, String::from_utf8_lossy(&output.stderr));
    }
}
