//! From a question to a snapshot.

use std::collections::BTreeSet;

use futures::future::join_all;
use injdoctor_checks::decide::injectors;
use injdoctor_checks::facts::{Cluster, Fact, Kind, Snapshot, Subject, Target};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Namespace};
use tokio::join;

use super::connect::{ConnectError, Link};
use super::control_plane::{self, Namespaces};
use super::family;
use super::family_tree;
use super::kin::EventIndex;
use super::reader::{Reader, Selection};
use super::sweep::{self, Sweep};
use crate::manifest::Manifests;
use crate::target::{TargetError, Wanted};

/// Pages of events to read of one namespace, and of all. They are kept for an hour; where there are
/// more, the rest is like those that have expired.
const EVENT_PAGES: [usize; 2] = [5, 50];

/// What the user wants to know.
#[derive(Clone, Debug)]
pub struct Question(Asked);

#[derive(Clone, Debug)]
enum Asked {
    Named {
        namespace: String,
        objects: Vec<(Kind, String)>,
    },
    Sweep(Sweep),
    Manifests(Manifests),
    Webhooks(Option<String>),
}

impl Question {
    /// Objects of the cluster: those named, or all of some kinds, or, without any words, everything
    /// that is owned by nothing known. No namespace stands for all of them.
    ///
    /// # Errors
    /// [`TargetError`] where names meet all namespaces or a label selector.
    pub fn live(
        wanted: Vec<Wanted>,
        namespace: Option<String>,
        selector: Option<String>,
    ) -> Result<Self, TargetError> {
        let (mut objects, mut kinds) = (Vec::new(), Vec::new());
        for wanted in wanted {
            match wanted {
                Wanted::Named(kind, name) => objects.push((kind, name)),
                Wanted::All(kind) => kinds.push(kind),
            }
        }
        let asked = match namespace {
            namespace if objects.is_empty() => Asked::Sweep(Sweep {
                namespace,
                kinds,
                selector,
            }),
            None => return Err(TargetError::NamesEverywhere),
            Some(_) if selector.is_some() => return Err(TargetError::NamesAndSelector),
            Some(namespace) => Asked::Named { namespace, objects },
        };
        Ok(Self(asked))
    }

    /// Manifests, judged against the live cluster before they are applied.
    pub fn manifests(manifests: Manifests) -> Self {
        Self(Asked::Manifests(manifests))
    }

    /// The injection webhooks, or the one configuration of this name.
    pub fn webhooks(name: Option<String>) -> Self {
        Self(Asked::Webhooks(name))
    }
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum CollectError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{}", not_found(objects, *namespace_is_absent))]
    NotFound {
        objects: Vec<Target>,
        namespace_is_absent: bool,
    },
    #[error("namespace {0:?} not found; see `kubectl get namespaces`")]
    NoNamespace(String),
    #[error("the API server refuses the label selector {selector:?}: {reason}")]
    Selector { selector: String, reason: String },
}

fn not_found(objects: &[Target], namespace_is_absent: bool) -> String {
    let mut lines: Vec<_> = objects.iter().map(not_found_line).collect();
    match objects.first() {
        Some(target) if namespace_is_absent => {
            lines.push(format!("namespace {:?} does not exist", target.namespace));
        }
        Some(target) if target.kind == Kind::Pod && objects.len() == 1 => {
            lines.push(format!(
                "if it is the name of a Deployment, write deploy/{}",
                target.name
            ));
        }
        Some(target) if target.kind != Kind::MutatingWebhookConfiguration => {
            lines.push("check the namespace (-n) and the context (--context)".to_owned());
        }
        _ => {}
    }
    lines.join("; ")
}

fn not_found_line(target: &Target) -> String {
    let resource = match target.kind.group() {
        "" => target.kind.plural(),
        group => format!("{}.{group}", target.kind.plural()),
    };
    match target.namespace.as_str() {
        "" => format!("{resource} {:?} not found", target.name),
        namespace => format!(
            "{resource} {:?} not found in namespace {namespace:?}",
            target.name
        ),
    }
}

/// Asks the cluster everything that the question takes, at once as far as possible.
///
/// A read that is refused or fails becomes a fact of the snapshot.
///
/// # Errors
/// [`CollectError`] where nothing can be read at all, or what was asked about does not exist.
pub async fn collect(link: &Link, question: &Question) -> Result<Snapshot, CollectError> {
    let reader = Reader::new(link);
    let (cluster, subjects) = match &question.0 {
        Asked::Named { namespace, objects } => named(&reader, namespace, objects).await?,
        Asked::Sweep(sweep) => swept(&reader, sweep).await?,
        Asked::Manifests(manifests) => with_manifests(&reader, manifests).await?,
        Asked::Webhooks(name) => webhooks(&reader, name.as_deref()).await?,
    };
    Ok(Snapshot {
        api_version: Snapshot::API_VERSION.to_owned(),
        kind: Snapshot::KIND.to_owned(),
        recorded_at: Timestamp::now(),
        connection: link.connection.clone(),
        cluster,
        subjects,
    })
}

type Read = Result<(Cluster, Vec<Subject>), CollectError>;

async fn named(reader: &Reader<'_>, namespace: &str, objects: &[(Kind, String)]) -> Read {
    let targets = objects.iter().map(|(kind, name)| Target {
        kind: *kind,
        namespace: namespace.to_owned(),
        name: name.clone(),
    });
    let namespaces = Namespaces::Named(BTreeSet::from([namespace.to_owned()]));
    let (cluster, families, events) = join!(
        control_plane::read(reader, &namespaces),
        join_all(targets.map(|target| family::read(reader, target))),
        read_events(reader, Some(namespace)),
    );
    reader.verdict()?;
    let absent: Vec<_> = families
        .iter()
        .filter_map(|family| family.absent().cloned())
        .collect();
    if !absent.is_empty() {
        return Err(CollectError::NotFound {
            objects: absent,
            namespace_is_absent: cluster.namespaces.get(namespace) == Some(&Fact::Absent),
        });
    }
    let subjects = families
        .into_iter()
        .map(|family| family.with_events(&events));
    Ok((cluster, subjects.collect()))
}

async fn swept(reader: &Reader<'_>, sweep: &Sweep) -> Read {
    let namespace = sweep.namespace.as_deref();
    let namespaces = match namespace {
        Some(name) => Namespaces::Named(BTreeSet::from([name.to_owned()])),
        None => Namespaces::All,
    };
    let (cluster, lists, events) = join!(
        control_plane::read(reader, &namespaces),
        sweep::read(reader, sweep),
        read_events(reader, namespace),
    );
    reader.verdict()?;
    let lists = lists.map_err(|refusal| CollectError::Selector {
        selector: sweep.selector.clone().unwrap_or_default(),
        reason: refusal.0,
    })?;
    let subjects = family_tree::subjects(sweep, &lists, &events);
    let absent = namespace.filter(|name| cluster.namespaces.get(*name) == Some(&Fact::Absent));
    match absent {
        Some(name) if subjects.is_empty() => Err(CollectError::NoNamespace(name.to_owned())),
        _ => Ok((cluster, subjects)),
    }
}

async fn with_manifests(reader: &Reader<'_>, manifests: &Manifests) -> Read {
    let names = manifests
        .subjects
        .iter()
        .map(|subject| subject.target.namespace.clone());
    let mut cluster = control_plane::read(reader, &Namespaces::Named(names.collect())).await;
    reader.verdict()?;
    for namespace in &manifests.namespaces {
        let name = namespace.metadata.name.clone().unwrap_or_default();
        if let Some(live) = cluster.namespaces.get_mut(&name) {
            apply(namespace, &name, live);
        }
    }
    Ok((cluster, manifests.subjects.clone()))
}

/// A namespace as it will be once a manifest is applied: its labels and annotations over the live ones.
fn apply(manifest: &Namespace, name: &str, live: &mut Fact<Namespace>) {
    let mut applied = match std::mem::take(live) {
        Fact::Got(namespace) => namespace,
        Fact::Absent => Namespace::default(),
        // What it has beside the manifest's labels stays unknown.
        unread => {
            *live = unread;
            return;
        }
    };
    let (from, to) = (&manifest.metadata, &mut applied.metadata);
    to.name = Some(name.to_owned());
    let labels = to.labels.get_or_insert_default();
    labels.extend(from.labels.clone().unwrap_or_default());
    // The API server gives it to every namespace.
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
    let annotations = to.annotations.get_or_insert_default();
    annotations.extend(from.annotations.clone().unwrap_or_default());
    *live = Fact::Got(applied);
}

async fn webhooks(reader: &Reader<'_>, name: Option<&str>) -> Read {
    let cluster = control_plane::read(reader, &Namespaces::All).await;
    reader.verdict()?;
    let target = |name: String| Target {
        kind: Kind::MutatingWebhookConfiguration,
        namespace: String::new(),
        name,
    };
    let all = cluster.webhooks.got().map_or(&[][..], Vec::as_slice);
    let targets: BTreeSet<_> = match name {
        Some(wanted) => {
            let is_there = all
                .iter()
                .any(|one| one.metadata.name.as_deref() == Some(wanted));
            if !is_there && matches!(cluster.webhooks, Fact::Got(_)) {
                return Err(CollectError::NotFound {
                    objects: vec![target(wanted.to_owned())],
                    namespace_is_absent: false,
                });
            }
            BTreeSet::from([target(wanted.to_owned())])
        }
        None if !matches!(cluster.webhooks, Fact::Got(_)) => {
            BTreeSet::from([target(String::new())])
        }
        None => injectors(all)
            .filter_map(|(configuration, _)| configuration.metadata.name.clone())
            .map(target)
            .collect(),
    };
    let subjects = targets.into_iter().map(|target| Subject {
        target,
        manifest: None,
        object: unread(&cluster.webhooks),
        owners: Vec::new(),
        replica_sets: Fact::NotAsked,
        pods: Fact::NotAsked,
        events: Fact::NotAsked,
    });
    let subjects = subjects.collect();
    Ok((cluster, subjects))
}

/// Why the object of a webhook's subject is not known; nobody asks for it where the list was read.
fn unread<T, U>(list: &Fact<T>) -> Fact<U> {
    match list {
        Fact::Refused(unread) => Fact::Refused(unread.clone()),
        Fact::Failed(unread) => Fact::Failed(unread.clone()),
        Fact::Got(_) | Fact::Absent | Fact::NotAsked => Fact::NotAsked,
    }
}

/// Warnings only: what is normal explains nothing, and is most of all events.
async fn read_events(reader: &Reader<'_>, namespace: Option<&str>) -> Fact<EventIndex> {
    let [in_one, in_all] = EVENT_PAGES;
    let selection = Selection {
        fields: Some("type=Warning"),
        pages: Some(if namespace.is_some() { in_one } else { in_all }),
        ..Selection::within(namespace)
    };
    reader.list::<Event>(selection).await.map(EventIndex::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::{Fake, owned, status};
    use crate::target;
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
        Question::live(
            target::parse(&words).unwrap(),
            Some("shop".to_owned()),
            None,
        )
        .unwrap()
    }

    fn everywhere(kinds: Vec<Kind>) -> Question {
        Question::live(kinds.into_iter().map(Wanted::All).collect(), None, None).unwrap()
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

    fn pods(subject: &Subject) -> Vec<&str> {
        let pods = subject.pods.got().into_iter().flatten();
        pods.filter_map(|pod| pod.metadata.name.as_deref())
            .collect()
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
            assert_eq!(
                subject.owners.iter().filter_map(Fact::got).count(),
                owners,
                "{words}"
            );
            assert_eq!(pods(subject), ["web-1-a"], "{words}");
            assert_eq!(subject.replica_sets.got().unwrap().len(), 2, "{words}");
            let events = subject.events.got().unwrap();
            assert_eq!(events.len(), 1, "{words}: {events:?}");
            assert!(
                subject.pods.got().unwrap()[0]
                    .metadata
                    .managed_fields
                    .is_none()
            );
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
        assert_eq!(pods(&snapshot.subjects[0]), ["a"]);
        assert_eq!(snapshot.subjects[0].events.got().unwrap().len(), 1);
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
        let subject = |name: &str| {
            let mut subjects = snapshot.subjects.iter();
            subjects
                .find(|subject| subject.target.name == name)
                .unwrap()
        };
        assert_eq!(pods(subject("web")), ["web-1-a"]);
        assert_eq!(pods(subject("tick")), ["tick-1-a"]);
        assert_eq!(subject("gone-1").owners, [Fact::Absent]);
        assert!(subject("rolled-1").owners.is_empty());

        let snapshot = ask(&fake, &everywhere(vec![Kind::Pod])).await.unwrap();
        assert_eq!(
            names(&snapshot),
            ["pod/bare", "pod/tick-1-a", "pod/web-1-a"]
        );
        assert_eq!(snapshot.subjects[2].owners.len(), 2);
        assert_eq!(snapshot.subjects[2].replica_sets.got().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn owners_that_own_each_other_are_not_followed_for_ever() {
        let (a, b) = (
            owned("Job", "a", Some(("Job", "b"))),
            owned("Job", "b", Some(("Job", "a"))),
        );
        let fake = Fake::with_objects(vec![
            ("/apis/batch/v1/namespaces/shop/jobs/a", a.clone()),
            ("/apis/batch/v1/namespaces/shop/jobs/b", b.clone()),
            ("/apis/batch/v1/namespaces/shop/jobs", json!([a, b])),
        ]);
        for words in ["job/a", "job"] {
            let snapshot = ask(&fake, &question(words)).await.unwrap();
            assert_eq!(snapshot.subjects[0].owners.len(), 8, "{words}");
        }
    }

    #[tokio::test]
    async fn a_thousand_pods_take_no_more_requests_than_one() {
        let pods = |count: usize| {
            (0..count)
                .map(|n| owned("Pod", &format!("p{n:04}"), None))
                .collect::<Vec<_>>()
        };
        let mut requests = Vec::new();
        for count in [1, 1000] {
            let fake = Fake::with_objects(vec![("/api/v1/pods", Value::Array(pods(count)))]);
            let snapshot = ask(&fake, &everywhere(Vec::new())).await.unwrap();
            assert_eq!(snapshot.subjects.len(), count);
            requests.push(fake.requests());
        }
        assert_eq!(requests[0], requests[1]);
        assert!(requests[0] < 15, "{requests:?}");
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
        assert!(matches!(snapshot.subjects[0].object, Fact::Refused(_)));
        assert!(matches!(
            snapshot.subjects[3].owners[..],
            [Fact::Refused(_)]
        ));
        assert_eq!(pods(&snapshot.subjects[3]), ["web-1-a"]);
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
        let unread = snapshot.subjects[0].pods.unread().unwrap();
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
        assert!(matches!(snapshot.subjects[0].object, Fact::Refused(_)));

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
    async fn names_exclude_selectors_and_all_namespaces() {
        let wanted = vec![Wanted::Named(Kind::Pod, "x".to_owned())];
        let error = Question::live(wanted.clone(), None, None).unwrap_err();
        assert_eq!(error, TargetError::NamesEverywhere);
        let error = Question::live(wanted, Some("shop".into()), Some("a=b".into())).unwrap_err();
        assert_eq!(error, TargetError::NamesAndSelector);
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
        let selected =
            Question::live(Vec::new(), Some("shop".into()), Some("app=x".into())).unwrap();
        assert_eq!(
            names(&ask(&fake, &selected).await.unwrap()),
            ["deployment/web"]
        );
        let strict = Question::live(
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
        let question = Question::live(Vec::new(), Some("shop".into()), Some("a=(".into())).unwrap();
        let error = ask(&fake, &question).await.unwrap_err();
        assert!(error.contains("\"a=(\": unable to parse"), "{error}");
    }

    fn manifests(text: &str) -> Question {
        let default = crate::manifest::DefaultNamespace {
            name: "shop",
            is_explicit: false,
        };
        Question::manifests(
            crate::manifest::read(&["-".to_owned()], &mut text.as_bytes(), default).unwrap(),
        )
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
        let labels = |name: &str| {
            snapshot.cluster.namespaces[name]
                .got()
                .unwrap()
                .metadata
                .labels
                .clone()
                .unwrap()
        };
        assert_eq!(labels("shop")["istio-injection"], "enabled");
        assert_eq!(labels("shop")["team"], "x");
        assert_eq!(labels("new")["istio.io/rev"], "canary");
        assert_eq!(labels("new")["kubernetes.io/metadata.name"], "new");
        assert_eq!(snapshot.cluster.namespaces["gone"], Fact::Absent);
        assert_eq!(names(&snapshot), ["pod/a", "pod/b", "pod/c"]);
    }

    fn injector(name: &str, revision: &str) -> Value {
        json!({"metadata": {"name": name, "labels": {"istio.io/rev": revision}}, "webhooks": [{
            "name": "rev.namespace.sidecar-injector.istio.io", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"service": {"namespace": "istio-system", "name": "istiod"}}}]})
    }

    #[tokio::test]
    async fn webhooks_lead_to_everything_behind_them() {
        const WEBHOOKS: &str =
            "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
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
        let snapshot = ask(&fake, &Question::webhooks(None)).await.unwrap();
        assert_eq!(
            names(&snapshot),
            [
                "mutatingwebhookconfiguration/a",
                "mutatingwebhookconfiguration/b"
            ]
        );
        let cluster = &snapshot.cluster;
        let found: Vec<_> = cluster.config_maps.keys().map(String::as_str).collect();
        let expected = [
            "istio-system/istio",
            "istio-system/istio-blue",
            "istio-system/istio-ca-root-cert",
            "istio-system/istio-canary",
            "istio-system/istio-sidecar-injector",
            "istio-system/istio-sidecar-injector-blue",
            "istio-system/istio-sidecar-injector-canary",
        ];
        assert_eq!(found, expected);
        assert_eq!(cluster.services["istio-system/istiod"], Fact::Absent);
        assert_eq!(
            cluster.endpoint_slices["istio-system/istiod"],
            Fact::Got(Vec::new())
        );
        assert_eq!(cluster.namespaces["istio-system"], Fact::Absent);
        assert_eq!(cluster.api_servers, Fact::Got(Vec::new()));

        assert_eq!(
            names(
                &ask(&fake, &Question::webhooks(Some("other".into())))
                    .await
                    .unwrap()
            )
            .len(),
            1
        );
        let error = ask(&fake, &Question::webhooks(Some("x".into())))
            .await
            .unwrap_err();
        assert_eq!(
            error,
            "mutatingwebhookconfigurations.admissionregistration.k8s.io \"x\" not found"
        );

        let fake = Fake::with_objects(vec![(WEBHOOKS, status(403, "not you"))]);
        let snapshot = ask(&fake, &Question::webhooks(None)).await.unwrap();
        assert!(matches!(snapshot.subjects[0].object, Fact::Refused(_)));
    }

    #[tokio::test]
    async fn an_unreachable_server_is_an_error_and_no_snapshot() {
        let fake = Fake::new(|_| crate::cluster::fake::Answer::Cut);
        for question in [
            question("deploy/web"),
            question(""),
            Question::webhooks(None),
        ] {
            let error = ask(&fake, &question).await.unwrap_err();
            assert!(error.starts_with("cannot reach the API server"), "{error}");
        }
    }
}
