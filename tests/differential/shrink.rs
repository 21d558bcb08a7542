//! A disagreement without anything that it does not need.

use serde_json::Value;

/// How many smaller cases are tried: each takes about a second.
const TRIES: usize = 200;

/// Takes parts out of a value as long as it keeps its property: the big ones first, then what is in those that stay.
pub fn shrink(value: Value, mut keeps: impl FnMut(&Value) -> bool) -> Value {
    let mut smallest = value;
    let mut tries = 0;
    let mut depth = 1;
    loop {
        let parts = parts(&smallest, depth);
        if parts.is_empty() {
            return smallest;
        }
        // From the end, so that what was taken out of a list does not move what is still to be tried.
        for part in parts.iter().rev() {
            if tries == TRIES {
                return smallest;
            }
            tries += 1;
            let smaller = without(&smallest, part);
            if keeps(&smaller) {
                smallest = smaller;
            }
        }
        depth += 1;
    }
}

/// One step on the way to a part of a value.
#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// The ways to everything at this depth.
fn parts(value: &Value, depth: usize) -> Vec<Vec<Step>> {
    if depth == 0 {
        return vec![Vec::new()];
    }
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (Step::Key(key.clone()), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (Step::Index(index), value))
            .collect(),
        _ => Vec::new(),
    };
    let ways = children.into_iter().flat_map(|(step, child)| {
        parts(child, depth - 1).into_iter().map(move |mut way| {
            way.insert(0, step.clone());
            way
        })
    });
    ways.collect()
}

fn without(value: &Value, way: &[Step]) -> Value {
    let mut value = value.clone();
    take_out(&mut value, way);
    value
}

fn take_out(value: &mut Value, way: &[Step]) {
    match (value, way) {
        (Value::Object(fields), [Step::Key(key)]) => drop(fields.remove(key)),
        (Value::Array(items), [Step::Index(index)]) => drop(items.remove(*index)),
        (Value::Object(fields), [Step::Key(key), rest @ ..]) => {
            if let Some(child) = fields.get_mut(key) {
                take_out(child, rest);
            }
        }
        (Value::Array(items), [Step::Index(index), rest @ ..]) => {
            if let Some(child) = items.get_mut(*index) {
                take_out(child, rest);
            }
        }
        _ => {}
    }
}
