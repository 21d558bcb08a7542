//! Pods and istiods for tests.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::PodSpec;

use crate::way::JudgedPod;

/// A pod with these annotations and nothing else.
pub(super) fn pod(annotations: &[(&str, &str)]) -> JudgedPod {
    let annotations = annotations
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    JudgedPod {
        namespace: "shop".to_owned(),
        labels: BTreeMap::new(),
        annotations: annotations.collect(),
        spec: PodSpec::default(),
        name: None,
        generate_name: None,
    }
}
