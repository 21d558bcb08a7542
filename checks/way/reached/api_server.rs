//! The pods of kube-apiserver.

use std::collections::BTreeMap;

use crate::facts::kinds::Pod;
use k8s_openapi::api::core::v1::Container;

/// The container of kube-apiserver in its pod.
pub fn container(pod: &Pod) -> Option<&Container> {
    let containers = &pod.spec.as_ref()?.containers;
    containers
        .iter()
        .find(|container| container.name == "kube-apiserver")
        .or(containers.first())
}

/// The environment of kube-apiserver as far as it is written in its pod.
pub fn environment_of(pod: &Pod) -> BTreeMap<String, String> {
    let container = container(pod);
    let variables = container
        .iter()
        .flat_map(|container| container.env.iter().flatten());
    variables
        .filter_map(|variable| Some((variable.name.clone(), variable.value.clone()?)))
        .collect()
}
