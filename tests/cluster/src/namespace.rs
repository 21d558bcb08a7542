//! Taking a namespace away, in the place of the namespace controller, which pauses for five seconds and more.

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

/// The path of every API version and the resources of it that can be deleted by namespace.
fn namespaced_resources(api: Api) -> Result<Vec<(String, String)>> {
    let groups = api.get("/apis")?;
    let mut versions = vec!["/api/v1".to_owned()];
    versions.extend(
        list(&groups, "/groups")
            .iter()
            .map(|group| format!("/apis/{}", text(group, "/preferredVersion/groupVersion"))),
    );
    let mut resources = Vec::new();
    for version in versions {
        let deletable = list(&api.get(&version)?, "/resources")
            .iter()
            .filter(|resource| resource.get("namespaced") == Some(&Value::Bool(true)))
            .filter(|resource| list(resource, "/verbs").contains(&Value::from("deletecollection")))
            .map(|resource| (version.clone(), text(resource, "/name").to_owned()))
            .collect::<Vec<_>>();
        resources.extend(deletable);
    }
    Ok(resources)
}
