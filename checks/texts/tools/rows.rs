//! Rows of `kubectl get pods` and of `istioctl proxy-status`.

use super::Tool;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: " 1/2 running ",
        read: row,
    },
    Anchor {
        words: " 1/2 notready ",
        read: row,
    },
    Anchor {
        words: "stale (never acknowledged)",
        read: stale,
    },
];

/// A row of `istioctl proxy-status`: what istiod sent was never acknowledged.
fn stale(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    values.add(Key::Pod, head.before_in_message().trim_start().word().0);
    let what = What::Tool(Tool::NeverAcknowledged);
    Some(values.into_reading(what, head.at.start, head.at.end))
}

/// `NAME 1/2 Running 0 34m`. A pod of a CronJob has the time of its Job in its name: seconds up to Kubernetes 1.20, minutes
/// from then on. `NotReady` is told of a pod whose own container has ended.
fn row(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before_in_message();
    let at = before.text.rfind(' ').map_or(0, |at| at + 1);
    let (_, name) = before.cut(at);
    let is_time =
        |part: &str| matches!(part.len(), 8 | 10) && part.chars().all(|c| c.is_ascii_digit());
    let of_job = name.text.split('-').any(is_time);
    let has_ended = head.words().has("notready");
    if !of_job && !has_ended {
        return None;
    }
    values.add(Key::Pod, name);
    Some(values.into_reading(What::Tool(Tool::JobGoesOn), name.at, head.at.end))
}
