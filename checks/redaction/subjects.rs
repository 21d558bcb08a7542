//! Who has a right.

use serde_json::Value;

use super::walk::Walk;

/// The service accounts, and the users and groups of Kubernetes itself.
pub fn subjects(walk: &mut Walk, all: Vec<Value>) -> Value {
    let is = |subject: &Value, name: &str, start: &str| {
        let value = subject.get(name).and_then(Value::as_str);
        value.is_some_and(|value| value.starts_with(start))
    };
    let passes = |one: &Value| is(one, "kind", "ServiceAccount") || is(one, "name", "system:");
    let (kept, others): (Vec<_>, Vec<_>) = all.into_iter().partition(passes);
    for one in others {
        walk.drop(one);
    }
    Value::Array(kept)
}
