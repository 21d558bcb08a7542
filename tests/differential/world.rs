//! A state of the cluster, and pods to be created in it. It is data: a committed case is one in YAML.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Labels or annotations.
pub type Labels = BTreeMap<String, String>;

/// The control planes, each the name of its revision.
pub const REVISIONS: [&str; 2] = ["default", "canary"];

/// In place of a caBundle: the root of the istiods, which is another one in each run.
pub const ROOT: &str = "istiod's root";

/// In place of a caBundle: a root that none of the istiods has.
pub const OTHER_ROOT: &str = "another root";

/// In place of a caBundle: the root of another vendor's webhook, which answers.
pub const OTHER_VENDOR: &str = "another vendor's root";

/// A part of the names of another vendor's webhooks and policies that change or refuse pods, of which nobody can know it.
pub const ACTS: &str = "acts";

/// The cluster, as far as it differs from a stock installation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct World {
    /// Every MutatingWebhookConfiguration that there is.
    pub webhooks: Vec<Value>,
    /// Every MutatingAdmissionPolicy that there is, each with a binding of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Value>,
    /// By name of a Service in istio-system, a merge patch of its spec; null: it is not there.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub services: Map<String, Value>,
    /// By revision, fields of key `config` of the injector's ConfigMap; a string: all of it; null: the ConfigMap is not
    /// there.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub injectors: Map<String, Value>,
    /// By revision, what tells the version of its istiod.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, Told>,
    /// The revisions whose istiod is scaled to zero.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<String>,
    /// The labels of namespaces.
    pub namespaces: BTreeMap<String, Labels>,
    /// Pods, or what makes them.
    pub objects: Vec<Value>,
}

/// What tells the version of an istiod, which is the same in all worlds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The image in its Deployment.
    pub image: String,
    /// `global.tag` in the injector's values.
    pub tag: String,
    /// Label `app.kubernetes.io/version` of its pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl World {
    /// The same world with this object alone, and no other namespace than its own.
    pub fn with_only(&self, object: &Value) -> Self {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let labels = self.namespaces.get_key_value(namespace);
        Self {
            namespaces: labels
                .into_iter()
                .map(|(name, labels)| (name.clone(), labels.clone()))
                .collect(),
            objects: vec![object.clone()],
            ..self.clone()
        }
    }
}
