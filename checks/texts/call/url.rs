//! The URL of a call.

use crate::texts::What;
use crate::texts::head::Head;
use crate::texts::party::{self, Party};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport::{self, Transport};
use crate::texts::value::Key;
use crate::texts::words::Part;

use super::Call;

/// The parts of a URL that say whom it is for.
#[derive(Clone, Copy, Default)]
pub(super) struct Url<'t> {
    pub(super) host: Option<Part<'t>>,
    port: Option<Part<'t>>,
    pub(super) path: Option<Part<'t>>,
}

/// The URL after `Post "` or without quotes, as Go wrote it up to 1.13, and what comes after it.
pub(super) fn after_method(part: Part<'_>) -> Option<(Option<Part<'_>>, Part<'_>)> {
    let scheme = part.text.find("http")?;
    // Nothing but words of the call stands before the URL.
    if part
        .text
        .get(..scheme)
        .is_none_or(|before| before.len() > 120)
    {
        return None;
    }
    let (before, rest) = part.cut(scheme);
    if transport::read(before, &mut Values::default()).is_some() {
        return None;
    }
    let (url, after) = rest.take(is_of_url);
    let url = url.trim_end_of(&[':', ',', '.']);
    if !url.text.contains("://") {
        return None;
    }
    let after = Part::new(
        after.text.trim_start_matches(['"', ':']),
        after.end() - after.text.trim_start_matches(['"', ':']).len(),
    );
    Some((Some(url), after))
}

fn is_of_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

pub(super) fn parse(url: Part<'_>) -> Url<'_> {
    let Some(rest) = url.after("://") else {
        return Url::default();
    };
    let (host, rest) = rest.take(|c| c != ':' && c != '/' && c != '?');
    let (port, rest) = match rest.strip(":") {
        Some(rest) => {
            let (port, rest) = rest.take(|c| c.is_ascii_digit());
            (Some(port), rest)
        }
        None => (None, rest),
    };
    let path = rest.take(|c| c != '?').0;
    Url {
        host: Some(host),
        port,
        path: (!path.is_empty()).then_some(path),
    }
}

impl<'t> Url<'t> {
    /// Adds what the URL names: Service and namespace where it is one of the cluster.
    pub(super) fn add(&self, url: Part<'t>, values: &mut Values) {
        values.add(Key::Url, url);
        if let Some(host) = self.host {
            let mut labels = host.text.split('.');
            let (service, namespace, zone) = (labels.next(), labels.next(), labels.next());
            match (service, namespace, zone) {
                (Some(service), Some(namespace), Some("svc")) => {
                    let (service, rest) = host.cut(service.len());
                    values.add(Key::Service, service);
                    values.add(Key::Namespace, rest.cut(1).1.cut(namespace.len()).0);
                }
                _ => values.add(Key::Host, host),
            }
        }
        for (key, part) in [(Key::Port, self.port), (Key::Path, self.path)] {
            if let Some(part) = part {
                values.add(key, part);
            }
        }
    }
}

/// A call that is told by its URL alone.
pub(super) fn call(head: &Head) -> Option<Reading> {
    let before = head.before();
    let scheme = before.text.rfind("http")?;
    let (_, begin) = before.cut(scheme);
    let whole = Part::of(head.text, begin.at..head.rest().end());
    let (url, _) = whole.take(is_of_url);
    // The words have to be a part of the URL.
    if !url.text.contains("://") || url.end() < head.at.end {
        return None;
    }
    let (url, inner) = after_method(whole)?;
    let url = url?;
    let parts = parse(url);
    let mut values = Values::default();
    parts.add(url, &mut values);
    let path = parts.path.map(|path| path.text);
    let party = party::party(None, parts.host.map(|host| host.text), path);
    let message = inner.message();
    let read = transport::read(message, &mut values);
    let (error, end) = match read {
        // Prose comes between a URL and the next error.
        Some((_, after)) if after.at - inner.at > 300 => return None,
        Some((error, after)) => (error, after.at),
        None => (transport::read_cut(inner, &mut values)?, inner.at),
    };
    let is_cluster_wide = matches!(error, Transport::AddressNotAllowed | Transport::NoAgent);
    let is_call = matches!(party, Party::Injector | Party::Validator);
    if !is_call && !is_cluster_wide {
        return None;
    }
    let call = Call {
        party,
        policy: None,
        error: Some(error),
        of_log: false,
        of_pods: party == Party::Injector,
    };
    Some(values.into_reading(What::Call(call), url.at, end))
}
