//! A snapshot that is kept up to date: watches tell what of it has changed, and only that is read again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use injdoctor_checks::facts::{Fact, Object, Read, Snapshot};
use injdoctor_checks::for_resource;
use injdoctor_checks::plan::Question;
use jiff::Timestamp;
use kube::api::{WatchEvent, WatchParams};
use kube::core::Request;
use serde::de::IgnoredAny;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::carry_out::selection;
use super::collect::{CollectError, collect_from};
use super::connect::Link;
use super::read::{Readable, Reader, Trouble, can_be_a_name};
use crate::log::Came;

/// How long to gather changes: one change of an object brings others with it.
const GATHER: Duration = Duration::from_millis(100);
/// The longest rest between two readings. Otherwise it is as long as the last one took, so that a cluster that changes
/// without end has as much rest as work.
const REST: Duration = Duration::from_secs(10);
/// How long to wait before what failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// Seconds after which the server ends a watch, and how long to wait for that end: a connection may have died silently.
const WATCH: (u32, Duration) = (290, Duration::from_secs(300));

/// A snapshot that is kept up to date.
#[derive(Debug)]
pub struct Follower<'a> {
    link: Arc<Link>,
    question: &'a Question,
    snapshot: Snapshot,
    watched: BTreeSet<Read>,
    /// They end with the follower.
    watches: JoinSet<()>,
    tell: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
    stale: BTreeSet<Read>,
    unwatched: Vec<String>,
    rest: Duration,
}

/// What a watch tells.
#[derive(Debug)]
enum Told {
    /// Something of what this read brought may be different now.
    Changed(Read),
    /// Nobody will tell about changes of what this read brought, and why.
    Unwatched(Read, String),
}

impl<'a> Follower<'a> {
    /// Follows what a snapshot rests on.
    pub fn new(link: &Link, question: &'a Question, snapshot: Snapshot) -> Self {
        let (tell, told) = unbounded_channel();
        let mut follower = Self {
            link: Arc::new(link.clone()),
            question,
            snapshot,
            watched: BTreeSet::new(),
            watches: JoinSet::new(),
            tell,
            told,
            stale: BTreeSet::new(),
            unwatched: Vec::new(),
            rest: Duration::ZERO,
        };
        follower.watch_what_is_new();
        follower
    }

    /// What is known now.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What is known now, without following it any more.
    pub fn into_snapshot(self) -> Snapshot {
        self.snapshot
    }

    /// What cannot be watched, so that no change of it is noticed; each only once.
    pub fn unwatched(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unwatched)
    }

    /// Waits for a change, though no longer than `most`, and reads again what is concerned. Where nothing changes, only
    /// the time of the snapshot does.
    ///
    /// # Errors
    /// [`CollectError`] where the cluster cannot be read any more. Another call tries again.
    pub async fn next(&mut self, most: Duration) -> Result<(), CollectError> {
        let failed = self.snapshot.reads.reads();
        let failed = failed.filter(|(_, fact)| matches!(fact, Fact::Failed(_)));
        let failed: Vec<_> = failed.map(|(read, _)| read.clone()).collect();
        let most = match failed.is_empty() {
            true => most,
            false => most.min(AGAIN),
        };
        if self.stale.is_empty()
            && let Ok(Some(told)) = timeout(most, self.told.recv()).await
        {
            self.take(told);
            sleep(GATHER.max(self.rest)).await;
        }
        while let Ok(told) = self.told.try_recv() {
            self.take(told);
        }
        self.snapshot.recorded_at = Timestamp::now();
        if self.stale.is_empty() && failed.is_empty() {
            return Ok(());
        }
        let mut reads = self.snapshot.reads.clone();
        for read in self.stale.iter().chain(&failed) {
            reads.forget(read);
        }
        let began = Instant::now();
        self.snapshot = collect_from(&self.link, self.question, reads).await?;
        self.rest = began.elapsed().min(REST);
        self.stale.clear();
        self.watch_what_is_new();
        Ok(())
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Changed(read) => {
                self.stale.insert(read);
            }
            Told::Unwatched(read, why) => {
                self.unwatched.push(format!("{read}: {why}"));
            }
        }
    }

    fn watch_what_is_new(&mut self) {
        for (read, fact) in self.snapshot.reads.reads() {
            let was_read = matches!(fact, Fact::Got(_) | Fact::Absent);
            let mut names = read.namespace.iter().chain(&read.name);
            if was_read
                && names.all(|name| can_be_a_name(name))
                && self.watched.insert(read.clone())
            {
                let (link, read, tell) = (self.link.clone(), read.clone(), self.tell.clone());
                self.watches.spawn(async move {
                    if let Err(why) = for_resource!(read.resource, watch(&link, &read, &tell)).await
                    {
                        // Nobody listens any more where the follower is gone.
                        let _ = tell.send(Told::Unwatched(read, why));
                    }
                });
            }
        }
    }
}

type Watching<'a> = futures::future::BoxFuture<'a, Result<(), String>>;

/// Watches what a read brought, and begins again wherever that ends. What changes before a watch begins is told by its
/// beginning.
fn watch<'a, K: Readable + Object>(
    link: &'a Link,
    read: &'a Read,
    tell: &'a UnboundedSender<Told>,
) -> Watching<'a> {
    Box::pin(async move {
        loop {
            match watch_once::<K>(link, read, tell).await {
                Ok(()) => {}
                // The API server does not serve the kind, so there is nothing to be seen.
                Err(Trouble::Api(status)) if status.code == 404 => return Ok(()),
                Err(Trouble::Api(status)) if matches!(status.code, 401 | 403 | 405) => {
                    return Err(status.message);
                }
                Err(_) => sleep(AGAIN).await,
            }
        }
    })
}

async fn watch_once<K: Readable + Object>(
    link: &Link,
    read: &Read,
    tell: &UnboundedSender<Told>,
) -> Result<(), Trouble> {
    let by_name = read
        .name
        .as_ref()
        .map(|name| format!("metadata.name={name}"));
    let mut selection = selection(read);
    selection.fields = by_name.as_deref().or(selection.fields);
    // The watch of one object begins by telling it, and takes no permission to list; that of many would tell them all.
    let version = match read.name {
        Some(_) => String::new(),
        None => Reader::new(link).state::<K>(selection).await?,
    };
    let params = WatchParams {
        label_selector: selection.labels.map(str::to_owned),
        field_selector: selection.fields.map(str::to_owned),
        timeout: Some(WATCH.0),
        ..WatchParams::default()
    };
    let path = Request::new(K::url_path(&(), selection.namespace));
    let request = path
        .watch_metadata(&params, &version)
        .map_err(|error| Trouble::Unsent(error.to_string()))?;
    let (path, began) = (request.uri().to_string(), Instant::now());
    let mut came = Came::default();
    let opened = link.client.request_events::<IgnoredAny>(request).await;
    let opened = opened.map_err(Trouble::from);
    match &opened {
        Ok(_) => came.code = Some(200),
        Err(trouble) => came.trouble = Some(trouble.to_string()),
    }
    link.log.request(&path, &came, began.elapsed());
    let mut events = opened?.boxed();
    // What changed before it began.
    let _ = tell.send(Told::Changed(read.clone()));
    while let Ok(Some(event)) = timeout(WATCH.1, events.next()).await {
        match event.map_err(Trouble::from)? {
            WatchEvent::Added(_) | WatchEvent::Modified(_) | WatchEvent::Deleted(_) => {
                let _ = tell.send(Told::Changed(read.clone()));
            }
            WatchEvent::Bookmark(_) => {}
            // The state that it began in is forgotten.
            WatchEvent::Error(_) => break,
        }
    }
    Ok(())
}
