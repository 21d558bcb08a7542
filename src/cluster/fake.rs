//! An API server for tests: answers from a closure, and remembers what it was asked. Lists get the kind
//! that belongs to their path, and their items what the API server would not leave out.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, Request, Response};
use injdoctor_checks::facts::Connection;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use super::connect::{Limits, Link};
use crate::log::Log;

/// What the server does with a request.
pub enum Answer {
    /// A status code and a JSON body.
    Json(u16, Value),
    /// A status code and any body.
    Text(u16, &'static str),
    /// Any bytes with status 200.
    Bytes(Vec<u8>),
    /// A JSON body after a while.
    Later(Duration, Value),
    /// The connection breaks.
    Cut,
}

/// A link to such a server, and the paths with queries that it was asked.
pub struct Fake {
    pub link: Link,
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// A server that answers by path with query.
    pub fn new(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), asked.clone());
        let service = tower::service_fn(move |request: Request<Body>| {
            assert_eq!(request.method(), Method::GET);
            let path = request.uri().to_string();
            log.lock().unwrap().push(path.clone());
            let answer = answer(&path);
            let accept = request.headers().get("accept").cloned();
            let metadata_alone = accept.is_some_and(|accept| accept.as_bytes().contains(&b';'));
            async move {
                let (code, body) = match answer {
                    Answer::Json(code, mut value) => {
                        if value["kind"] == "List" && !path.starts_with("/version") {
                            Asked::of(&path).complete_list(&mut value, metadata_alone);
                        }
                        (code, in_order(value).into_bytes())
                    }
                    Answer::Text(code, text) => (code, text.as_bytes().to_vec()),
                    Answer::Bytes(bytes) => (200, bytes),
                    Answer::Later(wait, value) => {
                        tokio::time::sleep(wait).await;
                        (200, value.to_string().into_bytes())
                    }
                    Answer::Cut => return Err(std::io::Error::other("connection reset by peer")),
                };
                Ok(Response::builder()
                    .status(code)
                    .body(Body::from(body))
                    .unwrap())
            }
        });
        let link = Link {
            client: Client::new(service, "default"),
            namespace: "default".to_owned(),
            server: "https://fake:6443".to_owned(),
            limits: Limits::new(None, None),
            injector: None,
            log: Log::default(),
            connection: Connection::default(),
        };
        Self { link, asked }
    }

    /// A server with objects by path: one without a query is got, and lists hold what they are given.
    /// Whatever is not there is absent, and lists of it are empty.
    pub fn with_objects(objects: Vec<(&'static str, Value)>) -> Self {
        Self::new(move |path| {
            let (path, is_list) = match path.split_once('?') {
                Some((path, query)) => (path, query.contains("limit=")),
                None => (path, false),
            };
            if path == "/version" {
                return Answer::Json(200, json!({"gitVersion": "v1.36.3"}));
            }
            if path.ends_with("/log") {
                return Answer::Text(200, "");
            }
            match objects.iter().find(|(there, _)| *there == path) {
                Some((_, answer)) if answer.get("code").is_some() => {
                    let code = answer["code"].as_u64().unwrap().try_into().unwrap();
                    Answer::Json(code, answer.clone())
                }
                Some((_, items)) if is_list => Answer::Json(200, list(items.as_array().unwrap())),
                Some((_, object)) => {
                    let mut object = object.clone();
                    Asked::of(path).complete_object(&mut object);
                    Answer::Json(200, object)
                }
                None if is_list => Answer::Json(200, list(&[])),
                None => Answer::Json(404, absent(path)),
            }
        })
    }

    /// How many requests there were.
    pub fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A list as an API server writes it: its items come last.
fn in_order(mut value: Value) -> String {
    let items = value.as_object_mut().and_then(|list| list.remove("items"));
    let head = value.to_string();
    match (items, head.strip_suffix('}')) {
        (Some(items), Some(head)) => format!("{head},\"items\":{items}}}"),
        _ => head,
    }
}

/// What a path asks for.
struct Asked<'a> {
    kind: &'static str,
    api_version: String,
    plural: &'a str,
    group: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

impl<'a> Asked<'a> {
    fn of(path: &'a str) -> Self {
        let path = path.split('?').next().unwrap();
        let parts: Vec<_> = path.split('/').skip(1).collect();
        let (group, version, rest) = match &parts[..] {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            other => panic!("no resource: {other:?}"),
        };
        let (namespace, plural, name) = match rest {
            ["namespaces", namespace, plural, name] => (Some(*namespace), *plural, *name),
            ["namespaces", namespace, plural] => (Some(*namespace), *plural, ""),
            [plural, name] => (None, *plural, *name),
            [plural] => (None, *plural, ""),
            other => panic!("no resource: {other:?}"),
        };
        let kinds = [
            "Pod",
            "Namespace",
            "Service",
            "ConfigMap",
            "Event",
            "Node",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
            "DaemonSet",
            "Job",
            "CronJob",
            "EndpointSlice",
            "MutatingWebhookConfiguration",
            "ResourceQuota",
            "LimitRange",
            "NetworkPolicy",
            "ValidatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "ClusterRole",
            "ClusterRoleBinding",
            "Lease",
        ];
        let is_kind = |kind: &&str| {
            let kind = kind.to_lowercase();
            let stem = kind.strip_suffix('y');
            let policies = stem.is_some_and(|stem| plural == format!("{stem}ies"));
            policies || plural == format!("{kind}s")
        };
        Self {
            kind: kinds.into_iter().find(is_kind).expect(plural),
            api_version: format!("{group}/{version}")
                .trim_start_matches('/')
                .to_owned(),
            plural,
            group,
            namespace,
            name,
        }
    }

    fn complete_metadata(&self, object: &mut Value, name: &str) {
        let metadata = &mut object["metadata"];
        let mut default = |field: &str, value: &str| {
            if metadata.get(field).is_none() {
                metadata[field] = json!(value);
            }
        };
        default("name", name);
        let cluster_wide = ["namespaces", "nodes"];
        let is_policy = self.group == "admissionregistration.k8s.io";
        if !cluster_wide.contains(&self.plural) && !is_policy {
            default("namespace", self.namespace.unwrap_or("default"));
        }
    }

    fn complete_object(&self, object: &mut Value) {
        self.complete_metadata(object, self.name);
        object["kind"] = json!(self.kind);
        object["apiVersion"] = json!(self.api_version);
    }

    fn complete_list(&self, list: &mut Value, metadata_alone: bool) {
        for item in list["items"].as_array_mut().unwrap() {
            self.complete_metadata(item, "unnamed");
        }
        list["kind"] = json!(format!("{}List", self.kind));
        list["apiVersion"] = json!(self.api_version);
        if metadata_alone {
            list["kind"] = json!("PartialObjectMetadataList");
            list["apiVersion"] = json!("meta.k8s.io/v1");
        }
    }
}

/// What the API server says of an object that does not exist.
pub fn absent(path: &str) -> Value {
    let asked = Asked::of(path);
    let mut status = status(404, &format!("{} {:?} not found", asked.plural, asked.name));
    status["details"] = json!({"name": asked.name, "group": asked.group, "kind": asked.plural});
    status
}

/// A list as the API server writes it, but for its kind: the server above knows that from the path.
pub fn list(items: &[Value]) -> Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items})
}

/// An error as the API server writes it.
pub fn status(code: u16, message: &str) -> Value {
    let reason = match code {
        403 => "Forbidden",
        404 => "NotFound",
        401 => "Unauthorized",
        410 => "Expired",
        _ => "",
    };
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
           "message": message, "reason": reason, "code": code})
}

/// An object that another one controls: `kind/name` of both, whose uids are the same words.
pub fn owned(kind: &str, name: &str, owner: Option<(&str, &str)>) -> Value {
    let owners: Vec<_> = owner
        .into_iter()
        .map(|(kind, name)| {
            let api_version = match kind {
                "Job" | "CronJob" => "batch/v1",
                "Rollout" => "argoproj.io/v1alpha1",
                "Pod" => "v1",
                _ => "apps/v1",
            };
            json!({"apiVersion": api_version, "kind": kind, "name": name, "uid": format!("{kind}/{name}"), "controller": true})
        })
        .collect();
    let labels = json!({"app": name});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": []}});
    let spec = match kind {
        "Pod" => json!({"containers": []}),
        "CronJob" => {
            json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}})
        }
        _ => {
            json!({"selector": {"matchLabels": {"app": name, "pod-template-hash": "1"}}, "template": template})
        }
    };
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": format!("{kind}/{name}"), "ownerReferences": owners,
                     "managedFields": [{"manager": "kubectl"}]},
        "spec": spec,
    })
}
