//! What a mesh consists of copies of: a real workload, injected by istiod or not, with all that the API server, the
//! controllers and the kubelet wrote into it.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testcluster::{Api, ApiError, Cluster, wait_for};

use super::{Owners, items};

/// The node of the copies, which nobody looks after: what is deleted there stays terminating.
const NODE: &str = "mesh";

/// The copies' addresses begin here.
const FIRST_IP: Ipv4Addr = Ipv4Addr::new(10, 128, 0, 0);

/// The names of the original, which occur nowhere by chance: a copy is the same text with other names.
const NAMESPACE: &str = "the-patterns-namespace";
const APP: &str = "the-patterns-app";

/// What the API server gives every object anew.
const GIVEN: [&str; 5] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
];

/// The original, as JSON.
pub(super) struct Pattern {
    /// The Deployment and its ReplicaSet, if there are.
    owners: Vec<Original>,
    pod: String,
    /// What the status of a copy is patched with.
    status: String,
    /// What a copy is patched with at last: who wrote which field, as if its sidecar came from the webhook.
    writers: String,
    pod_name: String,
    pod_ip: String,
}

/// An owner of the pod.
struct Original {
    resource: &'static str,
    uid: String,
    json: String,
}

/// What stands in the place of what in a copy.
type Names = Vec<(String, String)>;

impl Pattern {
    /// Makes the original in a namespace of its own, reads it when it runs, and takes it away.
    pub(super) fn take(cluster: &Cluster, owners: Owners, injected: bool) -> Result<Self> {
        let api = cluster.api();
        cluster.apply(&namespace(injected).to_string())?;
        wait_for("the service account of the pattern", || {
            Ok(api.get(&format!(
                "/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
            ))?)
        })?;
        cluster.apply(&workload(owners).to_string())?;
        let pattern = wait_for("the pattern of the pods to run", || Self::read(api, owners))?;
        api.delete_namespace(NAMESPACE)?;
        ensure!(
            pattern.pod.contains("sidecar.istio.io/status") == injected,
            "the pattern of the pods is injected: {}",
            !injected
        );
        Ok(pattern)
    }

    fn read(api: Api, owners: Owners) -> Result<Self> {
        let only = |group: &str, resource: &str| -> Result<Value> {
            let list = api.get(&format!("{group}/namespaces/{NAMESPACE}/{resource}"))?;
            let first = items(&list).next().cloned();
            first.with_context(|| format!("there are no {resource}"))
        };
        let mut pod = only("/api/v1", "pods")?;
        ensure!(
            pod.pointer("/status/phase") == Some(&json!("Running")),
            "the pod does not run"
        );
        set(&mut pod, "/spec", "nodeName", json!(NODE));
        let status = json!({"status": pod.get("status")});
        let writers =
            json!({"metadata": {"managedFields": pod.pointer("/metadata/managedFields")}});
        let resources: &[&str] = match owners {
            Owners::Deployments => &["deployments", "replicasets"],
            Owners::None => &[],
        };
        let owners = resources.iter().map(|resource| {
            let mut object = only("/apis/apps/v1", resource)?;
            let uid = text(&object, "/metadata/uid")?;
            strip(&mut object);
            Ok(Original {
                resource,
                uid,
                json: object.to_string(),
            })
        });
        let pod_name = text(&pod, "/metadata/name")?;
        let pod_ip = text(&pod, "/status/podIP")?;
        strip(&mut pod);
        Ok(Self {
            owners: owners.collect::<Result<_>>()?,
            status: status.to_string(),
            // In the place of the kubelet stands a part of this program.
            writers: writers
                .to_string()
                .replace("\"testcluster\"", "\"kubelet\""),
            pod_name,
            pod_ip,
            pod: pod.to_string(),
        })
    }

    /// Writes a copy of the workload with the pods of these numbers, which are unique in the mesh.
    pub(super) fn copy(
        &self,
        api: Api,
        namespace: &str,
        app: &str,
        pods: impl Iterator<Item = usize>,
    ) -> Result<()> {
        let mut names = vec![
            (NAMESPACE.to_owned(), namespace.to_owned()),
            (APP.to_owned(), app.to_owned()),
        ];
        for original in &self.owners {
            let resource = original.resource;
            let path = format!("/apis/apps/v1/namespaces/{namespace}/{resource}");
            let copy = api.create(&path, &renamed(&original.json, &names)?)?;
            names.push((original.uid.clone(), text(&copy, "/metadata/uid")?));
        }
        for number in pods {
            self.copy_pod(api, namespace, app, &names, number)
                .with_context(|| format!("cannot copy the pod of {app} in {namespace}"))?;
        }
        Ok(())
    }

    fn copy_pod(
        &self,
        api: Api,
        namespace: &str,
        app: &str,
        names: &Names,
        number: usize,
    ) -> Result<()> {
        // As the ReplicaSet controller names pods, but for the number in the place of a random word.
        let name = match self.pod_name.rsplit_once('-') {
            Some((replica_set, _)) if !self.owners.is_empty() => {
                format!("{}-{number:05}", replica_set.replace(APP, app))
            }
            _ => format!("{app}-{number:05}"),
        };
        let ip = Ipv4Addr::from(u32::from(FIRST_IP) + u32::try_from(number)?);
        // The pod's name first: it begins with that of the app.
        let mut all = vec![
            (self.pod_name.clone(), name.clone()),
            (self.pod_ip.clone(), ip.to_string()),
        ];
        all.extend_from_slice(names);
        let pods = format!("/api/v1/namespaces/{namespace}/pods");
        api.create(&pods, &renamed(&self.pod, &all)?)?;
        let pod = format!("{pods}/{name}");
        api.merge(&format!("{pod}/status"), &renamed(&self.status, &all)?)?;
        api.merge(&pod, &renamed(&self.writers, &all)?)?;
        Ok(())
    }
}

/// Makes the node of the copies, as a likeness of the other one: istiod looks at the version of every kubelet.
pub(super) fn make_node(api: Api) -> Result<()> {
    let nodes = api.get("/api/v1/nodes")?;
    let mut node = items(&nodes).next().context("there is no node")?.clone();
    set(&mut node, "/metadata", "name", json!(NODE));
    strip(&mut node);
    match api.create("/api/v1/nodes", &node) {
        Err(ApiError::Status { code: 409, .. }) => Ok(()),
        made => Ok(made.map(drop)?),
    }
}

fn namespace(injected: bool) -> Value {
    let labels = if injected {
        json!({"istio-injection": "enabled"})
    } else {
        json!({})
    };
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
}

fn workload(owners: Owners) -> Value {
    let labels = json!({"app": APP, "version": "v1", "mesh": ""});
    let spec = json!({"containers": [{
        "name": "app",
        "image": "registry.example/shop/app:1.27.3",
        "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "DATABASE", "value": "postgres://database.storage.svc.cluster.local:5432/app"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    }]});
    match owners {
        Owners::None => json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": APP, "namespace": NAMESPACE, "labels": labels},
            "spec": spec,
        }),
        Owners::Deployments => json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": APP, "namespace": NAMESPACE, "labels": labels},
            "spec": {
                "replicas": super::PODS_PER_DEPLOYMENT,
                "selector": {"matchLabels": {"app": APP}},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }),
    }
}

fn renamed(json: &str, names: &Names) -> Result<Value> {
    let text = names
        .iter()
        .fold(json.to_owned(), |text, (old, new)| text.replace(old, new));
    Ok(serde_json::from_str(&text)?)
}

/// Takes away what the API server gives every object.
fn strip(object: &mut Value) {
    let metadata = object
        .pointer_mut("/metadata")
        .and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.retain(|field, _| !GIVEN.contains(&field.as_str()));
    }
}

fn set(value: &mut Value, pointer: &str, field: &str, content: Value) {
    if let Some(object) = value.pointer_mut(pointer).and_then(Value::as_object_mut) {
        object.insert(field.to_owned(), content);
    }
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned)
        .with_context(|| format!("no {pointer} in {value}"))
}
