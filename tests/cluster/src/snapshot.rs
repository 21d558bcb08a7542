//! The cluster's state as it was when everything worked, and the way back to it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::api::{Api, Objects};
use crate::json::{list, remove, set, text};
use crate::namespace;
use crate::wait::wait_for;

/// Collections that a scenario or a fix may change outside of its own namespaces.
const COLLECTIONS: [&str; 23] = [
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/istio-system/roles",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/istio-system/rolebindings",
    "/api/v1/namespaces/istio-system/serviceaccounts",
    "/api/v1/namespaces/istio-system/configmaps",
    "/api/v1/namespaces/istio-system/secrets",
    "/api/v1/namespaces/istio-system/services",
    "/api/v1/namespaces/istio-system/resourcequotas",
    "/api/v1/namespaces/istio-system/limitranges",
    "/apis/apps/v1/namespaces/istio-system/deployments",
    "/apis/apps/v1/namespaces/kube-system/deployments",
    "/apis/networking.k8s.io/v1/namespaces/istio-system/networkpolicies",
    "/apis/networking.istio.io/v1beta1/proxyconfigs",
    "/api/v1/namespaces/kube-system/configmaps",
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces",
];

/// What changes by itself and makes no difference.
const VOLATILE: [(&str, &str); 11] = [
    ("", "status"),
    ("/metadata", "resourceVersion"),
    ("/metadata", "uid"),
    ("/metadata", "generation"),
    ("/metadata", "managedFields"),
    ("/metadata", "creationTimestamp"),
    ("/spec", "clusterIP"),
    ("/spec", "clusterIPs"),
    ("/metadata/annotations", "deployment.kubernetes.io/revision"),
    (
        "/metadata/annotations",
        "control-plane.alpha.kubernetes.io/leader",
    ),
    (
        "/spec/template/metadata/annotations",
        "kubectl.kubernetes.io/restartedAt",
    ),
];

/// Changes of a webhook configuration after which it is made again.
const MOST_CHANGES: u64 = 30;

/// istiod writes it, once it runs as before: restored from here, it would be said to be set by somebody else.
const ROOT: &str = "/api/v1/namespaces/istio-system/configmaps/istio-ca-root-cert";

/// The objects of every collection.
#[derive(Default)]
pub(crate) struct Snapshot(BTreeMap<&'static str, Objects>);

impl Snapshot {
    /// Reads the state as it is now.
    pub(crate) fn take(api: Api) -> Result<Self> {
        let mut collections = BTreeMap::new();
        for path in COLLECTIONS {
            collections.insert(path, read(api, path)?);
        }
        Ok(Self(collections))
    }

    /// Deletes what was added since, creates what was deleted, replaces what was changed. Returns the paths of all that.
    pub(crate) fn restore(&self, api: Api) -> Result<Vec<String>> {
        let mut touched = Vec::new();
        for (collection, before) in &self.0 {
            let mut now = read(api, collection)?;
            if let Some(root) = before.get(ROOT) {
                now.insert(ROOT.to_owned(), root.clone());
            }
            for (path, object) in &now {
                match before.get(path) {
                    None => delete(api, path)?,
                    Some(old) if essence(old) == essence(object) && !is_worn(object) => continue,
                    Some(old) if is_worn(object) => {
                        delete(api, path)?;
                        create(api, path, old)?;
                    }
                    Some(old) => {
                        let version = text(object, "/metadata/resourceVersion");
                        let mut changed = essence(old);
                        set(&mut changed, "/metadata", "resourceVersion", version);
                        // What was deleted and made again can differ in fields that nobody may change.
                        if api.replace(path, &changed).is_err() {
                            delete(api, path)?;
                            create(api, path, old)?;
                        }
                    }
                }
                touched.push(path.clone());
            }
            for (path, object) in before.iter().filter(|(path, _)| !now.contains_key(*path)) {
                create(api, path, object)?;
                touched.push(path.clone());
            }
        }
        Ok(touched)
    }

    /// Waits until istiod has told its root again, where a scenario has taken it away.
    pub(crate) fn await_root(&self, api: Api) -> Result<()> {
        let mut before = self.0.values().filter_map(|objects| objects.get(ROOT));
        let Some(before) = before.next() else {
            return Ok(());
        };
        wait_for("istiod to tell its root again", || {
            let now = api.get(ROOT)?;
            ensure!(now.get("data") == before.get("data"), "it is another one");
            Ok(())
        })
    }
}

/// The objects of a collection by their paths.
fn read(api: Api, collection: &str) -> Result<Objects> {
    let answer = api.get(collection)?;
    let kind = text(&answer, "/kind").trim_end_matches("List");
    let objects = list(&answer, "/items").iter().map(|object| {
        let mut object = object.clone();
        set(&mut object, "", "kind", kind);
        set(&mut object, "", "apiVersion", text(&answer, "/apiVersion"));
        (path(collection, &object), object)
    });
    Ok(objects.collect())
}

fn path(collection: &str, object: &Value) -> String {
    let (namespace, name) = (
        text(object, "/metadata/namespace"),
        text(object, "/metadata/name"),
    );
    match collection.rsplit_once('/') {
        Some((group, resource)) if !namespace.is_empty() && !group.contains("/namespaces/") => {
            format!("{group}/namespaces/{namespace}/{resource}/{name}")
        }
        _ => format!("{collection}/{name}"),
    }
}

/// Whether a webhook configuration was changed so often that the next scenario would tell of a fight about it. The count
/// starts again where it is made again.
fn is_worn(object: &Value) -> bool {
    let generation = object.pointer("/metadata/generation");
    text(object, "/kind") == "MutatingWebhookConfiguration"
        && generation.and_then(Value::as_u64) > Some(MOST_CHANGES)
}

fn essence(object: &Value) -> Value {
    let mut object = object.clone();
    for (pointer, field) in VOLATILE {
        remove(&mut object, pointer, field);
    }
    object
}

fn create(api: Api, path: &str, object: &Value) -> Result<()> {
    let (parent, _) = path.rsplit_once('/').context("a path without a name")?;
    api.create(parent, &essence(object))
        .with_context(|| format!("cannot restore {path}"))?;
    Ok(())
}

/// Deletes an object, a namespace with all that is in it.
fn delete(api: Api, path: &str) -> Result<()> {
    match path.strip_prefix("/api/v1/namespaces/") {
        Some(name) if !name.contains('/') => namespace::delete(api, name),
        _ => Ok(api
            .delete(path, &json!({"gracePeriodSeconds": 0}))
            .map(drop)?),
    }
}
