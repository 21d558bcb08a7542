//! Questions put to a fake API server.

use super::*;
use crate::cluster::fake::{Fake, owned, status};
use crate::target::{self, Wanted};
use injdoctor_checks::facts::kinds::{EndpointSlice, Namespace, Pod, Service};
use injdoctor_checks::way::{api_servers, endpoint_slices_of};
use serde_json::{Value, json};

const NAMESPACE: (&str, &str) = ("/api/v1/namespaces/shop", "shop");

fn namespace(labels: Value) -> (&'static str, Value) {
    (
        NAMESPACE.0,
        json!({"metadata": {"name": NAMESPACE.1, "labels": labels}}),
    )
}

fn question(words: &str) -> Question {
    let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
    target::question(
        target::parse(&words).unwrap(),
        Some("shop".to_owned()),
        None,
    )
    .unwrap()
}

fn everywhere(kinds: Vec<Kind>) -> Question {
    target::question(kinds.into_iter().map(Wanted::All).collect(), None, None).unwrap()
}

async fn ask(fake: &Fake, question: &Question) -> Result<Snapshot, String> {
    collect(&fake.link, question)
        .await
        .map_err(|error| error.to_string())
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot
        .subjects
        .iter()
        .map(|subject| subject.target.to_string())
        .collect()
}

/// What belongs to a subject.
struct Family {
    object: Fact<()>,
    owners: Vec<Fact<()>>,
    replica_sets: Fact<usize>,
    pods: Fact<Vec<String>>,
    events: Fact<usize>,
}

impl Family {
    fn of(snapshot: &Snapshot, name: &str) -> Self {
        let mut subjects = snapshot.subjects.iter();
        let subject = subjects.find(|subject| subject.target.name == name);
        let target = &subject.unwrap().target;
        let index = Index::new(&snapshot.reads);
        let chain = ownership::chain(&index, target);
        let mut family = Self {
            object: chain.object.clone().map(|_| ()),
            owners: chain
                .owners
                .iter()
                .map(|one| one.clone().map(|_| ()))
                .collect(),
            replica_sets: Fact::NotAsked,
            pods: Fact::NotAsked,
            events: ownership::events(&index, target, &chain).map(|all| all.len()),
        };
        if let Some(top) = &chain.top {
            let sets = ownership::replica_sets(&index, &target.namespace, top);
            family.replica_sets = sets.map(|all| all.len());
            family.pods = ownership::pods(&index, target, top).map(|pods| {
                let names = pods.into_iter().filter_map(|pod| pod.name.clone());
                names.collect()
            });
        }
        family
    }

    fn pods(&self) -> Vec<&str> {
        let pods = self.pods.got().into_iter().flatten();
        pods.map(String::as_str).collect()
    }
}

/// A Deployment with two ReplicaSets, one of which has a pod, and another Deployment's beside it.
fn family() -> Vec<(&'static str, Value)> {
    let web = owned("ReplicaSet", "web-1", Some(("Deployment", "web")));
    let old = owned("ReplicaSet", "web-0", Some(("Deployment", "web")));
    let other = owned("ReplicaSet", "other-1", Some(("Deployment", "other")));
    let pod = owned("Pod", "web-1-a", Some(("ReplicaSet", "web-1")));
    let stranger = owned("Pod", "other-1-a", Some(("ReplicaSet", "other-1")));
    let event = json!({"metadata": {"name": "e"}, "involvedObject": {"uid": "ReplicaSet/web-1"}, "type": "Warning"});
    let unrelated = json!({"metadata": {"name": "u"}, "involvedObject": {"uid": "ReplicaSet/other-1"}, "type": "Warning"});
    vec![
        namespace(json!({})),
        (
            "/apis/apps/v1/namespaces/shop/deployments/web",
            owned("Deployment", "web", None),
        ),
        (
            "/apis/apps/v1/namespaces/shop/replicasets/web-1",
            web.clone(),
        ),
        (
            "/apis/apps/v1/namespaces/shop/replicasets",
            json!([web, old, other]),
        ),
        ("/api/v1/namespaces/shop/pods/web-1-a", pod.clone()),
        ("/api/v1/namespaces/shop/pods", json!([pod, stranger])),
        ("/api/v1/namespaces/shop/events", json!([event, unrelated])),
    ]
}

#[tokio::test]
async fn a_pod_leads_to_its_deployment_and_both_to_the_same_family() {
    let fake = Fake::with_objects(family());
    for (words, owners) in [("deploy/web", 0), ("rs/web-1", 1), ("web-1-a", 2)] {
        let snapshot = ask(&fake, &question(words)).await.unwrap();
        let [subject] = &snapshot.subjects[..] else {
            panic!("{words}: {:?}", names(&snapshot));
        };
        let family = Family::of(&snapshot, &subject.target.name);
        assert_eq!(family.owners, vec![Fact::Got(()); owners], "{words}");
        assert_eq!(family.pods(), ["web-1-a"], "{words}");
        assert_eq!(family.replica_sets, Fact::Got(2), "{words}");
        assert_eq!(family.events, Fact::Got(1), "{words}");
    }
    let asked = fake.asked.lock().unwrap();
    assert!(
        asked
            .iter()
            .any(|path| path.contains("pods?&labelSelector=app%3Dweb-1&")),
        "{asked:#?}"
    );
    assert!(
        asked
            .iter()
            .any(|path| path.contains("fieldSelector=type%3DWarning")),
        "{asked:#?}"
    );
}

#[tokio::test]
async fn a_cronjob_leads_to_the_pods_of_its_jobs() {
    let fake = Fake::with_objects(vec![
        (
            "/apis/batch/v1/namespaces/shop/cronjobs/tick",
            owned("CronJob", "tick", None),
        ),
        (
            "/apis/batch/v1/namespaces/shop/jobs",
            json!([
                owned("Job", "tick-1", Some(("CronJob", "tick"))),
                owned("Job", "alone", None)
            ]),
        ),
        (
            "/api/v1/namespaces/shop/pods",
            json!([
                owned("Pod", "a", Some(("Job", "tick-1"))),
                owned("Pod", "b", Some(("Job", "alone")))
            ]),
        ),
        (
            "/api/v1/namespaces/shop/events",
            json!([{"metadata": {"name": "e"}, "involvedObject": {"uid": "Job/tick-1"}}]),
        ),
    ]);
    let snapshot = ask(&fake, &question("cronjob/tick")).await.unwrap();
    let family = Family::of(&snapshot, "tick");
    assert_eq!(family.pods(), ["a"]);
    assert_eq!(family.events, Fact::Got(1));
}

#[tokio::test]
async fn everything_is_what_nothing_known_owns() {
    let objects = vec![
        (
            "/apis/apps/v1/deployments",
            json!([owned("Deployment", "web", None)]),
        ),
        (
            "/apis/apps/v1/replicasets",
            json!([
                owned("ReplicaSet", "web-1", Some(("Deployment", "web"))),
                owned("ReplicaSet", "gone-1", Some(("Deployment", "gone"))),
                owned("ReplicaSet", "rolled-1", Some(("Rollout", "rolled"))),
                owned("ReplicaSet", "alone", None),
            ]),
        ),
        (
            "/apis/batch/v1/cronjobs",
            json!([owned("CronJob", "tick", None)]),
        ),
        (
            "/apis/batch/v1/jobs",
            json!([owned("Job", "tick-1", Some(("CronJob", "tick")))]),
        ),
        (
            "/api/v1/pods",
            json!([
                owned("Pod", "web-1-a", Some(("ReplicaSet", "web-1"))),
                owned("Pod", "tick-1-a", Some(("Job", "tick-1"))),
                owned("Pod", "bare", None),
            ]),
        ),
        (
            "/api/v1/namespaces/shop/pods/bare",
            owned("Pod", "bare", None),
        ),
    ];
    let fake = Fake::with_objects(objects);
    let snapshot = ask(&fake, &everywhere(Vec::new())).await.unwrap();
    let expected = [
        "pod/bare",
        "deployment/web",
        "replicaset/alone",
        "replicaset/gone-1",
        "replicaset/rolled-1",
        "cronjob/tick",
    ];
    assert_eq!(names(&snapshot), expected);
    let family = |name| Family::of(&snapshot, name);
    assert_eq!(family("web").pods(), ["web-1-a"]);
    assert_eq!(family("tick").pods(), ["tick-1-a"]);
    assert_eq!(family("gone-1").owners, [Fact::Absent]);
    assert!(family("rolled-1").owners.is_empty());
    assert_eq!(
        family("bare").object,
        Fact::Got(()),
        "it is read as a whole"
    );

    let snapshot = ask(&fake, &everywhere(vec![Kind::Pod])).await.unwrap();
    assert_eq!(
        names(&snapshot),
        ["pod/bare", "pod/tick-1-a", "pod/web-1-a"]
    );
    let family = Family::of(&snapshot, "web-1-a");
    assert_eq!(family.owners.len(), 2);
    assert_eq!(family.replica_sets, Fact::Got(1));
}

#[tokio::test]
async fn what_no_template_of_its_owner_makes_is_judged_as_itself() {
    let (a, b) = (
        owned("Job", "a", Some(("Job", "b"))),
        owned("Job", "b", Some(("Job", "a"))),
    );
    let driver = owned("Pod", "driver", None);
    let executor = owned("Pod", "executor", Some(("Pod", "driver")));
    let fake = Fake::with_objects(vec![
        ("/apis/batch/v1/namespaces/shop/jobs/a", a.clone()),
        ("/apis/batch/v1/namespaces/shop/jobs", json!([a, b])),
        ("/api/v1/namespaces/shop/pods/driver", driver.clone()),
        ("/api/v1/namespaces/shop/pods/executor", executor.clone()),
        ("/api/v1/namespaces/shop/pods", json!([driver, executor])),
    ]);
    for (words, name) in [("job/a", "a"), ("job", "a"), ("executor", "executor")] {
        let snapshot = ask(&fake, &question(words)).await.unwrap();
        let family = Family::of(&snapshot, name);
        assert!(family.owners.is_empty(), "{words}");
    }
    let snapshot = ask(&fake, &question("executor")).await.unwrap();
    assert_eq!(Family::of(&snapshot, "executor").pods(), ["executor"]);
    let snapshot = ask(&fake, &question("")).await.unwrap();
    let all = ["pod/driver", "pod/executor", "job/a", "job/b"];
    assert_eq!(names(&snapshot), all);
}

#[tokio::test]
async fn a_thousand_pods_take_no_more_requests_than_ten_pods() {
    let pods = |count: usize| {
        (0..count)
            .map(|n| owned("Pod", &format!("p{n:04}"), None))
            .collect::<Vec<_>>()
    };
    let mut requests = Vec::new();
    for count in [10, 1000] {
        let pods = Value::Array(pods(count));
        let fake = Fake::with_objects(vec![
            ("/api/v1/pods", pods.clone()),
            ("/api/v1/namespaces/shop/pods", pods),
        ]);
        let snapshot = ask(&fake, &everywhere(Vec::new())).await.unwrap();
        assert_eq!(snapshot.subjects.len(), count);
        requests.push(fake.requests());
    }
    assert_eq!(requests[0], requests[1]);
    assert!(requests[0] < 22, "{requests:?}");
}

/// A pod of a Deployment whose sidecar is injected, and whose application has ended with this code.
fn crashing(n: i32, exit_code: i32) -> Value {
    let mut pod = owned(
        "Pod",
        &format!("web-1-{n:03}"),
        Some(("ReplicaSet", "web-1")),
    );
    pod["metadata"]["annotations"] = json!({"sidecar.istio.io/status": "{}"});
    pod["spec"]["containers"] = json!([{"name": "istio-proxy"}, {"name": "web"}]);
    let status = |name: &str, ready: bool, state: Value| {
        json!({"name": name, "ready": ready, "started": ready, "restartCount": 1, "image": "", "imageID": "",
               "state": state, "lastState": {"terminated": {"exitCode": exit_code}}})
    };
    pod["status"] = json!({
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [
            status("istio-proxy", true, json!({"running": {}})),
            status("web", false, json!({"waiting": {"reason": "CrashLoopBackOff"}})),
        ],
    });
    pod
}

#[tokio::test]
async fn logs_are_read_of_containers_that_are_not_well_and_of_one_pod_for_each_state() {
    // How the applications of 500 pods end, and how many logs are read for that.
    let same: fn(i32) -> i32 = |_| 1;
    for (ready, ends, expected) in [
        (0, same, 1),
        (0, |n| n % 4, 4),
        (0, |n| n, 10),
        (500, same, 0),
    ] {
        let mut deployment = owned("Deployment", "web", None);
        deployment["status"] = json!({"replicas": 500, "readyReplicas": ready});
        let pods: Vec<_> = (0..500).map(|n| crashing(n, ends(n))).collect();
        let fake = Fake::with_objects(vec![
            namespace(json!({})),
            ("/apis/apps/v1/namespaces/shop/deployments/web", deployment),
            (
                "/apis/apps/v1/namespaces/shop/replicasets",
                json!([owned("ReplicaSet", "web-1", Some(("Deployment", "web")))]),
            ),
            ("/api/v1/namespaces/shop/pods", json!(pods)),
        ]);
        ask(&fake, &question("deploy/web")).await.unwrap();
        let asked = fake.asked.lock().unwrap();
        let logs: Vec<_> = asked.iter().filter(|path| path.contains("/log?")).collect();
        assert_eq!(logs.len(), expected, "{logs:#?}");
        let bounds =
            "/log?&container=web&limitBytes=65536&previous=true&tailLines=200&timestamps=true";
        assert!(logs.iter().all(|path| path.ends_with(bounds)), "{logs:#?}");
    }
}

#[tokio::test]
async fn what_may_not_be_listed_is_a_subject_without_a_name() {
    let mut objects = family();
    objects.push((
        "/apis/apps/v1/namespaces/shop/deployments",
        status(403, "not you"),
    ));
    let fake = Fake::with_objects(objects);
    let snapshot = ask(&fake, &question("")).await.unwrap();
    assert_eq!(
        names(&snapshot),
        [
            "deployment/",
            "replicaset/other-1",
            "replicaset/web-0",
            "replicaset/web-1"
        ]
    );
    assert!(matches!(Family::of(&snapshot, "").object, Fact::Refused(_)));
    let family = Family::of(&snapshot, "web-1");
    assert!(matches!(family.owners[..], [Fact::Refused(_)]));
    assert_eq!(family.pods(), ["web-1-a"]);
}

#[tokio::test]
async fn what_hides_the_pods_is_said_of_the_pods() {
    let mut objects = family();
    objects.retain(|(path, _)| !path.ends_with("replicasets"));
    objects.push((
        "/apis/apps/v1/namespaces/shop/replicasets",
        status(403, "not you"),
    ));
    let fake = Fake::with_objects(objects);
    let snapshot = ask(&fake, &question("deploy/web")).await.unwrap();
    let family = Family::of(&snapshot, "web");
    let unread = family.pods.unread().unwrap();
    assert_eq!(
        (unread.resource.as_str(), unread.reason.as_str()),
        ("replicasets.apps", "not you")
    );
}

#[tokio::test]
async fn a_target_that_may_not_be_read_is_a_fact_and_one_that_is_not_there_an_error() {
    let forbidden = (
        "/apis/apps/v1/namespaces/shop/deployments/web",
        status(403, "not you"),
    );
    let fake = Fake::with_objects(vec![namespace(json!({})), forbidden]);
    let snapshot = ask(&fake, &question("deploy/web")).await.unwrap();
    assert!(matches!(
        Family::of(&snapshot, "web").object,
        Fact::Refused(_)
    ));

    let table = [
        (
            "deploy/x sts/y",
            "deployments.apps \"x\" not found in namespace \"shop\"; statefulsets.apps \"y\" not found",
        ),
        ("x", "write deploy/x"),
    ];
    for (words, expected) in table {
        let error = ask(&fake, &question(words)).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let empty = Fake::with_objects(Vec::new());
    let error = ask(&empty, &question("deploy/x")).await.unwrap_err();
    assert!(
        error.ends_with("namespace \"shop\" does not exist"),
        "{error}"
    );
    let error = ask(&empty, &question("")).await.unwrap_err();
    assert!(error.starts_with("namespace \"shop\" not found"), "{error}");
}

#[tokio::test]
async fn a_selector_selects_workloads_by_their_own_labels_or_their_pods() {
    let mut objects = family();
    objects.push((
        "/apis/apps/v1/namespaces/shop/deployments",
        json!([owned("Deployment", "web", None)]),
    ));
    let fake = Fake::new(move |path| {
        use crate::cluster::fake::{Answer, list};
        // Only pod web-1-a has the label.
        if path.contains("labelSelector=app%3Dx") {
            let selected = path
                .contains("/pods?")
                .then(|| json!({"metadata": {"uid": "Pod/web-1-a"}}));
            return Answer::Json(200, list(&selected.into_iter().collect::<Vec<_>>()));
        }
        let path = path.split('?').next().unwrap_or_default();
        let found = objects
            .iter()
            .find(|(there, _)| *there == path)
            .map(|(_, value)| value);
        match found.and_then(Value::as_array) {
            Some(items) => Answer::Json(200, list(items)),
            None => Answer::Json(200, list(&[])),
        }
    });
    let selected = target::question(Vec::new(), Some("shop".into()), Some("app=x".into())).unwrap();
    assert_eq!(
        names(&ask(&fake, &selected).await.unwrap()),
        ["deployment/web"]
    );
    let strict = target::question(
        vec![Wanted::All(Kind::Deployment)],
        Some("shop".into()),
        Some("app=x".into()),
    );
    assert!(names(&ask(&fake, &strict.unwrap()).await.unwrap()).is_empty());
}

#[tokio::test]
async fn a_selector_that_the_server_cannot_read_is_an_error() {
    use crate::cluster::fake::{Answer, list};
    let fake = Fake::new(|path| match path.contains("labelSelector=a%3D%28") {
        true => Answer::Json(400, status(400, "unable to parse requirement")),
        false => Answer::Json(200, list(&[])),
    });
    let question = target::question(Vec::new(), Some("shop".into()), Some("a=(".into())).unwrap();
    let error = ask(&fake, &question).await.unwrap_err();
    assert!(error.contains("\"a=(\": unable to parse"), "{error}");
}

fn manifests(text: &str) -> Question {
    let default = crate::manifest::DefaultNamespace {
        name: "shop",
        is_explicit: false,
    };
    let mut text = text.as_bytes();
    let mut input = crate::input::Input::patient(&mut text);
    let read = crate::manifest::read(&["-".to_owned()], false, &mut input, default);
    let crate::manifest::Manifests {
        subjects,
        namespaces,
        ..
    } = read.unwrap();
    Question::Manifests {
        subjects,
        namespaces,
    }
}

#[tokio::test]
async fn namespaces_of_manifests_come_over_the_live_ones() {
    let text = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: new, labels: {istio.io/rev: canary}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, namespace: new}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: gone}}";
    let fake = Fake::with_objects(vec![namespace(
        json!({"istio-injection": "disabled", "team": "x"}),
    )]);
    let snapshot = ask(&fake, &manifests(text)).await.unwrap();
    let index = Index::new(&snapshot.reads);
    let live = |name| index.get::<Namespace>(None, name);
    let labels = |name| live(name).got().unwrap().metadata.labels.clone().unwrap();
    assert_eq!(labels("shop")["istio-injection"], "enabled");
    assert_eq!(labels("shop")["team"], "x");
    assert_eq!(labels("new")["istio.io/rev"], "canary");
    assert_eq!(labels("new")["kubernetes.io/metadata.name"], "new");
    assert_eq!(live("gone"), Fact::Absent);
    assert_eq!(names(&snapshot), ["pod/a", "pod/b", "pod/c"]);
}

fn injector(name: &str, revision: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"istio.io/rev": revision}}, "webhooks": [{
        "name": "rev.namespace.sidecar-injector.istio.io", "admissionReviewVersions": ["v1"], "sideEffects": "None",
        "clientConfig": {"service": {"namespace": "istio-system", "name": "istiod"}}}]})
}

#[tokio::test]
async fn webhooks_lead_to_everything_behind_them() {
    const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    let other = json!({"metadata": {"name": "other"}});
    let istiod = json!({"metadata": {"name": "istiod"}, "spec": {"containers": [
        {"name": "discovery", "env": [{"name": "REVISION", "value": "blue"}]}]}});
    let fake = Fake::with_objects(vec![
        (
            WEBHOOKS,
            json!([other, injector("b", "canary"), injector("a", "default")]),
        ),
        ("/api/v1/namespaces/istio-system/pods", json!([istiod])),
    ]);
    let snapshot = ask(&fake, &Question::Webhooks(None)).await.unwrap();
    assert_eq!(
        names(&snapshot),
        [
            "mutatingwebhookconfiguration/a",
            "mutatingwebhookconfiguration/b"
        ]
    );
    let config_maps = snapshot.reads.reads_of(Resource::ConfigMap);
    let found: Vec<_> = config_maps.map(|(read, _)| read.to_string()).collect();
    let expected = [
        "istio",
        "istio-blue",
        "istio-ca-root-cert",
        "istio-canary",
        "istio-sidecar-injector",
        "istio-sidecar-injector-blue",
        "istio-sidecar-injector-canary",
    ];
    assert_eq!(
        found,
        expected.map(|name| format!("configmaps {name} in istio-system"))
    );
    let index = Index::new(&snapshot.reads);
    let service = index.get::<Service>(Some("istio-system"), "istiod");
    assert_eq!(service, Fact::Absent);
    let slices = index.list::<EndpointSlice>(&endpoint_slices_of("istio-system", "istiod"));
    assert_eq!(slices, Fact::Got(&[][..]));
    assert_eq!(index.get::<Namespace>(None, "istio-system"), Fact::Absent);
    assert_eq!(index.list::<Pod>(&api_servers()), Fact::Got(&[][..]));

    assert_eq!(
        names(
            &ask(&fake, &Question::Webhooks(Some("other".into())))
                .await
                .unwrap()
        )
        .len(),
        1
    );
    let error = ask(&fake, &Question::Webhooks(Some("x".into())))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        "mutatingwebhookconfigurations.admissionregistration.k8s.io \"x\" not found"
    );

    let fake = Fake::with_objects(vec![(WEBHOOKS, status(403, "not you"))]);
    let snapshot = ask(&fake, &Question::Webhooks(None)).await.unwrap();
    assert_eq!(names(&snapshot), ["mutatingwebhookconfiguration/"]);
}

#[tokio::test]
async fn an_unreachable_server_is_an_error_and_no_snapshot() {
    let fake = Fake::new(|_| crate::cluster::fake::Answer::Cut);
    for question in [
        question("deploy/web"),
        question(""),
        Question::Webhooks(None),
    ] {
        let error = ask(&fake, &question).await.unwrap_err();
        assert!(error.starts_with("cannot reach the API server"), "{error}");
    }
}
