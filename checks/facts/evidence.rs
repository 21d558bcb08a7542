//! What a finding rests on.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::who_set;

/// One field of one object: what it is, what it should be, and who made it so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The object in kubectl's words: `namespace/shop`, `configmap/istio-sidecar-injector -n istio-system`.
    pub object: String,
    /// The field, as a JSONPath without `$`: `.metadata.labels['istio-injection']`.
    pub path: String,
    /// Its value; none where the field is absent.
    pub actual: Option<String>,
    /// What it would have to be; none where no single value would do.
    pub expected: Option<String>,
    /// The field manager that set it, where managedFields tell.
    pub set_by: Option<String>,
    /// When it was set, where managedFields tell.
    pub set_at: Option<Timestamp>,
}

impl Evidence {
    /// A field of an object, yet without values.
    pub fn new(object: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            path: path.into(),
            ..Self::default()
        }
    }

    /// Whether its object belongs to no target: those of other namespaces, and the webhooks.
    pub fn is_shared(&self) -> bool {
        let object = self.object.as_str();
        let of_cluster = ["mutatingwebhookconfiguration/", "clusterrole/"];
        object.contains(" -n ") || of_cluster.iter().any(|kind| object.starts_with(kind))
    }

    /// The field's value.
    pub fn actual(mut self, value: impl Into<String>) -> Self {
        self.actual = Some(value.into());
        self
    }

    /// What it would have to be.
    pub fn expected(mut self, value: impl Into<String>) -> Self {
        self.expected = Some(value.into());
        self
    }

    /// Who set the field, by the object's managedFields; `path` as [`who_set`] takes it.
    pub fn set_in(mut self, metadata: &ObjectMeta, path: &[&str]) -> Self {
        if let Some(setter) = who_set(metadata, path) {
            self.set_by = Some(setter.manager);
            self.set_at = setter.at;
        }
        self
    }
}
