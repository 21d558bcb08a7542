//! One operation of a JSON patch (RFC 6902).

use serde_json::{Value, json};

/// Longer values are written once in a patch, and copied from there.
const LONG: usize = 100;

/// One operation of a JSON patch; places are JSON pointers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The patch holds only where this is the value at a place.
    Test(String, Value),
    /// Sets a field, or inserts into a list.
    Add(String, Value),
    /// Takes a field or an element away.
    Remove(String),
}

impl Operation {
    fn json(&self) -> Value {
        match self {
            Self::Test(path, value) => json!({ "op": "test", "path": path, "value": value }),
            Self::Add(path, value) => json!({ "op": "add", "path": path, "value": value }),
            Self::Remove(path) => json!({ "op": "remove", "path": path }),
        }
    }
}

/// The patch of some operations. A long value that is added twice is copied, which spares the reader.
pub fn json_patch(operations: &[Operation]) -> Value {
    let mut written: Vec<(&str, &Value)> = Vec::new();
    let patch = operations.iter().map(|operation| {
        let Operation::Add(path, value) = operation else {
            return operation.json();
        };
        if let Some((from, _)) = written.iter().find(|(_, known)| *known == value) {
            return json!({ "op": "copy", "from": from, "path": path });
        }
        if value.as_str().is_some_and(|text| text.len() > LONG) {
            written.push((path, value));
        }
        operation.json()
    });
    patch.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_written_once() {
        let long = json!("x".repeat(LONG + 1));
        let add = |path: &str, value: &Value| Operation::Add(path.to_owned(), value.clone());
        let patch = json_patch(&[
            add("/a", &long),
            add("/b", &long),
            add("/c", &json!("x")),
            add("/d", &json!("x")),
        ]);
        assert_eq!(
            patch[1],
            json!({ "op": "copy", "from": "/a", "path": "/b" })
        );
        assert_eq!(patch[3], json!({ "op": "add", "path": "/d", "value": "x" }));
    }
}
