//! `istioctl tag`, which looks for the istiod of a revision in istio-system unless it is told where else.
//!
//! Source: Istio 1.31, `istioctl/pkg/tag/{tag,generate}.go`: the namespace names the Service that it looks for, and the webhook.

use crate::report::Command;
use crate::way::injector::{injectors, label};
use crate::way::{Case, names};

/// `istioctl tag set`, with these flags besides.
pub fn set_tag(case: &Case, tag: &str, revision: &str, flags: &[&str]) -> Command {
    let words = [&["tag", "set", tag, "--revision", revision], flags].concat();
    of_revision(case, revision, &words)
}

/// `istioctl tag remove` of a tag of this revision.
pub fn remove_tag(case: &Case, tag: &str, revision: &str) -> Command {
    of_revision(
        case,
        revision,
        &["tag", "remove", tag, "--skip-confirmation"],
    )
}

fn of_revision(case: &Case, revision: &str, words: &[&str]) -> Command {
    let webhooks = case.webhooks().unwrap_or_default();
    let mut own = injectors(webhooks)
        .filter(|(configuration, _)| label(configuration, names::ISTIO_REV) == Some(revision));
    let namespace = own.find_map(|(_, webhook)| {
        let service = webhook.client_config.service.as_ref()?;
        Some(service.namespace.as_str())
    });
    let elsewhere = namespace.filter(|namespace| *namespace != names::ISTIO_NAMESPACE);
    let flag = elsewhere.map(|namespace| ["--istioNamespace", namespace]);
    Command::istioctl(words.iter().copied().chain(flag.into_iter().flatten()))
}
