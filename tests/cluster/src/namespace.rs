//! Taking a namespace away, in the place of the namespace controller, which pauses for five seconds and more.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::api::Api;
use crate::json::{list, set, text};
use crate::wait::wait_for;

/// Deletes a namespace with all that is in it.
pub(crate) fn delete(api: Api, name: &str) -> Result<()> {
    let path = format!("/api/v1/namespaces/{name}");
    // From here on nobody can create anything in it.
    api.delete(&path, &json!({}))?;
    let now = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
    for (version, resource) in namespaced_resources(api)? {
        api.delete(&format!("{version}/namespaces/{name}/{resource}"), &now)?;
    }
    wait_for(&format!("the pods of namespace {name} to go"), || {
        let pods = api.get(&format!("{path}/pods"))?;
        let left = list(&pods, "/items").len();
        ensure!(left == 0, "{left} are left");
        Ok(())
    })?;
    let mut namespace = api.get(&path)?;
    set(&mut namespace, "/spec", "finalizers", json!([]));
    api.replace(&format!("{path}/finalize"), &namespace)?;
    Ok(())
}

/// The resources that can be deleted by namespace, each with the path of the first API version that has it: not every
/// version of a group has all.
fn namespaced_resources(api: Api) -> Result<Vec<(String, String)>> {
    let groups = api.get("/apis")?;
    let mut groups: Vec<Vec<String>> = list(&groups, "/groups").iter().map(versions).collect();
    groups.insert(0, vec!["/api/v1".to_owned()]);
    let mut resources = Vec::new();
    for versions in groups {
        let mut of_group = BTreeMap::new();
        for version in versions {
            for resource in list(&api.get(&version)?, "/resources") {
                let is_namespaced = resource.get("namespaced") == Some(&Value::Bool(true));
                if is_namespaced && list(resource, "/verbs").contains(&"deletecollection".into()) {
                    let name = text(resource, "/name").to_owned();
                    of_group.entry(name).or_insert_with(|| version.clone());
                }
            }
        }
        resources.extend(of_group.into_iter().map(|(name, version)| (version, name)));
    }
    Ok(resources)
}

/// The paths of a group's versions.
fn versions(group: &Value) -> Vec<String> {
    let versions = list(group, "/versions").iter();
    let path = |version| format!("/apis/{}", text(version, "/groupVersion"));
    versions.map(path).collect()
}
