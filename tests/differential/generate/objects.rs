//! Pods, and what makes them.

use serde_json::{Value, json};

use super::{Dice, annotations};
use crate::world::Labels;

/// Labels that decide about injection, and what else a selector may look at.
const LABELS: [(u32, &str, &[&str]); 8] = [
    (90, "app", &["reviews", "cart", "db"]),
    (
        45,
        "sidecar.istio.io/inject",
        &[
            "true", "true", "true", "true", "false", "True", "yes", "", "1", "no", "False",
            "enabled",
        ],
    ),
    (
        25,
        "istio.io/rev",
        &["canary", "canary", "prod", "prod", "default", "gone", ""],
    ),
    (30, "tier", &["front", "back", ""]),
    (5, "istio.io/dataplane-mode", &["none", "ambient"]),
    (
        5,
        "service.istio.io/canonical-name",
        &[
            "reviews",
            "a-name-of-sixty-three-characters-is-as-long-as-a-label-may-be-a",
        ],
    ),
    (5, "count", &["1", "5", "many"]),
    (5, "version", &["v1", ""]),
];

/// An object with this number in its name.
pub fn generate(dice: &mut Dice, namespace: &str, number: usize) -> Value {
    let kind = *dice.weighted(&[
        (55, "Pod"),
        (20, "Deployment"),
        (6, "StatefulSet"),
        (6, "DaemonSet"),
        (3, "ReplicaSet"),
        (6, "Job"),
        (4, "CronJob"),
    ]);
    let labels = labels(dice);
    let metadata = |labels: &Labels| json!({"labels": labels, "annotations": {}});
    let mut template = json!({"metadata": metadata(&labels), "spec": spec(dice)});
    for (key, value) in annotations::generate(dice) {
        template["metadata"]["annotations"][key] = json!(value);
    }
    let name = json!({"name": format!("pod-{number}"), "namespace": namespace});
    let selector = json!({"matchLabels": {"app": labels.get("app")}});
    match kind {
        "Pod" => {
            template["metadata"]["namespace"] = json!(namespace);
            // As a controller makes it, or somebody by hand.
            let named = if dice.percent(70) {
                "name"
            } else {
                "generateName"
            };
            template["metadata"][named] = json!(format!("pod-{number}"));
            json!({"apiVersion": "v1", "kind": kind, "metadata": template["metadata"], "spec": template["spec"]})
        }
        "Job" | "CronJob" => {
            template["spec"]["restartPolicy"] = json!("Never");
            let job = json!({"template": template});
            let spec = if kind == "Job" {
                job
            } else {
                json!({"schedule": "0 3 * * *", "jobTemplate": {"spec": job}})
            };
            json!({"apiVersion": "batch/v1", "kind": kind, "metadata": name, "spec": spec})
        }
        _ => json!({"apiVersion": "apps/v1", "kind": kind, "metadata": name,
            "spec": {"selector": selector, "serviceName": "pods", "template": template}}),
    }
}

fn labels(dice: &mut Dice) -> Labels {
    let mut labels = Labels::new();
    for (percent, key, values) in LABELS {
        if dice.percent(percent) {
            labels.insert(key.to_owned(), (*dice.pick(values)).to_owned());
        }
    }
    labels
}

fn spec(dice: &mut Dice) -> Value {
    let mut app = json!({"name": "app", "image": "app:1"});
    if dice.percent(50) {
        app["ports"] = json!([{"name": "http", "containerPort": 8080}]);
    }
    if dice.percent(25) {
        app["readinessProbe"] = probe(dice);
        app["livenessProbe"] = probe(dice);
    }
    if dice.percent(20) {
        app["resources"] = json!({"requests": {"cpu": *dice.pick(&["100m", "2"])}});
    }
    let mut spec = json!({"containers": [app]});
    if dice.percent(20) {
        add(
            &mut spec,
            "containers",
            json!({"name": "helper", "image": "helper"}),
        );
    }
    if dice.percent(15) {
        add(
            &mut spec,
            "initContainers",
            json!({"name": "setup", "image": "setup"}),
        );
    }
    if dice.percent(7) {
        spec["hostNetwork"] = json!(true);
    }
    if dice.percent(10) {
        own_containers(dice, &mut spec);
    }
    if dice.percent(12) {
        odd(dice, &mut spec);
    }
    spec
}

fn add(spec: &mut Value, list: &str, container: Value) {
    match spec[list].as_array_mut() {
        Some(containers) => containers.push(container),
        None => spec[list] = json!([container]),
    }
}

fn probe(dice: &mut Dice) -> Value {
    let probes = [
        json!({"httpGet": {"path": "/healthz", "port": 8080}}),
        json!({"httpGet": {"path": "/healthz", "port": "http"}}),
        json!({"httpGet": {"path": "/healthz", "port": "gone", "scheme": "HTTPS"}}),
        json!({"tcpSocket": {"port": 8080}}),
        json!({"grpc": {"port": 8080}}),
        json!({"exec": {"command": ["true"]}}),
    ];
    dice.pick(&probes).clone()
}

/// Containers by the names of those that istiod adds.
fn own_containers(dice: &mut Dice, spec: &mut Value) {
    let proxy = |image: &str| json!({"name": "istio-proxy", "image": image});
    match dice.below(8) {
        0 => add(spec, "containers", proxy("auto")),
        1 => add(spec, "containers", proxy("mine:1")),
        2 => spec["containers"] = json!([proxy("auto")]),
        3 => add(
            spec,
            "initContainers",
            json!({"name": "istio-proxy", "image": "mine:1", "restartPolicy": "Always"}),
        ),
        4 => add(spec, "initContainers", proxy("mine:1")),
        5 => add(
            spec,
            "initContainers",
            json!({"name": "istio-init", "image": "mine:1"}),
        ),
        6 => add(
            spec,
            "containers",
            json!({"name": "istio-init", "image": "mine:1"}),
        ),
        _ => {
            let mut own = proxy("mine:1");
            own["resources"] = json!({"limits": {"cpu": "1"}});
            own["env"] = json!([{"name": "PILOT_CERT_PROVIDER", "value": "mine"}]);
            own["volumeMounts"] = json!([{"name": "istio-envoy", "mountPath": "/etc/istio/proxy"}]);
            spec["volumes"] = json!([{"name": "istio-envoy", "emptyDir": {}}]);
            add(spec, "containers", own);
        }
    }
}

/// Settings that make a pod unlike others.
fn odd(dice: &mut Dice, spec: &mut Value) {
    let settings = [
        json!({"hostPID": true}),
        json!({"hostUsers": false}),
        json!({"dnsPolicy": "Default"}),
        json!({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"]}}),
        json!({"restartPolicy": "Never"}),
        json!({"nodeName": "test"}),
        json!({"nodeName": "gone"}),
        json!({"nodeSelector": {"kubernetes.io/os": "linux"}}),
        json!({"os": {"name": "linux"}}),
        json!({"os": {"name": "windows"}}),
        json!({"os": {"name": "windows"}, "securityContext": {"runAsUser": 1}}),
        json!({"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": true}}),
        json!({"os": {"name": "windows"}, "hostPID": true}),
        json!({"os": {"name": "linux"}, "securityContext": {"windowsOptions": {"runAsUserName": "app"}}}),
        json!({"hostPID": true, "shareProcessNamespace": true}),
        json!({"hostPID": true, "hostUsers": false}),
        json!({"initContainers": [{"name": "probed", "image": "app:1", "readinessProbe": {"httpGet": {"port": 80}}}]}),
        json!({"containers": [{"name": "greedy", "image": "app:1", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}]}),
        json!({"containers": [{"name": "unheard", "image": "app:1", "readinessProbe": {"tcpSocket": {"port": 0}}}]}),
        json!({"containers": [{"name": "silent", "image": "app:1", "livenessProbe": {}}]}),
        json!({"containers": [{"name": "hooked", "image": "app:1", "lifecycle": {"preStop": {"sleep": {"seconds": 1}, "exec": {"command": ["true"]}}}}]}),
        json!({"containers": [{"name": "app", "image": "app:1"}]}),
        json!({"volumes": [{"name": "data", "emptyDir": {}}, {"name": "data", "emptyDir": {}}]}),
        json!({"automountServiceAccountToken": false}),
        json!({"shareProcessNamespace": true}),
        json!({"terminationGracePeriodSeconds": 0}),
        json!({"activeDeadlineSeconds": 60}),
        json!({"securityContext": {"runAsUser": 1337, "runAsNonRoot": true, "fsGroup": 1}}),
        json!({"securityContext": {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]}}),
        json!({"schedulingGates": [{"name": "example.com/gate"}]}),
        json!({"readinessGates": [{"conditionType": "example.com/ready"}]}),
        json!({"tolerations": [{"operator": "Exists"}]}),
        json!({"imagePullSecrets": [{"name": "registry"}]}),
        json!({"volumes": [{"name": "data", "emptyDir": {}}]}),
        json!({"volumes": [{"name": "istio-token", "emptyDir": {}}]}),
        json!({"volumes": [{"name": "istio-data", "emptyDir": {"medium": "Memory"}}]}),
        json!({"subdomain": "pods", "hostname": "one"}),
        json!({"priorityClassName": "system-node-critical"}),
    ];
    for (field, value) in dice.pick(&settings).as_object().into_iter().flatten() {
        match (spec[field].as_array_mut(), value.as_array()) {
            (Some(known), Some(more)) => known.extend(more.iter().cloned()),
            _ => spec[field] = value.clone(),
        }
    }
}
