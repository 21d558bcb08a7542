//! What a client asks.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use http::header::ACCEPT;
use http::request::Parts;
use serde_json::Value;

use crate::json::text;

/// One question to the API server. Two requests are the same read if they ask for the same, whenever they do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Read {
    /// The path, as it is sent.
    pub path: String,
    /// The selectors and whatever else the query holds beside the place in a list, as it is sent, in alphabetical order.
    pub query: String,
    /// Which page of a list, from 0.
    pub page: usize,
    /// Whether only the metadata of the objects is asked for.
    pub metadata_only: bool,
}

/// A read, and the HTTP status that it was answered with when nothing disturbed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What was asked.
    pub read: Read,
    /// 200 for an object or a list, 404 for an object that is not there.
    pub status: u16,
}

/// The parts of a path to objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'a> {
    /// The API group; empty for the core.
    pub group: &'a str,
    /// The plural: `pods`.
    pub plural: &'a str,
    /// None for cluster-scoped objects, and for those of all namespaces.
    pub namespace: Option<&'a str>,
    /// None for a list.
    pub name: Option<&'a str>,
}

impl Read {
    /// What objects it is about; none for what is no object, such as `/version` and the log of a pod.
    pub fn resource(&self) -> Option<Resource<'_>> {
        let segments: Vec<_> = self.path.trim_start_matches('/').split('/').collect();
        let (group, rest) = match segments.as_slice() {
            ["api", _, rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => return None,
        };
        let (namespace, plural, name) = match rest {
            ["namespaces", namespace, plural] => (Some(*namespace), plural, None),
            ["namespaces", namespace, plural, name] => (Some(*namespace), plural, Some(*name)),
            [plural] => (None, plural, None),
            [plural, name] => (None, plural, Some(*name)),
            _ => return None,
        };
        Some(Resource {
            group,
            plural,
            namespace,
            name,
        })
    }

    /// Whether it asks for a list.
    pub fn is_list(&self) -> bool {
        self.resource()
            .is_some_and(|resource| resource.name.is_none())
    }

    /// Whether it asks for one object.
    pub fn is_object(&self) -> bool {
        self.resource()
            .is_some_and(|resource| resource.name.is_some())
    }

    /// Whether both ask for pages of the same list.
    pub(super) fn is_of_list(&self, other: &Self) -> bool {
        Self {
            page: 0,
            ..self.clone()
        } == Self {
            page: 0,
            ..other.clone()
        }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GET {}", self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if self.metadata_only {
            write!(f, ", metadata only")?;
        }
        match self.page {
            0 => Ok(()),
            page => write!(f, ", page {}", page + 1),
        }
    }
}

/// Which page of its list a token leads to. Tokens are made of letters that a query takes as they are: `EncodeContinue` in
/// `k8s.io/apiserver/pkg/storage/continue.go` 1.36.
#[derive(Default)]
pub(super) struct Pages(Mutex<HashMap<String, usize>>);

impl Pages {
    /// What a request asks for.
    pub(super) fn read(&self, request: &Parts) -> Read {
        let (mut query, mut page) = (Vec::new(), 0);
        for pair in request.uri.query().unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("continue", token)) => page = self.page_of(token),
                Some(("limit", _)) => {}
                _ if pair.is_empty() => {}
                _ => query.push(pair),
            }
        }
        query.sort_unstable();
        let accepts = |form| {
            let accept = request.headers.get(ACCEPT);
            accept.is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains(form)))
        };
        Read {
            path: request.uri.path().to_owned(),
            query: query.join("&"),
            page,
            metadata_only: accepts("as=PartialObjectMetadata"),
        }
    }

    /// Remembers where the token in an answer leads to.
    pub(super) fn note(&self, read: &Read, answer: &Value) {
        let token = text(answer, "/metadata/continue");
        if !token.is_empty() {
            let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            pages.insert(token.to_owned(), read.page + 1);
        }
    }

    /// The same for an answer that is passed on as it is.
    pub(super) fn note_text(&self, read: &Read, answer: &[u8]) {
        // What is no JSON has no pages.
        if let Ok(answer) = serde_json::from_slice(answer) {
            self.note(read, &answer);
        }
    }

    fn page_of(&self, token: &str) -> usize {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.get(token).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use serde_json::json;

    fn read(pages: &Pages, uri: &str) -> Read {
        let request = Request::get(uri).body(()).unwrap();
        pages.read(&request.into_parts().0)
    }

    #[test]
    fn a_path_names_its_objects() {
        let table = [
            ("/api/v1/pods", Some(("", "pods", None, None))),
            (
                "/api/v1/namespaces/shop/pods/web-1",
                Some(("", "pods", Some("shop"), Some("web-1"))),
            ),
            (
                "/api/v1/namespaces/shop",
                Some(("", "namespaces", None, Some("shop"))),
            ),
            (
                "/apis/apps/v1/namespaces/shop/deployments",
                Some(("apps", "deployments", Some("shop"), None)),
            ),
            ("/version", None),
            ("/api/v1/namespaces/shop/pods/web-1/log", None),
        ];
        for (path, expected) in table {
            let read = read(&Pages::default(), path);
            let parts = read
                .resource()
                .map(|one| (one.group, one.plural, one.namespace, one.name));
            assert_eq!(parts, expected, "{path}");
        }
    }

    #[test]
    fn pages_are_told_apart_by_the_tokens_that_lead_to_them() {
        let pages = Pages::default();
        let first = read(&pages, "/api/v1/pods?limit=500&labelSelector=a%3Db");
        pages.note(&first, &json!({"metadata": {"continue": "ab-c_"}}));
        let second = read(
            &pages,
            "/api/v1/pods?labelSelector=a%3Db&continue=ab-c_&limit=500",
        );
        assert_eq!(first.to_string(), "GET /api/v1/pods?labelSelector=a%3Db");
        assert_eq!((first.page, second.page), (0, 1));
        assert!(first != second && second.is_of_list(&first));
    }
}
