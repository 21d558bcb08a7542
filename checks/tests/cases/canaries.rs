//! Canaries in every field of every kind: none is in the file but where a field passes as it is.

use injdoctor_checks::facts::{
    Connection, Fact, Object, Objects, Read, Resource, Snapshot, Store, for_resource,
};
use injdoctor_checks::facts::{Kind, Manifest, Subject, Target, Workload};
use injdoctor_checks::redaction::{Keep, fields, redact};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::assert_none;
use crate::fill::{filled, places};

const CANARY: &str = "CANARY";

/// What nothing is written of where no istiod has it.
const DROPPED: [Resource; 2] = [Resource::ClusterRole, Resource::ClusterRoleBinding];

fn snapshot(reads: Store) -> Snapshot {
    Snapshot {
        api_version: Snapshot::API_VERSION.to_owned(),
        kind: Snapshot::KIND.to_owned(),
        recorded_at: Timestamp::UNIX_EPOCH,
        connection: Connection::default(),
        server_version: Fact::NotAsked,
        subjects: Vec::new(),
        reads,
    }
}

/// What is written of an object.
fn written(resource: Resource, objects: Objects, others: &[Resource], text: &str) -> Value {
    let mut reads = Store::default();
    for other in others {
        let objects = for_resource!(*other, filled_objects(text));
        reads.insert(Read::list(*other, Some("other")), Fact::Got(objects));
    }
    let read = Read::list(resource, None);
    reads.insert(read.clone(), Fact::Got(objects));
    let mut snapshot = snapshot(reads);
    // Of events only those pass whose namespace somebody asked about.
    for namespace in [text, "a"] {
        let target = Target {
            kind: Kind::Pod,
            namespace: namespace.to_owned(),
            name: "x".to_owned(),
        };
        let manifest = None;
        snapshot.subjects.push(Subject { target, manifest });
    }
    let (snapshot, _) = redact(snapshot).unwrap();
    let objects = snapshot.reads.of(&read).got().cloned();
    let written = serde_json::to_value(objects.unwrap()).unwrap();
    let is_left_out = written.as_array().is_some_and(Vec::is_empty);
    assert_eq!(
        is_left_out,
        DROPPED.contains(&resource),
        "{}",
        resource.kind()
    );
    written
}

fn filled_objects<T: Object>(text: &str) -> Objects {
    T::objects(vec![filled(text)])
}

/// What people write that holds a secret.
const FORMS: [&str; 6] = [
    "CANARY",
    "DB_PASSWORD=CANARY",
    "run --token CANARY1 now",
    "Authorization: Bearer CANARY",
    "https://user:CANARY@host/hook?token=CANARY",
    "user:CANARY@registry/image:1",
];

#[test]
fn no_field_passes_that_is_not_on_the_list() {
    let mut complaints = Vec::new();
    // The second time there are matchConditions, which may ask for the shape of a pod.
    for others in [&[][..], &[Resource::MutatingWebhookConfiguration]] {
        for resource in Resource::ALL {
            for form in FORMS {
                let objects = for_resource!(resource, filled_objects(form));
                let written = written(resource, objects, others, form);
                let allowed = allowed(resource, form, !others.is_empty());
                let found = places(&written, CANARY);
                let unexpected = found.into_iter().filter(|place| !allowed(place));
                complaints
                    .extend(unexpected.map(|place| format!("{} {place}: {form}", resource.kind())));
            }
        }
    }
    assert_none(&complaints);
}

/// Whether a place may have a canary of this form.
fn allowed(resource: Resource, form: &'static str, is_asked: bool) -> impl Fn(&String) -> bool {
    let is_asked = is_asked || resource == Resource::MutatingWebhookConfiguration;
    let passing = fields(resource)
        .into_iter()
        .filter_map(move |(path, keep, _)| match keep {
            Keep::Whole => Some(path),
            Keep::IfAsked if is_asked => Some(path),
            // The names of variables are no secrets.
            Keep::Environment if is_asked => Some(format!("{path}.name")),
            // Certificates are public, and nothing else can be there.
            Keep::Certificates => Some(path),
            // A text without anything that looks like a secret passes.
            Keep::Text | Keep::Image | Keep::Url if form == CANARY => Some(path),
            _ => None,
        });
    let passing: Vec<_> = passing.collect();
    move |place| {
        passing
            .iter()
            .any(|path| place == path || place.starts_with(&format!("{path}.")))
    }
}

#[test]
fn every_field_that_passes_says_why() {
    for resource in Resource::ALL {
        let lines = fields(resource);
        assert!(!lines.is_empty(), "{}", resource.kind());
        let silent = lines.iter().find(|(_, _, why)| why.is_empty());
        assert_eq!(silent, None, "{}", resource.kind());
    }
}

#[test]
fn a_list_of_metadata_and_a_manifest_are_redacted_as_well() {
    for form in FORMS.into_iter().skip(1) {
        let read = Read::list(Resource::Pod, None).metadata();
        let mut reads = Store::default();
        reads.insert(read, Fact::Got(Objects::Metadata(vec![filled(form)])));
        let object: Workload = filled(form);
        let target = Target {
            kind: Kind::Pod,
            namespace: "shop".to_owned(),
            name: "x".to_owned(),
        };
        let manifest = Some(Manifest {
            file: "f".to_owned(),
            object,
        });
        let mut snapshot = snapshot(reads);
        snapshot.subjects.push(Subject { target, manifest });
        let (written, _) = redact(snapshot).unwrap();
        let written = serde_json::to_value(written).unwrap();
        let found: Vec<_> = places(&written, CANARY).into_iter().collect();
        let allowed = [
            "metadata.name",
            "metadata.generateName",
            "metadata.namespace",
            "metadata.uid",
            ".apiVersion",
            ".kind",
            ".name",
            ".uid",
            ".generateName",
            ".namespace",
            ".nodeName",
            ".type",
            ".status",
            ".reason",
            ".protocol",
            ".port",
            ".cpu",
            ".memory",
            ".templatePath",
            ".dnsPolicy",
            ".sysctls.value",
            ".serviceAccountName",
            ".resourceVersion",
            ".restartPolicy",
            ".medium",
        ];
        let unexpected = found
            .iter()
            .find(|place| !allowed.iter().any(|one| place.ends_with(one)));
        assert_eq!(unexpected, None, "{form}: {found:#?}");
    }
}

/// What the parts of a value are that pass.
#[test]
fn of_a_value_nothing_passes_but_what_is_needed() {
    let container = json!({
        "name": "discovery",
        "image": "user:CANARY@registry:5000/istio/pilot:1.31.0",
        "command": ["sh", "-c", "mysql -pCANARY"],
        "args": ["discovery", "--password=CANARY", "--httpsAddr", ":15017", "--token", "CANARY", "/CANARY/cluster-autoscaler"],
        "env": [
            {"name": "REVISION", "value": "default"},
            {"name": "DB_PASSWORD", "value": "CANARY"},
            {"name": "HTTPS_PROXY", "value": "http://user:CANARY@proxy:3128/CANARY?x=CANARY"},
            {"name": "NO_PROXY", "value": ".svc,user:CANARY@host"},
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "CANARY", "key": "CANARY"}}},
        ],
        "livenessProbe": {"httpGet": {"path": "/CANARY", "port": 1, "httpHeaders": [{"name": "A", "value": "CANARY"}]}},
        "lifecycle": {"preStop": {"exec": {"command": ["CANARY"]}}},
    });
    let annotations = json!({
        "kubectl.kubernetes.io/last-applied-configuration": "CANARY",
        "vault.hashicorp.com/agent-inject-template-x": "CANARY",
        "sidecar.istio.io/bootstrapOverride": "CANARY",
        "sidecar.istio.io/proxyImage": "user:CANARY@registry/proxyv2:1",
        "sidecar.istio.io/userVolume": r#"{"v":{"csi":{"driver":"d","volumeAttributes":{"password":"CANARY"}}}}"#,
        "sidecar.istio.io/userVolumeMount": r#"{"v":{"mountPath":"/CANARY"}}"#,
        "proxy.istio.io/overrides": r#"{"containers":[{"name":"istio-proxy","env":[{"name":"A","value":"CANARY"}]}]}"#,
        "sidecar.istio.io/status": r#"{"revision":"default","volumes":["v"],"other":"CANARY"}"#,
        "proxy.istio.io/config":
            "interceptionMode: TPROXY\nproxyMetadata:\n  TOKEN: CANARY\ntracing:\n  lightstep: {address: 'a:1', accessToken: CANARY}\n",
    });
    let spec = json!({
        "containers": [container],
        "volumes": [
            {"name": "v", "csi": {"driver": "d", "volumeAttributes": {"password": "CANARY"}}},
            {"name": "w", "flexVolume": {"driver": "d", "options": {"password": "CANARY"}}},
            {"name": "x", "hostPath": {"path": "/CANARY"}},
            {"name": "y", "nfs": {"server": "s", "path": "/CANARY"}},
        ],
    });
    let template = "- name: istio-proxy\n  env:\n  - name: A\n    value: CANARY\n  image: {{ .Image }}\n# CANARY\n";
    let config = format!(
        "policy: enabled # token=CANARY\n# CANARY\nother: CANARY\ninjectedAnnotations: {{a: CANARY}}\ntemplates:\n  sidecar: |\n{}  \
         unused: \"CANARY\"\n",
        template
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    );
    let metadata = json!({
        "name": "x", "namespace": "a", "uid": "u", "annotations": annotations,
        "labels": {"istio.io/rev": "default", "token": "CANARY"},
    });
    let objects = [
        (
            Resource::Pod,
            json!({
                "metadata": metadata, "spec": spec,
                "status": {"containerStatuses": [{"name": "discovery", "ready": false, "restartCount": 1, "image": "i", "imageID": "",
                    "state": {"waiting": {"reason": "x", "message": "pull user:CANARY@registry/image"}},
                    "lastState": {"terminated": {"exitCode": 1, "message": "CANARY"}}}]},
            }),
        ),
        (
            Resource::Deployment,
            json!({
                "metadata": metadata,
                "spec": {"selector": {}, "template": {"metadata": {"annotations": annotations}, "spec": spec}},
                "status": {"conditions": [{"type": "a", "status": "True", "message": "quota: API_KEY=CANARY exceeded"}]},
            }),
        ),
        (
            Resource::Event,
            json!({
                "metadata": metadata, "involvedObject": {"namespace": "a", "uid": "u"},
                "message": "exec failed: DB_PASSWORD=CANARY with Bearer CANARY at https://u:CANARY@h/x",
                "source": {"host": "CANARY"},
            }),
        ),
        (
            Resource::MutatingWebhookConfiguration,
            json!({
                "metadata": metadata,
                "webhooks": [
                    {"name": "a.b", "admissionReviewVersions": [], "sideEffects": "None",
                     "clientConfig": {"url": "https://u:CANARY@host/hook/CANARY?token=CANARY"}},
                    {"name": "b.b", "admissionReviewVersions": [], "sideEffects": "None",
                     "clientConfig": {"service": {"name": "s", "namespace": "n", "path": "/hook/CANARY"}}},
                ],
            }),
        ),
        (
            Resource::EndpointSlice,
            json!({"metadata": metadata, "addressType": "IPv4", "endpoints": []}),
        ),
        (
            Resource::ConfigMap,
            json!({
                "metadata": {"name": "istio-sidecar-injector", "namespace": "a"},
                "data": {
                    "config": config,
                    "values": r#"{"global":{"tag":"1.31.0","proxy":{"env":{"A":"CANARY"}}},"token":"CANARY"}"#,
                    "mesh": "accessLogFile: CANARY\ndefaultConfig:\n  proxyMetadata: {A: CANARY}\n  statusPort: 15020\n",
                    "other": "CANARY",
                },
            }),
        ),
    ];
    for (resource, object) in objects {
        fn read<T: Object>(object: &Value) -> Objects {
            T::objects(vec![serde_json::from_value(object.clone()).unwrap()])
        }
        let objects = for_resource!(resource, read(&object));
        let written = written(resource, objects, &[], CANARY);
        let found = places(&written, CANARY);
        assert!(
            found.is_empty(),
            "{}: {found:?}\n{written:#}",
            resource.kind()
        );
    }
}
