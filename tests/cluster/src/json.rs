//! Short ways into untyped API objects: what is missing reads as empty.

use serde_json::Value;

/// The string at a JSON pointer.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The array at a JSON pointer.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Sets a field of the object at a JSON pointer.
pub(crate) fn set(value: &mut Value, pointer: &str, field: &str, content: impl Into<Value>) {
    if let Some(object) = value.pointer_mut(pointer).and_then(Value::as_object_mut) {
        object.insert(field.to_owned(), content.into());
    }
}

/// Takes a field out of the object at a JSON pointer.
pub(crate) fn remove(value: &mut Value, pointer: &str, field: &str) {
    if let Some(object) = value.pointer_mut(pointer).and_then(Value::as_object_mut) {
        object.remove(field);
    }
}
