//! A change of an object in the terms of the API. The command that makes it, the change that leads back
//! and the object as it is afterwards are all derived from it.

mod apply;
mod back;
mod command;
mod operation;
mod tellable;

use serde_json::Value;

pub use command::recreate;
pub use operation::Operation;

use crate::facts::{Kind, Target};
use crate::way::selector::Labels;

/// An object of the cluster, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// Kubernetes' kind, such as `Namespace`.
    pub kind: &'static str,
    /// Its namespace; none where the kind has none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Object {
    /// An object in a namespace.
    pub fn new(kind: &'static str, namespace: &str, name: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..Self::unscoped(kind, name)
        }
    }

    /// An object of a kind that has no namespaces.
    pub fn unscoped(kind: &'static str, name: &str) -> Self {
        Self {
            kind,
            namespace: None,
            name: name.to_owned(),
        }
    }

    /// The kind, where it is one that makes pods.
    pub fn workload_kind(&self) -> Option<Kind> {
        Kind::WORKLOADS
            .into_iter()
            .find(|kind| kind.name() == self.kind)
    }
}

impl From<&Target> for Object {
    fn from(target: &Target) -> Self {
        Self::new(target.kind.name(), &target.namespace, &target.name)
    }
}

/// Which of an object's two maps of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// `metadata.labels`
    Labels,
    /// `metadata.annotations`
    Annotations,
}

impl Field {
    /// The field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Annotations => "annotations",
        }
    }
}

/// What is changed in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch {
    /// Labels or annotations of the object itself; no value takes one away.
    Metadata(Field, Vec<(String, Option<String>)>),
    /// Fields by a JSON merge patch (RFC 7386).
    Merge(Value),
    /// Fields by a JSON patch (RFC 6902).
    Operations(Vec<Operation>),
    /// `spec.replicas`
    Replicas(i32),
    /// An environment variable of all containers of the pod template; no value takes it away.
    Environment {
        /// Its name.
        name: String,
        /// Its value.
        value: Option<String>,
    },
    /// The selector of a Service.
    Selector(Labels),
    /// `spec.paused` of a Deployment.
    Paused(bool),
    /// The lines of a text in a ConfigMap's data that start with some words.
    Line {
        /// The key of the text.
        key: &'static str,
        /// How the lines start.
        start: &'static str,
        /// What stands in their place.
        line: String,
    },
    /// The object is deleted.
    Delete,
}

/// How a change is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// On the object as it is.
    #[default]
    InPlace,
    /// On an export of the object, which is deleted and created from that: the API server takes no change
    /// of its pods.
    Recreate,
    /// By its author, in the manifest.
    ByHand,
}

/// A change of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is changed.
    pub object: Object,
    /// How it is different afterwards.
    pub patch: Patch,
    /// How the change is made.
    pub way: Way,
}

impl Change {
    /// A change of an object as it is.
    pub fn new(object: Object, patch: Patch) -> Self {
        Self {
            object,
            patch,
            way: Way::InPlace,
        }
    }
}
