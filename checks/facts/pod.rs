//! A pod as it is kept.

use k8s_openapi::api::core::v1::{self, PodSpec, PodStatus, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{Metadata, NamespaceResourceScope, Resource};
use serde::{Deserialize, Serialize};

/// A pod. A cluster has thousands, and a volume takes 3 KiB in memory, most of it for what it is not: volumes are kept as
/// text until the pod is judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "v1::Pod", into = "v1::Pod")]
pub struct Pod {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Its spec, without the volumes.
    pub spec: Option<PodSpec>,
    /// Its status.
    pub status: Option<PodStatus>,
    /// JSON.
    volumes: Option<Box<str>>,
}

impl Pod {
    /// Its volumes.
    pub fn volumes(&self) -> Option<Vec<Volume>> {
        let volumes = self.volumes.as_deref();
        volumes.and_then(|text| serde_json::from_str(text).ok())
    }
}

impl From<v1::Pod> for Pod {
    fn from(pod: v1::Pod) -> Self {
        let mut spec = pod.spec;
        let volumes = spec.as_mut().and_then(|spec| spec.volumes.take());
        let text = volumes.and_then(|volumes| serde_json::to_string(&volumes).ok());
        Self {
            metadata: pod.metadata,
            spec,
            status: pod.status,
            volumes: text.map(String::into_boxed_str),
        }
    }
}

impl From<Pod> for v1::Pod {
    fn from(pod: Pod) -> Self {
        let volumes = pod.volumes();
        let spec = pod.spec.map(|spec| PodSpec { volumes, ..spec });
        Self {
            metadata: pod.metadata,
            spec,
            status: pod.status,
        }
    }
}

impl Resource for Pod {
    const API_VERSION: &'static str = v1::Pod::API_VERSION;
    const GROUP: &'static str = v1::Pod::GROUP;
    const KIND: &'static str = v1::Pod::KIND;
    const VERSION: &'static str = v1::Pod::VERSION;
    const URL_PATH_SEGMENT: &'static str = v1::Pod::URL_PATH_SEGMENT;
    type Scope = NamespaceResourceScope;
}

impl Metadata for Pod {
    type Ty = ObjectMeta;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn volumes_are_written_as_they_were_read() {
        for spec in [
            json!({"containers": []}),
            json!({"containers": [], "volumes": []}),
            json!({"containers": [], "volumes": [{"name": "a", "emptyDir": {}}, {"name": "b"}]}),
        ] {
            let written =
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec});
            let pod: Pod = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(pod.spec.as_ref().unwrap().volumes, None);
            assert_eq!(serde_json::to_value(&pod).unwrap(), written);
        }
    }
}
