//! Lists, page by page.
//!
//! A page begins with the token of the next one, which is asked for at once, while the rest of the page is still on its
//! way: the API server takes as long for a page as it takes to get here. Whether the token was right is told only by the
//! whole page, once it is compared with what was asked for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::select;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinHandle, spawn_blocking};

use super::answer::Wanted;
use super::form::Form;
use super::reader::{ListHead, Reader, Selection};
use super::trouble::Trouble;

/// Pages under way at once: the time for the one after the next would run while it can only wait.
const AT_ONCE: usize = 2;
/// How much of a page to look for the token in.
const START: usize = 16 << 10;
/// Texts of pages that wait to be read: more of them only take memory.
const WAITING: usize = 2;

/// A page of a list.
struct Page {
    /// The token of the next page.
    next: Option<String>,
    text: String,
}

impl Reader<'_> {
    /// The items of all pages of a list.
    pub(super) async fn pages<T: DeserializeOwned + Send + 'static>(
        &self,
        selection: Selection<'_>,
        wanted: &Wanted,
        form: &Form,
    ) -> Result<Vec<T>, Trouble> {
        let path = Request::new(wanted.path(selection.namespace));
        let limit = self.link.limits.sizes.page;
        let read = |text: String| {
            let next = wanted.check_page(&text, selection.namespace)?;
            Ok(Page { next, text })
        };
        let (tell, mut told) = unbounded_channel();
        let ask = |token: Option<String>| {
            let params = ListParams {
                label_selector: selection.labels.map(str::to_owned),
                field_selector: selection.fields.map(str::to_owned),
                limit: Some(form.page),
                continue_token: token,
                ..ListParams::default()
            };
            let (tell, is_told) = (tell.clone(), AtomicBool::new(false));
            let peek = move |start: &[u8]| {
                if !is_told.load(Ordering::Relaxed)
                    && let Some(token) = token_in(start)
                {
                    is_told.store(true, Ordering::Relaxed);
                    // The list listens as long as any of its pages is under way.
                    let _ = tell.send(token);
                }
            };
            self.ask_peeking((form.request)(&path, &params), limit, &read, peek)
        };
        let mut pages = Pages::default();
        // The pages under way, and the tokens that they were asked for with: none is that of the first page.
        let (mut under_way, mut tokens) = (FuturesOrdered::new(), VecDeque::new());
        let (mut begin_at, mut restarted) = (Some(None), false);
        loop {
            if let Some(token) = begin_at.take() {
                under_way = FuturesOrdered::new();
                tokens.clear();
                while told.try_recv().is_ok() {}
                under_way.push_back(ask(Option::clone(&token)));
                tokens.push_back(token);
            }
            let is_enough = |most| pages.number + under_way.len() >= most;
            let may_ask = under_way.len() < AT_ONCE && !selection.pages.is_some_and(is_enough);
            let answer = select! {
                Some(answer) = under_way.next() => answer,
                Some(token) = told.recv(), if may_ask => {
                    under_way.push_back(ask(Some(token.clone())));
                    tokens.push_back(Some(token));
                    continue;
                }
            };
            let own = tokens.pop_front().flatten();
            match answer {
                Ok(page) => {
                    pages.add(page.text).await?;
                    if page.next.is_none() || selection.pages == Some(pages.number) {
                        return pages.items().await;
                    }
                    if page.next == own {
                        return Err(Trouble::malformed("a page of the list follows itself"));
                    }
                    if tokens.front() != Some(&page.next) {
                        begin_at = Some(page.next);
                    }
                }
                // The server has forgotten the state that the list was begun in.
                Err(Trouble::Api(status)) if status.code == 410 && own.is_some() && !restarted => {
                    (pages, begin_at, restarted) = (Pages::default(), Some(None), true);
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }
}

/// The token of the next page, where the start of a page has it: the API server writes what it says of the list before
/// the items.
fn token_in(start: &[u8]) -> Option<String> {
    const ITEMS: &[u8] = b"\"items\":";
    let start = start.get(..START).unwrap_or(start);
    let at = start.windows(ITEMS.len()).position(|part| part == ITEMS)?;
    let list = [start.get(..at)?, ITEMS, b"null}"].concat();
    let list: ListHead = serde_json::from_slice(&list).ok()?;
    list.metadata.continue_.filter(|token| !token.is_empty())
}

/// The pages of a list. The items of each are read while the next ones are on their way: either takes as long.
struct Pages<T> {
    number: usize,
    texts: VecDeque<JoinHandle<serde_json::Result<Vec<T>>>>,
    read: Vec<Vec<T>>,
}

/// The items of a list.
#[derive(Deserialize)]
struct Body<T> {
    /// Null for an empty list of metadata.
    items: Option<Vec<T>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            number: 0,
            texts: VecDeque::new(),
            read: Vec::new(),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    async fn add(&mut self, text: String) -> Result<(), Trouble> {
        self.number += 1;
        self.texts.push_back(spawn_blocking(move || {
            let body: Body<T> = serde_json::from_str(&text)?;
            Ok(body.items.unwrap_or_default())
        }));
        self.read_all_but(WAITING).await
    }

    async fn read_all_but(&mut self, waiting: usize) -> Result<(), Trouble> {
        while self.texts.len() > waiting
            && let Some(text) = self.texts.pop_front()
        {
            let malformed = |error: String| Trouble::malformed(&error);
            let items = text.await.map_err(|error| malformed(error.to_string()))?;
            let items = items.map_err(|error| malformed(error.to_string()))?;
            self.read.push(items);
        }
        Ok(())
    }

    /// The items of all pages.
    async fn items(mut self) -> Result<Vec<T>, Trouble> {
        self.read_all_but(0).await?;
        let mut all = Vec::with_capacity(self.read.iter().map(Vec::len).sum());
        self.read.into_iter().for_each(|items| all.extend(items));
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::Duration;

    use futures::stream::{iter, once};
    use http::Response;
    use http_body_util::StreamBody;
    use hyper::body::{Bytes, Frame};
    use injdoctor_checks::facts::Fact;
    use k8s_openapi::api::core::v1::Namespace;
    use kube::Client;
    use kube::client::Body;
    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::*;
    use crate::cluster::fake::{Answer, Fake};

    #[tokio::test]
    async fn the_next_page_is_asked_for_while_a_page_comes_in() {
        let next_is_asked = Arc::new(Notify::new());
        let service = tower::service_fn(move |request: http::Request<Body>| {
            let is_first = !request.uri().to_string().contains("continue=b");
            let next_is_asked = next_is_asked.clone();
            let (next, name) = if is_first { ("b", "one") } else { ("", "two") };
            let start = format!(
                r#"{{"kind":"NamespaceList","apiVersion":"v1","metadata":{{"continue":"{next}"}},"items":["#
            );
            let rest = format!(r#"{{"metadata":{{"name":"{name}"}}}}]}}"#);
            let frame = |text: String| Ok::<_, Infallible>(Frame::data(Bytes::from(text)));
            let rest = async move {
                match is_first {
                    true => next_is_asked.notified().await,
                    false => next_is_asked.notify_one(),
                }
                frame(rest)
            };
            let body = StreamBody::new(iter([frame(start)]).chain(once(rest)));
            async { Ok::<_, Infallible>(Response::new(body)) }
        });
        let mut fake = Fake::new(|_| Answer::Cut);
        fake.link.client = Client::new(service, "default");
        let reader = Reader::new(&fake.link);
        let list = reader.list::<Namespace>(Selection::within(None));
        let Ok(Fact::Got(all)) = timeout(Duration::from_secs(10), list).await else {
            panic!("the first page waits for the second to be asked for");
        };
        let names: Vec<_> = all.iter().map(|one| one.metadata.name.as_deref()).collect();
        assert_eq!(names, [Some("one"), Some("two")]);
    }

    #[test]
    fn the_token_stands_before_the_items() {
        for (start, expected) in [
            (
                r#"{"metadata":{"continue":"b","remainingItemCount":3},"items":[{"#,
                Some("b"),
            ),
            (
                r#"{"metadata":{"continue":"a\"items\":b"},"items":[{"#,
                Some("a\"items\":b"),
            ),
            (r#"{"metadata":{"continue":""},"items":[{"#, None),
            (r#"{"metadata":{},"items":[{"#, None),
            (r#"{"metadata":{"continue":"b","#, None),
            (r#"{"items":[{"#, None),
            (r#"not JSON,"items":"#, None),
            ("", None),
        ] {
            assert_eq!(token_in(start.as_bytes()).as_deref(), expected, "{start}");
        }
    }
}
