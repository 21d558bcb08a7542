//! Worlds: the base, what a case changes in it, and what is diagnosed there.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::Snapshot;
use serde_json::Value;

use crate::build;

/// The folder of the cases.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// A YAML file as JSON.
pub fn yaml(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The world in which nothing is wrong, as JSON.
pub fn base() -> Value {
    static BASE: LazyLock<Value> = LazyLock::new(|| yaml(&folder().join("base.yaml")));
    BASE.clone()
}

/// A world as the checks see it.
pub fn snapshot(world: &Value) -> Snapshot {
    build::snapshot(world)
}

/// The diagnosis of the one subject of a world.
pub fn diagnose_one(world: &Value) -> Diagnosis {
    diagnose(&snapshot(world))
}

/// The diagnosis of the one subject of a snapshot.
pub fn diagnose(snapshot: &Snapshot) -> Diagnosis {
    let mut diagnoses = injdoctor_checks::diagnose(snapshot);
    assert_eq!(diagnoses.len(), 1, "a world has one subject");
    diagnoses.remove(0)
}

/// Where the reads of a world stand in it: JSON pointers to everything that has the form of a fact.
pub fn reads(world: &Value) -> Vec<String> {
    fn walk(value: &Value, pointer: &str, found: &mut Vec<String>) {
        match value {
            _ if is_fact(value) => found.push(pointer.to_owned()),
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    walk(inner, &format!("{pointer}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    walk(inner, &format!("{pointer}/{index}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(world, "", &mut found);
    // A pod is read by itself, and its annotations stand in the world where those of all pods do.
    let is_pod = world.pointer("/subjects/0/target/kind") == Some(&Value::from("Pod"));
    found.retain(|read| !(is_pod && read == "/subjects/0/pods"));
    found
}

/// Whether a value is a read and what it brought.
pub fn is_fact(value: &Value) -> bool {
    let words = ["absent", "notAsked"];
    let brought = ["got", "refused", "failed"];
    match value {
        Value::String(word) => words.contains(&word.as_str()),
        Value::Object(fields) => {
            fields.len() == 1 && fields.keys().all(|key| brought.contains(&key.as_str()))
        }
        _ => false,
    }
}
