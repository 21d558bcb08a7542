//! Asking the API server, one fact at a time: the only place that sends requests, and only reads.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use injdoctor_checks::facts::{Fact, Unread};
use kube::api::{GetParams, ListParams, ObjectList, PartialObjectMeta};
use kube::core::{Request, Resource};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::connect::{ConnectError, Link};
use super::trouble::{Trouble, hint};

/// Items on one page of a list; kubectl's number.
const PAGE: u32 = 500;
/// Requests under way at once; each takes a connection of its own where the server has no HTTP/2.
const AT_ONCE: usize = 16;
/// How long to wait before each further try where the server says nothing about it.
const RETRIES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// A kind of object that can be read.
pub trait Readable:
    Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static
{
}
impl<K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug + Send + Sync + 'static>
    Readable for K
{
}

/// Reads from one API server within the limits of its link.
#[derive(Debug)]
pub struct Reader<'a> {
    link: &'a Link,
    deadline: Option<Instant>,
    permits: Semaphore,
    tally: Tally,
}

/// What the answers so far say about the server.
#[derive(Debug, Default)]
struct Tally {
    /// The API server has answered with something other than 401.
    welcome: AtomicBool,
    /// Its first 401.
    unauthorized: Mutex<Option<Trouble>>,
    /// The first failure that was no answer of an API server.
    silence: Mutex<Option<Trouble>>,
}

/// Which objects a list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection<'a> {
    /// The namespace; none for all namespaces and for cluster-scoped kinds.
    pub namespace: Option<&'a str>,
    /// A label selector.
    pub labels: Option<&'a str>,
    /// A field selector.
    pub fields: Option<&'a str>,
    /// Pages after which to stop; none for all.
    pub pages: Option<usize>,
}

impl<'a> Selection<'a> {
    /// All objects of a namespace, or of all namespaces.
    pub fn within(namespace: Option<&'a str>) -> Self {
        Self {
            namespace,
            ..Self::default()
        }
    }

    /// Those of them that a label selector selects.
    pub fn labelled(self, labels: &'a str) -> Self {
        Self {
            labels: Some(labels),
            ..self
        }
    }
}

impl<'a> Reader<'a> {
    /// A reader whose time for all requests begins now.
    pub fn new(link: &'a Link) -> Self {
        Self {
            link,
            deadline: link.limits.total.map(|total| Instant::now() + total),
            permits: Semaphore::new(AT_ONCE),
            tally: Tally::default(),
        }
    }

    /// One object by its name.
    pub async fn get<K: Readable>(&self, namespace: Option<&str>, name: &str) -> Fact<K> {
        if !can_be_a_name(name) || !namespace.is_none_or(can_be_a_name) {
            return Fact::Absent;
        }
        let path = Request::new(K::url_path(&(), namespace));
        let answer = match path.get(name, &GetParams::default()) {
            Ok(request) => self.ask(request).await,
            Err(error) => Err(Trouble::Malformed(error.to_string())),
        };
        let about = || about::<K>("get", namespace, Some(name));
        answer.map_or_else(|trouble| fact_of(&trouble, about()), Fact::Got)
    }

    /// A list of objects.
    pub async fn list<K: Readable>(&self, selection: Selection<'_>) -> Fact<Vec<K>> {
        if !selection.namespace.is_none_or(can_be_a_name) {
            return Fact::Absent;
        }
        match self.pages::<K, K>(selection, Request::list).await {
            Ok(items) => Fact::Got(items),
            Err(trouble) => fact_of(&trouble, about::<K>("list", selection.namespace, None)),
        }
    }

    /// The names and uids of a list of objects.
    pub async fn list_metadata<K: Readable>(
        &self,
        selection: Selection<'_>,
    ) -> Result<Vec<PartialObjectMeta<K>>, Trouble> {
        self.pages::<K, PartialObjectMeta<K>>(selection, Request::list_metadata)
            .await
    }

    /// The API server's version.
    pub async fn version(&self) -> Fact<String> {
        let answer = match Request::new("/version").list(&ListParams::default()) {
            Ok(request) => self.ask(request).await,
            Err(error) => Err(Trouble::Malformed(error.to_string())),
        };
        let about = Unread {
            verb: "get".to_owned(),
            resource: "/version".to_owned(),
            namespace: None,
            name: None,
            reason: String::new(),
        };
        answer.map_or_else(
            |trouble| fact_of(&trouble, about),
            |info: k8s_openapi::apimachinery::pkg::version::Info| Fact::Got(info.git_version),
        )
    }

    /// Whether there is an API server at the other end that knows the user.
    ///
    /// # Errors
    /// [`ConnectError`] where all answers so far came from elsewhere, or there was none.
    pub fn verdict(&self) -> Result<(), ConnectError> {
        if self.tally.welcome.load(Ordering::Relaxed) {
            return Ok(());
        }
        let server = self.link.server.clone();
        if let Some(trouble) = self
            .tally
            .unauthorized
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
        {
            return Err(ConnectError::Unauthorized {
                server,
                context: self.link.connection.context.clone(),
                reason: trouble.to_string(),
            });
        }
        match self
            .tally
            .silence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
        {
            None => Ok(()),
            Some(trouble @ (Trouble::Foreign(_) | Trouble::Malformed(_))) => {
                Err(ConnectError::NotKubernetes {
                    server,
                    reason: trouble.to_string(),
                })
            }
            Some(trouble) => {
                let reason = trouble.to_string();
                Err(ConnectError::Unreachable {
                    server,
                    hint: hint(&reason),
                    reason,
                })
            }
        }
    }

    async fn pages<K: Readable, T: Clone + DeserializeOwned>(
        &self,
        selection: Selection<'_>,
        request: fn(&Request, &ListParams) -> Result<Asked, kube::core::request::Error>,
    ) -> Result<Vec<T>, Trouble> {
        let path = Request::new(K::url_path(&(), selection.namespace));
        let first = ListParams {
            label_selector: selection.labels.map(str::to_owned),
            field_selector: selection.fields.map(str::to_owned),
            limit: Some(PAGE),
            ..ListParams::default()
        };
        let (mut params, mut items, mut pages, mut restarted) =
            (first.clone(), Vec::new(), 0, false);
        loop {
            let asked =
                request(&path, &params).map_err(|error| Trouble::Malformed(error.to_string()))?;
            match self.ask::<ObjectList<T>>(asked).await {
                Ok(page) => {
                    items.extend(page.items);
                    pages += 1;
                    let next = page.metadata.continue_.filter(|token| !token.is_empty());
                    if next.is_none() || selection.pages == Some(pages) {
                        return Ok(items);
                    }
                    params.continue_token = next;
                }
                // The server has forgotten the state that the list was begun in.
                Err(Trouble::Api(status))
                    if status.code == 410 && params.continue_token.is_some() && !restarted =>
                {
                    (params, items, pages, restarted) = (first.clone(), Vec::new(), 0, true);
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    async fn ask<T: DeserializeOwned>(&self, request: Asked) -> Result<T, Trouble> {
        let mut retries = RETRIES.into_iter();
        loop {
            let answer = self.ask_once(request.clone()).await;
            let Err(trouble) = answer else {
                return answer;
            };
            let wait = retries
                .next()
                .map(|wait| trouble.retry_after().unwrap_or(wait));
            match wait {
                Some(wait)
                    if trouble.is_passing() && self.left().is_none_or(|left| wait < left) =>
                {
                    sleep(wait).await
                }
                _ => return Err(trouble),
            }
        }
    }

    /// The time that is left for all requests.
    fn left(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    async fn ask_once<T: DeserializeOwned>(&self, request: Asked) -> Result<T, Trouble> {
        // A closed semaphore is impossible; without a permit the request is merely not held back.
        let _permit = self.permits.acquire().await.ok();
        if let Some(trouble) = self.tally.unreachable() {
            return Err(trouble);
        }
        let left = self.left();
        if left == Some(Duration::ZERO) {
            return Err(Trouble::TooLate);
        }
        let answering = self.link.client.request::<T>(request);
        let limit = left.into_iter().chain(self.link.limits.request).min();
        let answer = match limit {
            Some(limit) => timeout(limit, answering)
                .await
                .map_err(|_| Trouble::Late(limit)),
            None => Ok(answering.await),
        };
        let answer = answer.and_then(|answer| answer.map_err(Trouble::from));
        self.tally.count(&answer);
        answer
    }
}

type Asked = http::Request<Vec<u8>>;

impl Tally {
    /// Why connections fail, as long as none has succeeded: then further ones are not worth waiting for.
    fn unreachable(&self) -> Option<Trouble> {
        if self.welcome.load(Ordering::Relaxed) {
            return None;
        }
        let silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        silence
            .clone()
            .filter(|trouble| matches!(trouble, Trouble::Transport(_)))
    }

    fn count<T>(&self, answer: &Result<T, Trouble>) {
        let first = |slot: &Mutex<Option<Trouble>>, trouble: &Trouble| {
            slot.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert_with(|| trouble.clone());
        };
        match answer {
            Err(trouble @ Trouble::Api(status)) if status.code == 401 => {
                first(&self.unauthorized, trouble)
            }
            Ok(_) | Err(Trouble::Api(_)) => self.welcome.store(true, Ordering::Relaxed),
            Err(trouble) => first(&self.silence, trouble),
        }
    }
}

/// Whether an object can have the name. What cannot be a name must not become part of a path.
fn can_be_a_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':');
    !name.is_empty() && name != "." && name != ".." && name.chars().all(fits)
}

fn about<K: Resource<DynamicType = ()>>(
    verb: &str,
    namespace: Option<&str>,
    name: Option<&str>,
) -> Unread {
    let (plural, group) = (K::plural(&()), K::group(&()));
    Unread {
        verb: verb.to_owned(),
        resource: if group.is_empty() {
            plural.into_owned()
        } else {
            format!("{plural}.{group}")
        },
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        reason: String::new(),
    }
}

fn fact_of<T>(trouble: &Trouble, mut about: Unread) -> Fact<T> {
    about.reason = trouble.to_string();
    match trouble {
        Trouble::Api(status) if status.code == 404 => Fact::Absent,
        Trouble::Api(status) if matches!(status.code, 401 | 403) => Fact::Refused(about),
        _ => Fact::Failed(about),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::{Answer, Fake, list, status};
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::core::v1::Pod;
    use serde_json::{Value, json};

    fn pod(name: &str) -> Value {
        json!({"metadata": {"name": name}})
    }

    fn page(name: &str, next: &str) -> Value {
        json!({"kind": "List", "apiVersion": "v1", "metadata": {"continue": next}, "items": [pod(name)]})
    }

    fn names(pods: &Fact<Vec<Pod>>) -> Vec<String> {
        let pods = pods.got().into_iter().flatten();
        pods.filter_map(|pod| pod.metadata.name.clone()).collect()
    }

    #[tokio::test]
    async fn lists_are_read_page_by_page() {
        let fake = Fake::new(|path| match path {
            path if path.contains("continue=b") => Answer::Json(200, page("b", "c")),
            path if path.contains("continue=c") => Answer::Json(200, page("c", "")),
            _ => Answer::Json(200, page("a", "b")),
        });
        let reader = Reader::new(&fake.link);
        let all = Selection::within(Some("shop")).labelled("app=x");
        assert_eq!(names(&reader.list(all).await), ["a", "b", "c"]);
        assert!(fake.asked.lock().unwrap().iter().all(|path| {
            path.starts_with("/api/v1/namespaces/shop/pods?")
                && path.contains("labelSelector=app%3Dx&limit=500")
        }));
        let two = Selection {
            pages: Some(2),
            ..Selection::default()
        };
        assert_eq!(names(&reader.list(two).await), ["a", "b"]);
    }

    #[tokio::test]
    async fn a_list_that_the_server_has_forgotten_is_begun_anew_once() {
        let forgetful = Fake::new(|path| match path.contains("continue") {
            true => Answer::Json(410, status(410, "too old")),
            false => Answer::Json(200, page("a", "b")),
        });
        let reader = Reader::new(&forgetful.link);
        let pods = reader.list::<Pod>(Selection::default()).await;
        assert_eq!(pods.unread().unwrap().reason, "too old");
        assert_eq!(forgetful.requests(), 4);

        let healed = std::sync::atomic::AtomicUsize::new(0);
        let fake = Fake::new(move |path| {
            match (
                path.contains("continue"),
                healed.fetch_add(1, Ordering::Relaxed),
            ) {
                (true, 1) => Answer::Json(410, status(410, "too old")),
                (true, _) => Answer::Json(200, page("b", "")),
                (false, _) => Answer::Json(200, page("a", "b")),
            }
        });
        assert_eq!(
            names(&Reader::new(&fake.link).list(Selection::default()).await),
            ["a", "b"]
        );
    }

    #[tokio::test]
    async fn every_answer_becomes_a_fact() {
        type Case = (Answer, fn(&Fact<Deployment>) -> bool, &'static str);
        let table: [Case; 8] = [
            (
                Answer::Json(200, pod("x")),
                |fact| matches!(fact, Fact::Got(_)),
                "",
            ),
            (
                Answer::Json(404, status(404, "no")),
                |fact| *fact == Fact::Absent,
                "",
            ),
            (
                Answer::Json(403, status(403, "not you")),
                |fact| matches!(fact, Fact::Refused(_)),
                "not you",
            ),
            (
                Answer::Json(401, status(401, "who")),
                |fact| matches!(fact, Fact::Refused(_)),
                "who",
            ),
            (
                Answer::Json(500, status(500, "etcd")),
                |fact| matches!(fact, Fact::Failed(_)),
                "etcd",
            ),
            (
                Answer::Json(200, json!({"metadata": 1})),
                |fact| matches!(fact, Fact::Failed(_)),
                "not what was asked for",
            ),
            (
                Answer::Text(404, "<html>"),
                |fact| matches!(fact, Fact::Failed(_)),
                "it answered 404 \"<html>\"",
            ),
            (
                Answer::Cut,
                |fact| matches!(fact, Fact::Failed(_)),
                "connection reset",
            ),
        ];
        for (answer, is_expected, reason) in table {
            let answer = Mutex::new(Some(answer));
            let fake = Fake::new(move |_| answer.lock().unwrap().take().unwrap());
            let fact = Reader::new(&fake.link)
                .get::<Deployment>(Some("shop"), "web")
                .await;
            assert!(is_expected(&fact), "{fact:?}");
            if let Some(unread) = fact.unread() {
                assert!(unread.reason.contains(reason), "{unread}");
                let expected = ("get", "deployments.apps", Some("shop"), Some("web"));
                let found = (
                    &*unread.verb,
                    &*unread.resource,
                    unread.namespace.as_deref(),
                    unread.name.as_deref(),
                );
                assert_eq!(found, expected);
            }
        }
    }

    #[tokio::test]
    async fn what_passes_is_tried_again() {
        let tries = std::sync::atomic::AtomicUsize::new(0);
        let fake = Fake::new(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
            0 => Answer::Text(429, "Too many requests"),
            _ => Answer::Json(200, pod("x")),
        });
        let reader = Reader::new(&fake.link);
        assert!(matches!(
            reader.get::<Pod>(Some("shop"), "x").await,
            Fact::Got(_)
        ));
        assert_eq!(fake.requests(), 2);
    }

    #[tokio::test]
    async fn a_slow_answer_costs_its_fact_only() {
        let mut fake = Fake::new(|path| match path.ends_with("slow") {
            true => Answer::Later(Duration::from_secs(60), pod("slow")),
            false => Answer::Json(200, pod("x")),
        });
        fake.link.limits.request = Some(Duration::from_millis(20));
        let reader = Reader::new(&fake.link);
        let (slow, fast) = tokio::join!(
            reader.get::<Pod>(Some("shop"), "slow"),
            reader.get::<Pod>(Some("shop"), "fast")
        );
        assert_eq!(slow.unread().unwrap().reason, "no answer within 20ms");
        assert!(matches!(fast, Fact::Got(_)));
        assert!(reader.verdict().is_ok());

        fake.link.limits.total = Some(Duration::ZERO);
        let late = Reader::new(&fake.link).get::<Pod>(Some("shop"), "x").await;
        assert!(
            late.unread()
                .unwrap()
                .reason
                .contains("time for all requests")
        );
    }

    #[tokio::test]
    async fn what_cannot_be_a_name_is_never_sent() {
        let fake = Fake::with_objects(Vec::new());
        let reader = Reader::new(&fake.link);
        for name in [
            "",
            ".",
            "..",
            "../secrets/x",
            "a/b",
            "a?b",
            "a b",
            "a%2fb",
            "ä",
        ] {
            assert_eq!(
                reader.get::<Pod>(Some("shop"), name).await,
                Fact::Absent,
                "{name}"
            );
            assert_eq!(
                reader.get::<Pod>(Some(name), "x").await,
                Fact::Absent,
                "{name}"
            );
            assert_eq!(
                reader.list::<Pod>(Selection::within(Some(name))).await,
                Fact::Absent,
                "{name}"
            );
        }
        assert_eq!(fake.requests(), 0);
    }

    #[tokio::test]
    async fn the_verdict_tells_an_api_server_from_everything_else() {
        type Case = (fn(&str) -> Answer, Option<&'static str>);
        let table: [Case; 5] = [
            (|_| Answer::Json(403, status(403, "no")), None),
            (
                |path| match path.ends_with('x') {
                    true => Answer::Json(200, pod("x")),
                    false => Answer::Json(401, status(401, "who")),
                },
                None,
            ),
            (
                |_| Answer::Json(401, status(401, "who")),
                Some("does not accept the credentials of context \"\": who"),
            ),
            (
                |_| Answer::Cut,
                Some(
                    "cannot reach the API server at https://fake:6443: connection reset by peer; check",
                ),
            ),
            (
                |_| Answer::Text(200, "<html>"),
                Some("does not answer like a Kubernetes API server"),
            ),
        ];
        for (answer, expected) in table {
            let fake = Fake::new(answer);
            let reader = Reader::new(&fake.link);
            reader.get::<Pod>(Some("shop"), "x").await;
            reader.list::<Pod>(Selection::default()).await;
            let verdict = reader.verdict().map_err(|error| error.to_string());
            match expected {
                None => assert_eq!(verdict, Ok(())),
                Some(words) => assert!(
                    verdict.clone().is_err_and(|error| error.contains(words)),
                    "{verdict:?}"
                ),
            }
        }
    }

    #[tokio::test]
    async fn an_unreachable_server_is_not_asked_again() {
        let fake = Fake::new(|_| Answer::Cut);
        let reader = Reader::new(&fake.link);
        for name in ["a", "b", "c"] {
            assert!(
                reader
                    .get::<Pod>(Some("shop"), name)
                    .await
                    .unread()
                    .is_some()
            );
        }
        assert_eq!(fake.requests(), 1);
    }

    #[tokio::test]
    async fn metadata_lists_and_the_version_are_read() {
        let fake = Fake::new(|path| match path.starts_with("/version") {
            true => Answer::Json(
                200,
                json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "",
                "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
            ),
            false => Answer::Json(200, list(&[json!({"metadata": {"uid": "u"}})])),
        });
        let reader = Reader::new(&fake.link);
        assert_eq!(reader.version().await, Fact::Got("v1.36.3".to_owned()));
        let pods = reader
            .list_metadata::<Pod>(Selection::default())
            .await
            .unwrap();
        assert_eq!(pods.len(), 1);
    }
}
