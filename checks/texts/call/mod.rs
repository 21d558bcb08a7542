//! Failed calls of webhooks: which webhook, where it was called, and the inner error.

mod bare;
mod url;

use std::sync::LazyLock;

use super::What;
use super::head::{Anchor, Head};
use super::party::{self, Party};
use super::reading::{Reading, Values};
use super::transport::{self, Transport};
use super::value::Key;
use super::words::{AnyOf, Part};
pub(super) use bare::BARE;

/// A call of a webhook that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// Whose webhook it is.
    pub party: Party,
    /// What the API server does without an answer, where the text says so.
    pub policy: Option<Policy>,
    /// Why the call failed; none where the text does not say.
    pub error: Option<Transport>,
    /// The text is of the API server's own log, which is seen only by who runs it.
    pub of_log: bool,
    /// Pods are refused by it.
    pub of_pods: bool,
}

/// What the API server does where a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// It goes on without the webhook.
    Open,
    /// It refuses the request.
    Closed,
}

/// Where the grammar of failed calls begins. Source: `k8s.io/apiserver/pkg/util/webhook/error.go` and
/// `.../admission/plugin/webhook/mutating/dispatcher.go` (1.16 to 1.36); up to 1.15 it said "admission webhook".
pub(super) const CALLS: &[Anchor] = &[
    Anchor {
        words: "failed calling webhook",
        read: call,
    },
    Anchor {
        words: "failed calling admission webhook",
        read: call,
    },
    Anchor {
        words: "failed to call webhook",
        read: call,
    },
    Anchor {
        words: "failed call webhook",
        read: call,
    },
    Anchor {
        words: ".svc:",
        read: url::call,
    },
    Anchor {
        words: "/inject",
        read: url::call,
    },
];

/// How far before the words those of the log stand that say what comes of the failure.
const LOGGED: usize = 200;

fn call(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let mut rest = head.rest();
    let mut policy = None;
    if let Some(failing) = rest.strip(", failing ") {
        let (word, after) = failing.word();
        policy = of_word(word.text);
        if head.next < head.at.end + 200 {
            // The call itself is told right after it.
            return None;
        }
        let (webhook, after) = after.word();
        values.add(Key::Webhook, webhook);
        rest = after;
    } else if let Some((webhook, after)) = rest.quoted().filter(|(name, _)| is_webhook(name.text)) {
        values.add(Key::Webhook, webhook);
        rest = after;
    }
    if rest.text.trim().is_empty() && !values.has(Key::Webhook) {
        // Prose about failed calls.
        return None;
    }
    let before = head.before().range();
    let near = Part::of(
        head.text,
        before.start.max(before.end.saturating_sub(LOGGED))..before.end,
    );
    if let Some(failing) = near.after("ailed calling webhook, failing ") {
        let (word, after) = failing.word();
        policy = of_word(word.text);
        values.add(Key::Webhook, after.word().0);
    }
    let of_log = policy.is_some() || near.has("dispatcher.go");
    rest = rest.strip(":").unwrap_or(rest);
    rest = rest.strip("failed to call webhook").unwrap_or(rest);
    let start = values_start(&near, head, policy);
    finish(head, rest, values, policy, of_log, start)
}

/// Where the whole of it begins: at the words of the log before it.
fn values_start(near: &Part, head: &Head, policy: Option<Policy>) -> usize {
    match (policy, near.text.find("ailed calling webhook, failing ")) {
        (Some(_), Some(at)) => (near.at + at).saturating_sub(1),
        _ => head.at.start,
    }
}

fn of_word(word: &str) -> Option<Policy> {
    match word {
        "open" => Some(Policy::Open),
        "closed" => Some(Policy::Closed),
        _ => None,
    }
}

/// Reads the URL and the inner error.
fn finish(
    head: &Head,
    rest: Part,
    mut values: Values,
    policy: Option<Policy>,
    of_log: bool,
    start: usize,
) -> Option<Reading> {
    let (url, inner) = url::after_method(rest).unwrap_or((None, rest));
    let mut parts = url::Url::default();
    if let Some(url) = url {
        parts = url::parse(url);
        parts.add(url, &mut values);
    }
    let read = transport::read(inner.message(), &mut values);
    let (error, end) = match read {
        Some((error, after)) => (Some(error), after.at),
        None => (transport::read_cut(inner, &mut values), inner.at),
    };
    let named = values.text(Key::Webhook, head.text);
    let party = party::party(
        named,
        parts.host.map(|host| host.text),
        parts.path.map(|path| path.text),
    );
    if party == Party::Unnamed && error.is_none() {
        return None;
    }
    let call = Call {
        party,
        policy,
        error,
        of_log,
        of_pods: of_pods(head, named, parts.path.map(|path| path.text)),
    };
    Some(values.into_reading(What::Call(call), start, end))
}

/// Words before the failure that say that it is pods which are refused.
static OF_PODS: LazyLock<AnyOf> = LazyLock::new(|| {
    AnyOf::new(&[
        "error creating: ",
        "failedcreate",
        "pods \"",
        "create pod ",
        "replicaset",
        "creating pod",
    ])
});

/// Whether it is pods that are refused: the controller of a ReplicaSet says "Error creating", and webhooks for pods
/// say so in their names or paths.
fn of_pods(head: &Head, webhook: Option<&str>, path: Option<&str>) -> bool {
    let named = [webhook, path];
    let is_pod = |word: &str| word.ends_with("pod") || word.ends_with("pods");
    let of_pod = |name: &str| {
        super::words::has(name, "inject") || name.split(|c: char| !c.is_alphanumeric()).any(is_pod)
    };
    named.into_iter().flatten().any(of_pod) || OF_PODS.is_in(head.before().text)
}

/// Whether a quoted word is the name of a webhook: it has dots.
fn is_webhook(name: &str) -> bool {
    !name.contains(' ') && !name.contains('/')
}
