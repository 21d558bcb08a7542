//! Answers that are JSON documents, but not those that were asked for.

use serde_json::{Value, json};

use super::read::{Exchange, Read};
use super::upstream::Genuine;
use crate::json::{list, remove, set};

/// The answer is a JSON document, but not the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentFault {
    /// `{}`
    Nothing,
    /// `null`
    Null,
    /// `[]`
    Array,
    /// `"ok"`
    Text,
    /// `{"metadata": {}}`
    EmptyMetadata,
    /// A `Status` that tells of a failure, with 200.
    Failure,
    /// A `Status` that tells of a success.
    Success,
    /// Without kind and apiVersion.
    WithoutKind,
    /// Of another kind.
    OtherKind,
    /// Of another API version.
    OtherVersion,
    /// A list of another kind, and an empty one.
    OtherList,
    /// One object instead of a list.
    ObjectForList,
    /// A list without `items`.
    WithoutItems,
    /// A list whose `items` are no objects.
    ItemsOfText,
    /// A list whose items have no metadata.
    ItemsWithoutMetadata,
    /// A list of objects of another namespace.
    ItemsOfAnotherNamespace,
    /// A list that says that there is more, but not how to get it.
    RemainingWithoutContinue,
    /// A list that always says that there is more.
    EndlessPages,
    /// A list instead of an object.
    ListForObject,
    /// An object of another name.
    OtherName,
    /// An object of another namespace.
    OtherNamespace,
    /// An object without metadata.
    WithoutMetadata,
    /// An object without a name.
    WithoutName,
}

impl DocumentFault {
    pub(super) const ALL: &[Self] = &[
        Self::Nothing,
        Self::Null,
        Self::Array,
        Self::Text,
        Self::EmptyMetadata,
        Self::Failure,
        Self::Success,
        Self::WithoutKind,
        Self::OtherKind,
        Self::OtherVersion,
        Self::OtherList,
        Self::ObjectForList,
        Self::WithoutItems,
        Self::ItemsOfText,
        Self::ItemsWithoutMetadata,
        Self::ItemsOfAnotherNamespace,
        Self::RemainingWithoutContinue,
        Self::EndlessPages,
        Self::ListForObject,
        Self::OtherName,
        Self::OtherNamespace,
        Self::WithoutMetadata,
        Self::WithoutName,
    ];

    /// Whether it can be made of the answer to a read.
    pub(super) fn befalls(self, exchange: &Exchange) -> bool {
        let Exchange { read, status } = exchange;
        let is_there = *status == 200;
        let is_namespaced = read
            .resource()
            .is_some_and(|resource| resource.namespace.is_some());
        match self {
            Self::Nothing
            | Self::Null
            | Self::Array
            | Self::Text
            | Self::EmptyMetadata
            | Self::Failure
            | Self::Success => true,
            Self::WithoutKind | Self::OtherKind | Self::OtherVersion => {
                is_there && read.resource().is_some()
            }
            Self::OtherList
            | Self::ObjectForList
            | Self::WithoutItems
            | Self::ItemsOfText
            | Self::ItemsWithoutMetadata
            | Self::RemainingWithoutContinue
            | Self::EndlessPages => read.is_list(),
            Self::ItemsOfAnotherNamespace => read.is_list() && is_namespaced,
            Self::ListForObject => read.is_object(),
            Self::OtherName | Self::WithoutMetadata | Self::WithoutName => {
                is_there && read.is_object()
            }
            Self::OtherNamespace => is_there && read.is_object() && is_namespaced,
        }
    }

    /// The document in place of the genuine one.
    fn instead_of(self, genuine: Value, read: &Read) -> Value {
        let mut document = genuine;
        match self {
            Self::Nothing => return json!({}),
            Self::Null => return Value::Null,
            Self::Array => return json!([]),
            Self::Text => return json!("ok"),
            Self::EmptyMetadata => return json!({"metadata": {}}),
            Self::Failure => return status("Failure", "InternalError", 500),
            Self::Success => return status("Success", "", 200),
            Self::WithoutKind => {
                remove(&mut document, "", "kind");
                remove(&mut document, "", "apiVersion");
            }
            Self::OtherKind => {
                let kind = if read.is_list() {
                    "WidgetList"
                } else {
                    "Widget"
                };
                set(&mut document, "", "kind", kind);
            }
            Self::OtherVersion => set(&mut document, "", "apiVersion", "example.com/v7"),
            Self::OtherList => {
                return json!({"kind": "WidgetList", "apiVersion": "example.com/v1", "metadata": {}, "items": []});
            }
            Self::ObjectForList => {
                let kind = document.pointer("/kind").and_then(Value::as_str);
                let kind = kind.unwrap_or_default().trim_end_matches("List");
                return json!({"kind": kind, "apiVersion": document.pointer("/apiVersion"), "metadata": {"name": "one"}});
            }
            Self::WithoutItems => remove(&mut document, "", "items"),
            Self::ItemsOfText => set(&mut document, "", "items", json!(["one", 2, null])),
            Self::ItemsWithoutMetadata => {
                change_items(&mut document, |items| {
                    items
                        .iter_mut()
                        .for_each(|item| remove(item, "", "metadata"));
                    items.push(json!({}));
                });
            }
            Self::ItemsOfAnotherNamespace => {
                let one = json!({"metadata": {"name": "one", "uid": "1"}});
                change_items(&mut document, |items| {
                    items.push(one);
                    for item in items {
                        set(item, "/metadata", "namespace", "elsewhere");
                    }
                });
            }
            Self::RemainingWithoutContinue => {
                let remaining = list(&document, "/items").len().max(1);
                change_items(&mut document, Vec::clear);
                remove(&mut document, "/metadata", "continue");
                set(&mut document, "/metadata", "remainingItemCount", remaining);
            }
            Self::EndlessPages => {
                let token = format!("again-{}", read.page);
                set(&mut document, "/metadata", "continue", token);
            }
            Self::ListForObject => {
                let kind = document.pointer("/kind").and_then(Value::as_str);
                let kind = format!("{}List", kind.unwrap_or_default());
                return json!({"kind": kind, "apiVersion": document.pointer("/apiVersion"), "metadata": {}, "items": [document]});
            }
            Self::OtherName => set(&mut document, "/metadata", "name", "another"),
            Self::OtherNamespace => set(&mut document, "/metadata", "namespace", "elsewhere"),
            Self::WithoutMetadata => remove(&mut document, "", "metadata"),
            Self::WithoutName => remove(&mut document, "/metadata", "name"),
        }
        document
    }

    /// The answer with the fault in it: always a success, but for what is not there.
    pub(super) fn spoil(self, genuine: &Genuine, read: &Read) -> serde_json::Result<Value> {
        let document = serde_json::from_slice(&genuine.body)?;
        Ok(self.instead_of(document, read))
    }
}

fn change_items(list: &mut Value, change: impl FnOnce(&mut Vec<Value>)) {
    if let Some(items) = list.pointer_mut("/items").and_then(Value::as_array_mut) {
        change(items);
    }
}

fn status(status: &str, reason: &str, code: u16) -> Value {
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": status,
        "message": "an answer to something else",
        "reason": reason,
        "code": code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(path: &str) -> Exchange {
        let read = Read {
            path: path.to_owned(),
            query: String::new(),
            page: 0,
            metadata_only: false,
        };
        Exchange { read, status: 200 }
    }

    /// The faults that can be made of an answer, each with whether it changes it.
    fn changes(exchange: &Exchange, document: &Value) -> Vec<(DocumentFault, bool)> {
        let faults = DocumentFault::ALL.iter().copied();
        faults
            .filter(|fault| fault.befalls(exchange))
            .map(|fault| {
                let spoiled = fault.instead_of(document.clone(), &exchange.read);
                (fault, spoiled != *document)
            })
            .collect()
    }

    #[test]
    fn every_fault_befalls_something_and_changes_it() {
        let object = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "shop"}});
        let list =
            json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [object]});
        let empty = json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []});
        let mut seen = Vec::new();
        for (path, document) in [
            ("/api/v1/namespaces/shop/pods/web", &object),
            ("/api/v1/namespaces/shop/pods", &list),
            ("/api/v1/namespaces/shop/pods", &empty),
        ] {
            for (fault, changes) in changes(&exchange(path), document) {
                assert!(changes, "{fault:?} at {path}: {document}");
                seen.push(fault);
            }
        }
        for fault in DocumentFault::ALL {
            assert!(seen.contains(fault), "{fault:?} befalls nothing");
        }
    }
}
