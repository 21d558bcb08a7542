//! One read of the cluster, and what came of it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

/// What came of one read. Only [`Fact::Got`] and [`Fact::Absent`] are knowledge; a check that meets
/// anything else answers "unknown" and never "passed".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fact<T> {
    /// The API server answered with the object or the whole list.
    Got(T),
    /// The API server said that the object does not exist (404).
    Absent,
    /// The API server refused the read (401, 403): a permission is missing.
    Refused(Unread),
    /// No usable answer: time-out, connection cut, malformed body.
    Failed(Unread),
    /// Nobody asked, because the answer to an earlier question made it pointless or impossible.
    #[default]
    NotAsked,
}

/// A read that brought no knowledge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// RBAC verb: `get` or `list`.
    pub verb: String,
    /// RBAC resource in the plural, with its API group where it has one: `deployments.apps`.
    pub resource: String,
    /// Namespace of the read; none for cluster-scoped resources and lists over all namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name of the object; none for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The API server's or the client's own words.
    pub reason: String,
}

/// Why a check cannot tell: the fact it needs was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Missing(pub String);

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot {} {}", self.verb, self.resource)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, " in {namespace}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl<T> Fact<T> {
    /// The value, or `None` where the object is known to be absent.
    ///
    /// # Errors
    /// [`Missing`] with the reason where nothing is known; `what` names the fact nobody asked for.
    pub fn known(&self, what: impl Display) -> Result<Option<&T>, Missing> {
        self.as_ref().known_value(what)
    }

    /// As [`Fact::known`], giving up the fact.
    ///
    /// # Errors
    /// As with [`Fact::known`].
    pub fn known_value(self, what: impl Display) -> Result<Option<T>, Missing> {
        match self {
            Self::Got(value) => Ok(Some(value)),
            Self::Absent => Ok(None),
            Self::Refused(unread) | Self::Failed(unread) => Err(Missing(unread.to_string())),
            Self::NotAsked => Err(Missing(format!("{what} was not read"))),
        }
    }

    /// The value where there is one, whatever the reason that there is none.
    pub fn got(&self) -> Option<&T> {
        match self {
            Self::Got(value) => Some(value),
            _ => None,
        }
    }

    /// The read that was refused or failed.
    pub fn unread(&self) -> Option<&Unread> {
        match self {
            Self::Refused(unread) | Self::Failed(unread) => Some(unread),
            _ => None,
        }
    }

    /// The same outcome of reading, with a reference to the value.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Got(value) => Fact::Got(value),
            Self::Absent => Fact::Absent,
            Self::Refused(unread) => Fact::Refused(unread.clone()),
            Self::Failed(unread) => Fact::Failed(unread.clone()),
            Self::NotAsked => Fact::NotAsked,
        }
    }

    /// The same outcome of reading, with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        self.and_then(|value| Fact::Got(change(value)))
    }

    /// What came of reading, and, where that is a value, what comes of it.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Got(value) => next(value),
            Self::Absent => Fact::Absent,
            Self::Refused(unread) => Fact::Refused(unread),
            Self::Failed(unread) => Fact::Failed(unread),
            Self::NotAsked => Fact::NotAsked,
        }
    }
}
