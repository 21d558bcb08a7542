//! The events of a pod, as a kubelet records them: one for each reason and text, with a count.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Api;
use crate::json::text;
use crate::kubelet::NODE;

/// Those of one pod.
pub(crate) struct Events {
    api: Api,
    pod: Value,
    seen: BTreeMap<(String, String, String), Seen>,
}

struct Seen {
    name: String,
    count: u32,
}

impl Events {
    pub(crate) fn of(api: Api, pod: &Value) -> Self {
        Self {
            api,
            pod: pod.clone(),
            seen: BTreeMap::new(),
        }
    }

    /// What a kubelet says that goes as it should.
    pub(super) fn normal(&mut self, field: &str, reason: &str, message: &str) {
        self.record("Normal", field, reason, message);
    }

    /// What it complains about.
    pub(crate) fn warning(&mut self, field: &str, reason: &str, message: &str) {
        self.record("Warning", field, reason, message);
    }

    /// Who is not told of an event misses nothing that the status does not say, so an error is none.
    fn record(&mut self, kind: &str, field: &str, reason: &str, message: &str) {
        let namespace = text(&self.pod, "/metadata/namespace");
        let events = format!("/api/v1/namespaces/{namespace}/events");
        let now = Timestamp::now();
        let key = [field, reason, message].map(str::to_owned).into();
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.count += 1;
            let path = format!("{events}/{}", seen.name);
            let again = json!({"count": seen.count, "lastTimestamp": now});
            let _ = self.api.merge(&path, &again);
            return;
        }
        let pod = text(&self.pod, "/metadata/name");
        let name = format!("{pod}.{:x}", now.as_nanosecond());
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": namespace,
                "name": pod,
                "uid": text(&self.pod, "/metadata/uid"),
                "fieldPath": field,
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": "kubelet", "host": NODE},
            "reportingComponent": "kubelet",
            "reportingInstance": NODE,
        });
        if self.api.create(&events, &event).is_ok() {
            self.seen.insert(key, Seen { name, count: 1 });
        }
    }
}
