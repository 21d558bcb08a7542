//! Hardware that computes with private keys.

use super::super::read::Message;

/// What is wrong with `privateKeyProvider`.
pub(super) fn complaint(provider: &Message) -> Option<String> {
    let Some((name, provider)) = provider.one_of(&["cryptomb", "qat"]) else {
        return Some("privateKeyProvider names no provider".to_owned());
    };
    let delay = provider.duration("poll_delay").unwrap_or(0);
    (delay == 0).then(|| format!("privateKeyProvider.{name}.pollDelay is missing or zero"))
}
