//! From a world, which is laid out for people who write cases, to the reads that bring it.
//!
//! A world has the mesh by what it is (`cluster`), and one subject with its object, owners,
//! ReplicaSets, pods and events. Here they get what ties them together in a cluster: uids,
//! ownerReferences and selectors.

use injdoctor_checks::facts::kinds::{
    ClusterRole, ClusterRoleBinding, ConfigMap, DaemonSet, Deployment, EndpointSlice, Event, Job,
    Lease, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration,
    Namespace, NetworkPolicy, Node, Pod, ReplicaSet, Service, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
};
use injdoctor_checks::facts::{
    Connection, Fact, Kind, Log, LogOf, Manifest, Object, Objects, Read, Resource, Rollout,
    Snapshot, Store, Subject, Target, Workload, ownership,
};
use injdoctor_checks::for_workload;
use injdoctor_checks::texts::{begins, telling_lines};
use injdoctor_checks::way::{api_servers, autoscaler_lease, endpoint_slices_of, tunnel_reads};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

/// The selector of everything that makes pods.
const SELECTOR: (&str, &str) = ("app", "reviews");
const UID: &str = "the-top";

/// The snapshot that a world is.
pub fn snapshot(world: &Value) -> Snapshot {
    let cluster = &world["cluster"];
    let mut store = Store::default();
    put_cluster(&mut store, cluster);
    let subjects = world["subjects"].as_array().expect("a world has subjects");
    let subjects = subjects
        .iter()
        .map(|subject| put_subject(&mut store, subject));
    Snapshot {
        api_version: Snapshot::API_VERSION.to_owned(),
        kind: Snapshot::KIND.to_owned(),
        recorded_at: read_as(&world["recordedAt"]),
        connection: Connection::deserialize(&world["connection"]).expect("a connection"),
        server_version: match brought(&cluster["serverVersion"]) {
            Brought::Got(version) => Fact::Got(read_as(version)),
            other => other.fact(&Read::list(Resource::Node, None)),
        },
        subjects: subjects.collect(),
        reads: store,
    }
}

fn read_as<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// What a read brought, in a world.
enum Brought<'a> {
    Got(&'a Value),
    Absent,
    Refused(&'a str),
    Failed(&'a str),
    NotAsked,
}

fn brought(fact: &Value) -> Brought<'_> {
    fn reason(unread: &Value) -> &str {
        unread["reason"].as_str().unwrap_or_default()
    }
    match fact {
        Value::Object(fields) => match fields.iter().next() {
            Some((word, value)) if word == "got" => Brought::Got(value),
            Some((word, unread)) if word == "refused" => Brought::Refused(reason(unread)),
            Some((word, unread)) if word == "failed" => Brought::Failed(reason(unread)),
            _ => panic!("no fact: {fact}"),
        },
        Value::String(word) if word == "absent" => Brought::Absent,
        _ => Brought::NotAsked,
    }
}

impl Brought<'_> {
    /// The same for a read, where it brought nothing.
    fn fact<T>(&self, read: &Read) -> Fact<T> {
        match self {
            Self::Got(_) | Self::NotAsked => Fact::NotAsked,
            Self::Absent => Fact::Absent,
            Self::Refused(reason) => Fact::Refused(read.unread(*reason)),
            Self::Failed(reason) => Fact::Failed(read.unread(*reason)),
        }
    }
}

fn put(store: &mut Store, read: Read, fact: &Value, objects: impl FnOnce(&Value) -> Objects) {
    let fact = match brought(fact) {
        Brought::Got(value) => Fact::Got(objects(value)),
        other => other.fact(&read),
    };
    if fact != Fact::NotAsked {
        store.insert(read, fact);
    }
}

fn one<T: Object>(value: &Value) -> Objects {
    T::objects(vec![read_as(value)])
}

fn many<T: Object>(value: &Value) -> Objects {
    T::objects(read_as(value))
}

fn put_cluster(store: &mut Store, cluster: &Value) {
    for (name, fact) in fields(&cluster["namespaces"]) {
        put(
            store,
            Read::get(Resource::Namespace, None, name),
            fact,
            one::<Namespace>,
        );
    }
    let webhooks = Read::list(Resource::MutatingWebhookConfiguration, None);
    put(
        store,
        webhooks,
        &cluster["webhooks"],
        many::<MutatingWebhookConfiguration>,
    );
    put_policies(store, cluster);
    for (key, fact) in fields(&cluster["services"]) {
        let (namespace, name) = split(key);
        put(
            store,
            Read::get(Resource::Service, Some(namespace), name),
            fact,
            one::<Service>,
        );
    }
    for (key, fact) in fields(&cluster["endpointSlices"]) {
        let (namespace, name) = split(key);
        put(
            store,
            endpoint_slices_of(namespace, name),
            fact,
            many::<EndpointSlice>,
        );
    }
    for (key, fact) in fields(&cluster["configMaps"]) {
        let (namespace, name) = split(key);
        put(
            store,
            Read::get(Resource::ConfigMap, Some(namespace), name),
            fact,
            one::<ConfigMap>,
        );
    }
    for (namespace, fact) in fields(&cluster["pods"]) {
        put(
            store,
            Read::list(Resource::Pod, Some(namespace)),
            fact,
            many::<Pod>,
        );
    }
    for (namespace, fact) in fields(&cluster["deployments"]) {
        put(
            store,
            Read::list(Resource::Deployment, Some(namespace)),
            fact,
            many::<Deployment>,
        );
    }
    for (namespace, fact) in fields(&cluster["networkPolicies"]) {
        put(
            store,
            Read::list(Resource::NetworkPolicy, Some(namespace)),
            fact,
            many::<NetworkPolicy>,
        );
    }
    put(store, api_servers(), &cluster["apiServers"], many::<Pod>);
    let [deployment, daemon_set] = tunnel_reads();
    let agents = &cluster["tunnelAgents"];
    put(store, deployment, &agents["deployment"], one::<Deployment>);
    put(store, daemon_set, &agents["daemonSet"], one::<DaemonSet>);
    put_autoscaler(store, &cluster["autoscaler"]);
    let nodes = |versions: &Value| {
        let nodes = fields(versions).map(|(name, version)| {
            let info = json!({
                "architecture": "", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
                "kubeProxyVersion": "", "kubeletVersion": version, "machineID": "",
                "operatingSystem": "", "osImage": "", "systemUUID": "",
            });
            read_as(&json!({ "metadata": { "name": name }, "status": { "allocatable": { "cpu": "8", "memory": "32Gi" }, "nodeInfo": info } }))
        });
        Node::objects(nodes.collect())
    };
    put(
        store,
        Read::list(Resource::Node, None),
        &cluster["kubeletVersions"],
        nodes,
    );
}

/// The Lease of the autoscaler, and the pod that it names.
fn put_autoscaler(store: &mut Store, autoscaler: &Value) {
    let lease = &autoscaler["lease"];
    put(store, autoscaler_lease(), lease, one::<Lease>);
    if let Brought::Got(lease) = brought(lease) {
        let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default();
        let pod = Read::get(Resource::Pod, Some("kube-system"), holder);
        put(store, pod, &autoscaler["pod"], one::<Pod>);
    }
}

/// Who else has a say about pods.
fn put_policies(store: &mut Store, cluster: &Value) {
    type Everywhere = (&'static str, fn(&Value) -> Objects, Resource);
    let everywhere: [Everywhere; 7] = [
        ("clusterRoles", many::<ClusterRole>, Resource::ClusterRole),
        (
            "clusterRoleBindings",
            many::<ClusterRoleBinding>,
            Resource::ClusterRoleBinding,
        ),
        (
            "validatingWebhooks",
            many::<ValidatingWebhookConfiguration>,
            Resource::ValidatingWebhookConfiguration,
        ),
        (
            "validatingPolicies",
            many::<ValidatingAdmissionPolicy>,
            Resource::ValidatingAdmissionPolicy,
        ),
        (
            "validatingPolicyBindings",
            many::<ValidatingAdmissionPolicyBinding>,
            Resource::ValidatingAdmissionPolicyBinding,
        ),
        (
            "mutatingPolicies",
            many::<MutatingAdmissionPolicy>,
            Resource::MutatingAdmissionPolicy,
        ),
        (
            "mutatingPolicyBindings",
            many::<MutatingAdmissionPolicyBinding>,
            Resource::MutatingAdmissionPolicyBinding,
        ),
    ];
    for (place, objects, resource) in everywhere {
        put(store, Read::list(resource, None), &cluster[place], objects);
    }
    for (place, resource) in [
        ("quotas", Resource::ResourceQuota),
        ("limitRanges", Resource::LimitRange),
    ] {
        for (namespace, fact) in fields(&cluster[place]) {
            let read = Read::list(resource, Some(namespace)).metadata();
            put(store, read, fact, |all| Objects::Metadata(read_as(all)));
        }
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn split(key: &str) -> (&str, &str) {
    key.split_once('/').expect("a key is NAMESPACE/NAME")
}

fn put_subject(store: &mut Store, subject: &Value) -> Subject {
    let target: Target = read_as(&subject["target"]);
    if let (Some(file), Brought::Got(object)) =
        (subject["manifest"].as_str(), brought(&subject["object"]))
    {
        return Subject {
            target,
            manifest: Some(Manifest {
                file: file.to_owned(),
                object: read_as(object),
            }),
        };
    }
    if target.kind == Kind::MutatingWebhookConfiguration {
        list_namespaces(store);
        put_events(store, None, subject);
    } else {
        put_family(store, &target, subject);
    }
    Subject {
        target,
        manifest: None,
    }
}

/// `injdoctor webhook` lists the namespaces.
fn list_namespaces(store: &mut Store) {
    let mut all = Vec::new();
    let mut unread = None;
    for (_, fact) in store.reads_of(Resource::Namespace) {
        match fact {
            Fact::Got(objects) => {
                all.extend(Namespace::among(objects).unwrap_or_default().to_vec())
            }
            Fact::Refused(_) | Fact::Failed(_) => unread = Some(fact.clone()),
            Fact::Absent | Fact::NotAsked => {}
        }
    }
    let list = unread.unwrap_or(Fact::Got(Objects::Namespace(all)));
    store.insert(Read::list(Resource::Namespace, None), list);
}

fn put_family(store: &mut Store, target: &Target, subject: &Value) {
    let namespace = target.namespace.as_str();
    let no_owners = Vec::new();
    let owners = subject["owners"].as_array().unwrap_or(&no_owners);
    let mut chain: Vec<(Kind, String, &Value)> =
        vec![(target.kind, target.name.clone(), &subject["object"])];
    for (at, owner) in owners.iter().enumerate() {
        let (kind, name) = match brought(owner) {
            Brought::Got(object) => (read_as(&object["kind"]), name_of(object)),
            _ => (Kind::Deployment, format!("owner-{at}")),
        };
        chain.push((kind, name, owner));
    }
    let uid = |at: usize| match at + 1 == chain.len() {
        true => UID.to_owned(),
        false => format!("member-{at}"),
    };
    for (at, (kind, name, fact)) in chain.iter().enumerate() {
        let read = Read::get(kind.resource(), Some(namespace), name);
        let owner = chain.get(at + 1);
        let owner = owner.map(|(kind, name, _)| reference(*kind, name, &uid(at + 1)));
        put(store, read, fact, |object| {
            let object = tied(object, namespace, &uid(at), owner);
            let mut object = api_object(*kind, &object);
            if let (Kind::Pod, Brought::Got(pods)) = (kind, brought(&subject["pods"])) {
                // It is the pod that the world shows.
                let shown = fields(&pods[0]["metadata"]["annotations"]);
                let annotations = &mut object["metadata"]["annotations"];
                shown.for_each(|(name, value)| annotations[name] = value.clone());
                object["status"] = pods[0]["status"].clone();
            }
            for_workload!(kind, one(&object), panic!("a webhook has no owners"))
        });
    }
    let top = chain.last().map_or(target.kind, |(kind, ..)| *kind);
    put_below(store, namespace, top, subject);
}

fn put_below(store: &mut Store, namespace: &str, top: Kind, subject: &Value) {
    let selected = |resource| {
        let list = Read::list(resource, Some(namespace));
        list.labelled(format!("{}={}", SELECTOR.0, SELECTOR.1))
    };
    let everything = |resource| Read::list(resource, Some(namespace));
    let middle = match top {
        Kind::Deployment => Kind::ReplicaSet,
        Kind::CronJob => Kind::Job,
        _ => top,
    };
    let (middle_uid, pods) = match top {
        Kind::Deployment => {
            put(
                store,
                selected(Resource::ReplicaSet),
                &subject["replicaSets"],
                |sets| {
                    let mut sets = sets.as_array().cloned().unwrap_or_default();
                    if sets.is_empty() {
                        sets.push(json!({ "kind": "ReplicaSet", "metadata": { "name": "made" } }));
                    }
                    let owner = reference(top, "top", UID);
                    let sets = sets.iter().enumerate().map(|(at, set)| {
                        let uid = format!("middle-{at}");
                        let set = tied(set, namespace, &uid, Some(owner.clone()));
                        read_as(&api_object(Kind::ReplicaSet, &set))
                    });
                    ReplicaSet::objects(sets.collect())
                },
            );
            ("middle-0", selected(Resource::Pod))
        }
        Kind::CronJob => {
            let job = match &subject["job"] {
                Value::Null => json!({ "metadata": { "name": "made" } }),
                job => job.clone(),
            };
            let job = tied(
                &job,
                namespace,
                "middle-0",
                Some(reference(top, "top", UID)),
            );
            let jobs = Fact::Got(Job::objects(vec![read_as(&job)]));
            store.insert(everything(Resource::Job), jobs);
            let label = "batch.kubernetes.io/controller-uid";
            ("middle-0", everything(Resource::Pod).labelled(label))
        }
        _ => (UID, selected(Resource::Pod)),
    };
    put(store, pods, &subject["pods"], |pods| {
        let pods = pods.as_array().cloned().unwrap_or_default();
        let owner = reference(middle, "middle", middle_uid);
        let pods = pods.iter().enumerate().map(|(at, pod)| {
            read_as(&tied(
                pod,
                namespace,
                &format!("pod-{at}"),
                Some(owner.clone()),
            ))
        });
        Pod::objects(pods.collect())
    });
    put_events(store, Some(namespace), subject);
    for (key, fact) in fields(&subject["logs"]) {
        let (pod, log) = log_of(key);
        let namespace = match log.about {
            Some(_) => "istio-system",
            None => namespace,
        };
        put_log(store, Read::log(namespace, pod, log), fact);
    }
}

fn put_log(store: &mut Store, read: Read, fact: &Value) {
    let about = read.log.as_ref().and_then(|log| log.about.clone());
    let metadata = read_as(&json!({ "namespace": read.namespace, "name": read.name }));
    put(store, read, fact, |lines| {
        let lines: Vec<String> = read_as(lines);
        let text = lines.join("\n");
        Log::objects(vec![Log {
            metadata,
            since: begins(&text),
            lines: telling_lines(&text, about.as_deref()),
        }])
    });
}

/// What `POD/CONTAINER` or `POD/CONTAINER/previous` stands for, or `POD/CONTAINER@TEXT` for the lines with a text of
/// istiod's.
fn log_of(key: &str) -> (&str, LogOf) {
    let (key, about) = match key.split_once('@') {
        Some((key, about)) => (key, Some(about.to_owned())),
        None => (key, None),
    };
    let (pod, container) = split(key);
    let (container, previous) = match container.strip_suffix("/previous") {
        Some(container) => (container, true),
        None => (container, false),
    };
    let container = container.to_owned();
    let log = LogOf {
        container,
        previous,
        about,
    };
    (pod, log)
}

fn put_events(store: &mut Store, namespace: Option<&str>, subject: &Value) {
    let read = ownership::events_read(namespace);
    let pods = match brought(&subject["pods"]) {
        Brought::Got(pods) => pods.as_array().cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    put(store, read, &subject["events"], |events| {
        let events = events.as_array().cloned().unwrap_or_default();
        let events = events.into_iter().map(|mut event| {
            let about = &mut event["involvedObject"];
            let pod = pods
                .iter()
                .position(|pod| pod["metadata"]["name"] == about["name"]);
            about["uid"] = match pod {
                _ if about["uid"].is_string() => about["uid"].take(),
                Some(at) if about["kind"] == "Pod" => json!(format!("pod-{at}")),
                _ => json!(UID),
            };
            read_as(&event)
        });
        Event::objects(events.collect())
    });
}

fn name_of(object: &Value) -> String {
    let name = object.pointer("/metadata/name").and_then(Value::as_str);
    name.unwrap_or_default().to_owned()
}

fn reference(kind: Kind, name: &str, uid: &str) -> Value {
    let version = match kind.group() {
        "" => "v1".to_owned(),
        group => format!("{group}/v1"),
    };
    json!({ "apiVersion": version, "kind": kind.name(), "name": name, "uid": uid, "controller": true })
}

/// An object with its namespace, its uid and its controller.
fn tied(object: &Value, namespace: &str, uid: &str, owner: Option<Value>) -> Value {
    let mut object = object.clone();
    let metadata = &mut object["metadata"];
    metadata["namespace"] = json!(namespace);
    metadata["uid"] = json!(uid);
    if let Some(owner) = owner {
        metadata["ownerReferences"] = json!([owner]);
    }
    object
}

/// What a workload of a world is in Kubernetes' API.
fn api_object(kind: Kind, workload: &Value) -> Value {
    let mut workload: Workload = {
        let mut value = workload.clone();
        value["kind"] = json!(kind);
        if value.get("template").is_none() {
            value["template"] = json!({});
        }
        read_as(&value)
    };
    let template = json!(std::mem::take(&mut workload.template));
    let selector = json!({ "matchLabels": { SELECTOR.0: SELECTOR.1 } });
    let metadata = json!(workload.metadata);
    let mut status = json!({ "conditions": workload.conditions });
    let mut spec = Map::new();
    match kind {
        Kind::Pod => {
            let mut metadata = metadata;
            for field in ["labels", "annotations"] {
                for (name, value) in fields(&template["metadata"][field]) {
                    metadata[field][name] = value.clone();
                }
            }
            return json!({ "metadata": metadata, "spec": template["spec"] });
        }
        Kind::CronJob => {
            spec.insert("schedule".to_owned(), json!("* * * * *"));
            spec.insert(
                "jobTemplate".to_owned(),
                json!({ "spec": { "template": template } }),
            );
            return json!({ "metadata": metadata, "spec": spec });
        }
        Kind::Job => {
            spec.insert("parallelism".to_owned(), json!(workload.replicas));
        }
        Kind::DaemonSet => {
            status = json!({
                "desiredNumberScheduled": workload.replicas.unwrap_or_default(),
                "currentNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
                "conditions": workload.conditions,
            });
        }
        _ => {
            spec.insert("replicas".to_owned(), json!(workload.replicas));
        }
    }
    match workload.rollout {
        Rollout::Automatic => {}
        Rollout::Paused => drop(spec.insert("paused".to_owned(), json!(true))),
        Rollout::OnDelete => {
            drop(spec.insert("updateStrategy".to_owned(), json!({ "type": "OnDelete" })));
        }
    }
    spec.insert("selector".to_owned(), selector);
    spec.insert("template".to_owned(), template);
    let readiness = workload.readiness;
    if let (Kind::Job, Some(all)) = (kind, readiness) {
        let is_failed = workload.conditions.iter().any(|one| one.type_ == "Failed");
        let pods = if is_failed { "failed" } else { "active" };
        status[pods] = json!(all.pods);
        status["ready"] = json!(all.ready);
    } else if readiness.is_some() || matches!(kind, Kind::StatefulSet | Kind::ReplicaSet) {
        status["replicas"] = json!(readiness.map_or(0, |all| all.pods));
        status["readyReplicas"] = json!(readiness.map(|all| all.ready));
    }
    json!({ "metadata": metadata, "spec": spec, "status": status })
}

/// The same snapshot as a sweep over everything brings it: a list of each kind, and no object by its
/// name.
pub fn swept(mut snapshot: Snapshot) -> Snapshot {
    fn list<T: Object>(store: &mut Store, swept: &mut Store) {
        let mut all: Vec<T> = Vec::new();
        let mut unread = None;
        for (read, fact) in store.reads_of(T::RESOURCE) {
            // What stands beside istiod is read for the mesh, swept or not.
            let is_of_mesh =
                read.name.is_none() && (read.labels.is_none() || *read == api_servers());
            match fact {
                _ if is_of_autoscaler(read) => {}
                _ if is_of_mesh => swept.insert(read.clone(), fact.clone()),
                Fact::Got(objects) => all.extend(T::among(objects).unwrap_or_default().to_vec()),
                Fact::Absent | Fact::NotAsked => {}
                fact => unread = Some(fact.clone()),
            }
        }
        let read = Read::list(T::RESOURCE, None);
        swept.insert(read, unread.unwrap_or(Fact::Got(T::objects(all))));
    }
    let mut swept = Store::default();
    for kind in Kind::WORKLOADS {
        for_workload!(kind, list(&mut snapshot.reads, &mut swept), ());
    }
    for (read, fact) in snapshot.reads.reads() {
        if !read.resource.is_workload() && !is_of_autoscaler(read) {
            swept.insert(read.clone(), fact.clone());
        }
    }
    snapshot.reads = swept;
    snapshot
}

/// Whether a sweep leaves a read out: that of the autoscaler's Lease, or of the pod that it names.
fn is_of_autoscaler(read: &Read) -> bool {
    let lease = autoscaler_lease();
    let is_pod = read.resource == Resource::Pod && read.name.is_some();
    *read == lease || is_pod && read.namespace == lease.namespace
}
