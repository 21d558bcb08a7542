//! Asking the API server, one fact at a time: the only place that sends requests, and only reads.

use std::fmt::Debug;
use std::time::Duration;

use futures::future::join_all;
use injdoctor_checks::facts::kinds::Pod;
use injdoctor_checks::facts::{Fact, Kept, Log, LogOf, Object, Read, Unread};
use injdoctor_checks::texts::{begins, telling_lines};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ListMeta, ObjectMeta};
use kube::api::{GetParams, ListParams, LogParams};
use kube::core::{Request, Resource};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use super::answer::Wanted;
use super::cut;
use super::form::{Asked, Built, METADATA, OBJECTS};
use super::receive::{Budget, receive};
use super::tally::Tally;
use super::trouble::Trouble;
use crate::cluster::connect::{ConnectError, Link, Size};
use crate::cluster::lean::{LeanObject, LeanPod};
use crate::log::Came;

/// Requests under way at once: all of a plan about one object, as what waits for another one's answer takes a round trip
/// more. Each takes a connection of its own where the server has no HTTP/2.
const AT_ONCE: usize = 32;
/// Logs under way at once, beside the other requests: one whose node does not answer holds none of those back, and no
/// other log.
const LOGS_AT_ONCE: usize = 64;
/// How much of a log to read: its last lines, and no more bytes of them.
const LOG_LINES: i64 = 200;
const LOG_BYTES: i64 = 64 << 10;
/// How long to wait for a log, which comes from the node.
const LOG_TIME: Duration = Duration::from_secs(2);
/// In which versions an API server may serve a kind that it does not serve as v1 yet.
const OLDER: [&str; 2] = ["v1beta1", "v1alpha1"];
/// How long to wait before each further try where the server says nothing about it.
const RETRIES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// A kind of object that can be read.
pub trait Readable:
    Resource<DynamicType = (), Scope: 'static>
    + DeserializeOwned
    + Clone
    + Debug
    + Send
    + Sync
    + 'static
{
}
impl<K> Readable for K where
    K: Resource<DynamicType = (), Scope: 'static>
        + DeserializeOwned
        + Clone
        + Debug
        + Send
        + Sync
        + 'static
{
}

/// Reads from one API server within the limits of its link.
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) link: &'a Link,
    deadline: Option<Instant>,
    permits: Semaphore,
    log_permits: Semaphore,
    budget: Budget,
    tally: Tally,
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

#[cfg(test)]
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
            // A time too far away to be told is no limit.
            deadline: (link.limits.total).and_then(|total| Instant::now().checked_add(total)),
            permits: Semaphore::new(AT_ONCE),
            log_permits: Semaphore::new(LOGS_AT_ONCE),
            budget: Budget::new(&link.limits.sizes),
            tally: Tally::default(),
        }
    }

    /// One object by its name.
    pub async fn get<K: Readable + Object>(&self, namespace: Option<&str>, name: &str) -> Fact<K> {
        if !can_be_a_name(name) || !namespace.is_none_or(can_be_a_name) {
            return Fact::Absent;
        }
        let wanted = Wanted::of::<K>();
        let path = Request::new(K::url_path(&(), namespace));
        let request = path.get(name, &GetParams::default());
        let read = |text: String| {
            wanted.check_object(&text, namespace, name)?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        };
        let limit = self.link.limits.sizes.object;
        let trouble = match self.ask(request, limit, read).await {
            Ok(Kept(object)) => return Fact::Got(object),
            Err(Trouble::Api(status)) if wanted.is_absence(&status, name) => return Fact::Absent,
            // Some other object is absent, or something else is.
            Err(Trouble::Api(status)) if status.code == 404 => Trouble::malformed(&format!(
                "it is 404 without saying that {name:?} is what is not found: {}",
                status.message
            )),
            Err(trouble) => trouble,
        };
        fact_of(&trouble, about::<K>("get", namespace, Some(name)))
    }

    /// The end of a container's log; absent where there is none, as the container has not run. A node that does not
    /// answer is not asked again.
    pub async fn log(&self, namespace: &str, pod: &str, log: &LogOf) -> Fact<Log> {
        if !can_be_a_name(pod) || !can_be_a_name(namespace) {
            return Fact::Absent;
        }
        let path = Request::new(Pod::url_path(&(), Some(namespace)));
        let request = path.logs(
            pod,
            &LogParams {
                container: Some(log.container.clone()),
                previous: log.previous,
                tail_lines: Some(LOG_LINES),
                limit_bytes: Some(LOG_BYTES),
                timestamps: true,
                ..LogParams::default()
            },
        );
        let read = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes);
            // Of more bytes the kubelet leaves out the last.
            let is_whole = bytes.len() < LOG_BYTES.unsigned_abs() as usize;
            Ok(Log {
                metadata: ObjectMeta {
                    name: Some(pod.to_owned()),
                    namespace: Some(namespace.to_owned()),
                    ..ObjectMeta::default()
                },
                since: is_whole.then(|| begins(&text)).flatten(),
                lines: telling_lines(&text, log.about.as_deref()),
            })
        };
        // A container runtime may give a little more than it is asked for.
        let limit = Size(2 * LOG_BYTES.unsigned_abs());
        let answer = match request {
            Ok(request) => {
                let answer = self.ask_once(&self.log_permits, request, limit, read, |_| ());
                let answer = timeout(LOG_TIME, answer).await;
                answer.unwrap_or(Err(Trouble::Late(LOG_TIME)))
            }
            Err(error) => Err(Trouble::Unsent(error.to_string())),
        };
        match answer {
            Ok(log) => Fact::Got(log),
            Err(Trouble::Api(status)) if matches!(status.code, 400 | 404) => Fact::Absent,
            Err(trouble) => fact_of(&trouble, Read::log(namespace, pod, log.clone()).unread("")),
        }
    }

    /// A list of objects.
    pub async fn list<K: Readable + Object>(&self, selection: Selection<'_>) -> Fact<Vec<K>> {
        self.list_as::<K, Kept<K>>(selection).await.map(Kept::all)
    }

    /// A list of pods, with of their metadata what [`LeanPod`] has.
    pub async fn pods(&self, selection: Selection<'_>) -> Fact<Vec<Pod>> {
        let pods = self.list_as::<Pod, LeanPod>(selection).await;
        pods.map(|pods| pods.into_iter().map(|LeanPod(pod)| pod).collect())
    }

    /// A list of objects of a kind that not every API server knows, in the newest version that it serves; absent where
    /// it says that it serves none.
    pub async fn list_if_served<K: Readable>(&self, selection: Selection<'_>) -> Fact<Vec<K>> {
        let served = async |wanted: Wanted| match self.pages(selection, &wanted, &OBJECTS).await {
            Ok(items) => Fact::Got(items),
            Err(Trouble::Api(status)) if Wanted::is_unserved(&status) => Fact::Absent,
            Err(trouble) => fact_of(&trouble, about::<K>("list", selection.namespace, None)),
        };
        match served(Wanted::of::<K>()).await {
            Fact::Absent => {
                let older = join_all(OLDER.map(|version| served(Wanted::of_version::<K>(version))));
                let mut older = older.await.into_iter();
                let found = older.find(|fact| !matches!(fact, Fact::Absent));
                found.unwrap_or(Fact::Absent)
            }
            fact => fact,
        }
    }

    async fn list_as<K: Readable, T: DeserializeOwned + Send + 'static>(
        &self,
        selection: Selection<'_>,
    ) -> Fact<Vec<T>> {
        if !selection.namespace.is_none_or(can_be_a_name) {
            return Fact::Absent;
        }
        let wanted = Wanted::of::<K>();
        match self.pages(selection, &wanted, &OBJECTS).await {
            Ok(items) => Fact::Got(items),
            Err(trouble) => fact_of(&trouble, about::<K>("list", selection.namespace, None)),
        }
    }

    /// Of a list of objects their metadata, and of that what [`LeanObject`] has.
    pub async fn list_metadata<K: Readable>(
        &self,
        selection: Selection<'_>,
    ) -> Result<Vec<ObjectMeta>, Trouble> {
        let wanted = Wanted::metadata_of::<K>();
        let objects: Vec<LeanObject> = self.pages(selection, &wanted, &METADATA).await?;
        Ok(objects.into_iter().map(|LeanObject(of)| of).collect())
    }

    /// The state of the objects that a selection holds, from which a watch can begin.
    pub async fn state<K: Readable>(&self, selection: Selection<'_>) -> Result<String, Trouble> {
        let path = Request::new(K::url_path(&(), selection.namespace));
        let params = ListParams {
            label_selector: selection.labels.map(str::to_owned),
            field_selector: selection.fields.map(str::to_owned),
            limit: Some(1),
            ..ListParams::default()
        };
        let limit = self.link.limits.sizes.page;
        let request = path.list_metadata(&params);
        self.ask(request, limit, |text| {
            let list: ListHead = serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let version = list.metadata.resource_version;
            version.ok_or_else(|| "it has no resourceVersion".to_owned())
        })
        .await
    }

    /// The API server's version.
    pub async fn version(&self) -> Fact<String> {
        let request = Request::new("/version").list(&ListParams::default());
        let limit = self.link.limits.sizes.object;
        let about = Unread {
            verb: "get".to_owned(),
            resource: "/version".to_owned(),
            namespace: None,
            name: None,
            reason: String::new(),
        };
        match self.ask(request, limit, git_version).await {
            Ok(version) => Fact::Got(version),
            Err(trouble) => fact_of(&trouble, about),
        }
    }

    /// Whether there is an API server at the other end that knows the user.
    ///
    /// # Errors
    /// [`ConnectError`] where all answers so far came from elsewhere, or there was none.
    pub fn verdict(&self) -> Result<(), ConnectError> {
        self.tally.verdict(self.link)
    }

    /// Sends a request, again where it makes sense, and makes of the answer what `read` makes of it,
    /// or says why it is not what was asked for.
    async fn ask<T>(
        &self,
        request: Built,
        limit: Size,
        read: impl Fn(String) -> Result<T, String>,
    ) -> Result<T, Trouble> {
        self.ask_peeking(request, limit, read, |_| ()).await
    }

    /// The same; `peek` sees as much of the answer as is there, whenever more of it comes in.
    pub(super) async fn ask_peeking<T>(
        &self,
        request: Built,
        limit: Size,
        read: impl Fn(String) -> Result<T, String>,
        peek: impl Fn(&[u8]),
    ) -> Result<T, Trouble> {
        let read = |bytes| {
            let text = String::from_utf8(bytes);
            read(text.map_err(|_| "it is not text in UTF-8".to_owned())?)
        };
        let request = request.map_err(|error| Trouble::Unsent(error.to_string()))?;
        let mut retries = RETRIES.into_iter();
        loop {
            let answer = self
                .ask_once(&self.permits, request.clone(), limit, &read, &peek)
                .await;
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

    async fn ask_once<T>(
        &self,
        permits: &Semaphore,
        request: Asked,
        limit: Size,
        read: impl Fn(Vec<u8>) -> Result<T, String>,
        peek: impl Fn(&[u8]),
    ) -> Result<T, Trouble> {
        // A closed semaphore is impossible; without a permit the request is merely not held back.
        let _permit = permits.acquire().await.ok();
        if let Some(trouble) = self.tally.unreachable() {
            return Err(trouble);
        }
        let left = self.left();
        if left == Some(Duration::ZERO) {
            return Err(Trouble::TooLate);
        }
        let (path, began) = (request.uri().to_string(), Instant::now());
        let mut came = Came::default();
        let answering = receive(
            &self.link.client,
            request,
            limit,
            &self.budget,
            &mut came,
            peek,
        );
        let time = left.into_iter().chain(self.link.limits.request).min();
        let answer = match time {
            Some(time) => timeout(time, answering)
                .await
                .unwrap_or(Err(Trouble::Late(time))),
            None => answering.await,
        };
        let answer = answer.and_then(|bytes| read(bytes).map_err(|why| Trouble::malformed(&why)));
        self.tally.count(&answer);
        came.trouble = answer.as_ref().err().map(Trouble::to_string);
        self.link.log.request(&path, &came, began.elapsed());
        answer
    }
}

/// What a list says of itself.
#[derive(Deserialize)]
pub(super) struct ListHead {
    pub(super) metadata: ListMeta,
}

/// The version that an API server says it has.
fn git_version(text: String) -> Result<String, String> {
    let info: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let version = info.get("gitVersion").and_then(serde_json::Value::as_str);
    match version {
        Some(version) if !version.is_empty() => Ok(cut(version, 80).into_owned()),
        _ => Err("it has no gitVersion".to_owned()),
    }
}

/// Whether an object can have the name. What cannot be a name must not become part of a path.
pub fn can_be_a_name(name: &str) -> bool {
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

/// What a read that brought no object is to the checks.
pub fn fact_of<T>(trouble: &Trouble, mut about: Unread) -> Fact<T> {
    about.reason = trouble.to_string();
    match trouble {
        Trouble::Api(status) if matches!(status.code, 401 | 403) => Fact::Refused(about),
        _ => Fact::Failed(about),
    }
}

#[cfg(test)]
mod tests;
