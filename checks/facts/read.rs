//! What is asked of the API server.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Resource, Unread};

/// A question to the API server: one object, or a list. The permission that it takes, what is said
/// where it brings nothing, and how its objects are redacted follow from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Read {
    /// What kind of object.
    pub resource: Resource,
    /// How much of each object.
    #[serde(default, skip_serializing_if = "Form::is_whole")]
    pub form: Form,
    /// The namespace; none for all namespaces and for cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name of the one object; none for a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The label selector of a list, as the API server takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
    /// The field selector of a list, as the API server takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<String>,
    /// Whose log of the pod of this name; none for anything else than a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogOf>,
}

/// Which log of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogOf {
    /// The name of the container.
    pub container: String,
    /// Whether it is the log of the container's run before this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub previous: bool,
    /// The text that a line has to have to be of any concern; none for all lines that tell something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// How much of each object a read brings.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// All of it.
    #[default]
    Whole,
    /// Its metadata without managedFields.
    Metadata,
}

impl Form {
    /// Whether it is all of it.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

/// What RBAC has to allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The resource.
    pub resource: Resource,
    /// `get` or `list`.
    pub verb: &'static str,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource.name())
    }
}

impl Read {
    /// One object by its name.
    pub fn get(resource: Resource, namespace: Option<&str>, name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::list(resource, namespace)
        }
    }

    /// All objects of a namespace, or of all namespaces.
    pub fn list(resource: Resource, namespace: Option<&str>) -> Self {
        Self {
            resource,
            form: Form::Whole,
            namespace: namespace.map(str::to_owned),
            name: None,
            labels: None,
            fields: None,
            log: None,
        }
    }

    /// The log of a container of a pod.
    pub fn log(namespace: &str, pod: &str, log: LogOf) -> Self {
        Self {
            log: Some(log),
            ..Self::get(Resource::Log, Some(namespace), pod)
        }
    }

    /// Those of them that a label selector selects.
    pub fn labelled(self, labels: impl Into<String>) -> Self {
        Self {
            labels: Some(labels.into()),
            ..self
        }
    }

    /// Those of them that a field selector selects.
    pub fn with_fields(self, fields: impl Into<String>) -> Self {
        Self {
            fields: Some(fields.into()),
            ..self
        }
    }

    /// Of each the metadata only.
    pub fn metadata(self) -> Self {
        Self {
            form: Form::Metadata,
            ..self
        }
    }

    /// `get` or `list`.
    pub fn verb(&self) -> &'static str {
        match self.name {
            Some(_) => "get",
            None => "list",
        }
    }

    /// What RBAC has to allow.
    pub fn permission(&self) -> Permission {
        Permission {
            resource: self.resource,
            verb: self.verb(),
        }
    }

    /// The read as one that brought nothing, for this reason.
    pub fn unread(&self, reason: impl Into<String>) -> Unread {
        Unread {
            verb: self.verb().to_owned(),
            resource: self.resource.name(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            reason: reason.into(),
        }
    }

    /// Whether a list holds every object of a namespace.
    pub(super) fn is_all_of(&self, namespace: Option<&str>) -> bool {
        self.name.is_none()
            && self.labels.is_none()
            && self.fields.is_none()
            && (self.namespace.is_none() || self.namespace.as_deref() == namespace)
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.resource.plural())?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(labels) = &self.labels {
            write!(f, " with labels {labels}")?;
        }
        if let Some(log) = &self.log {
            write!(f, ", container {}", log.container)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => Ok(()),
        }
    }
}
