//! The volumes of a pod, as folders on the machine. As with istiod's, changes of an object are not followed.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::fields::{field, resource};
use super::objects::Objects;
use crate::json::{list, text};

/// How long a token is good for where the pod does not say.
const TOKEN_SECONDS: u64 = 3600;

/// The folders of the volumes, by name.
pub(super) type Volumes = BTreeMap<String, PathBuf>;

/// Makes all volumes of a pod below this folder.
///
/// # Errors
/// With the kubelet's words, where what a volume is made of is missing.
pub(super) fn mount(pod: &Value, objects: &Objects, folder: &Path) -> Result<Volumes, String> {
    let mut volumes = Volumes::new();
    for volume in list(pod, "/spec/volumes") {
        let name = text(volume, "/name");
        let path = if volume.get("hostPath").is_some() {
            PathBuf::from(text(volume, "/hostPath/path"))
        } else {
            let path = folder.join(name);
            fill(pod, volume, objects, &path).map_err(|reason| {
                format!("MountVolume.SetUp failed for volume \"{name}\" : {reason}")
            })?;
            path
        };
        volumes.insert(name.to_owned(), path);
    }
    Ok(volumes)
}

fn fill(pod: &Value, volume: &Value, objects: &Objects, folder: &Path) -> Result<(), String> {
    let files = if let Some(source) = volume.get("projected") {
        let mut files = Vec::new();
        for source in list(source, "/sources") {
            files.extend(files_of(pod, source, objects)?);
        }
        files
    } else {
        files_of(pod, volume, objects)?
    };
    write(folder, &files).map_err(|error| error.to_string())
}

fn write(folder: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    // As an emptyDir is, and as fsGroup makes the others: every user of the pod can read and write.
    fs::set_permissions(folder, Permissions::from_mode(0o777))?;
    for (name, content) in files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    Ok(())
}

/// The files of a volume, or of a source of a projected one.
fn files_of(
    pod: &Value,
    source: &Value,
    objects: &Objects,
) -> Result<Vec<(String, String)>, String> {
    if let Some(token) = source.get("serviceAccountToken") {
        let file = text(token, "/path").to_owned();
        return Ok(vec![(file, request_token(pod, token, objects)?)]);
    }
    if let Some(source) = source.get("downwardAPI") {
        let items = list(source, "/items").iter().map(|item| {
            let content = match item.get("resourceFieldRef") {
                Some(reference) => resource(pod, &Value::Null, reference),
                None => field(pod, text(item, "/fieldRef/fieldPath")),
            };
            (text(item, "/path").to_owned(), content)
        });
        return Ok(items.collect());
    }
    for kind in ["configMap", "secret"] {
        if let Some(source) = source.get(kind) {
            return objects_files(&kind.to_lowercase(), source, objects);
        }
    }
    Ok(Vec::new())
}

fn objects_files(
    kind: &str,
    source: &Value,
    objects: &Objects,
) -> Result<Vec<(String, String)>, String> {
    let data = objects.data(kind, source)?.unwrap_or_default();
    let content = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_owned);
    let items = list(source, "/items");
    if items.is_empty() {
        let files = data
            .keys()
            .filter_map(|key| Some((key.clone(), content(key)?)));
        return Ok(files.collect());
    }
    let mut files = Vec::new();
    for item in items {
        let content = content(text(item, "/key")).ok_or_else(|| {
            format!(
                "{kind} references non-existent config key: {}",
                text(item, "/key")
            )
        })?;
        files.push((text(item, "/path").to_owned(), content));
    }
    Ok(files)
}

/// A token of the pod's service account that is bound to the pod.
fn request_token(pod: &Value, source: &Value, objects: &Objects) -> Result<String, String> {
    let account = text(pod, "/spec/serviceAccountName");
    let path = format!(
        "/api/v1/namespaces/{}/serviceaccounts/{account}/token",
        objects.namespace
    );
    let audience = text(source, "/audience");
    let audiences: &[&str] = if audience.is_empty() {
        &[]
    } else {
        &[audience]
    };
    let seconds = source.get("expirationSeconds").and_then(Value::as_u64);
    let request = json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": audiences,
            "expirationSeconds": seconds.unwrap_or(TOKEN_SECONDS),
            "boundObjectRef": {
                "kind": "Pod",
                "apiVersion": "v1",
                "name": text(pod, "/metadata/name"),
                "uid": text(pod, "/metadata/uid"),
            },
        },
    });
    let answer = objects.api.create(&path, &request);
    let answer = answer.map_err(|error| format!("failed to fetch token: {error}"))?;
    Ok(text(&answer, "/status/token").to_owned())
}
