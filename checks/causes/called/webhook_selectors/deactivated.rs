//! The only webhook is switched off.

use crate::causes::called::uncalled;
use crate::causes::fields::severity_of_absence;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{WRITES_THE_WEBHOOK, remove_tag, restart, set_tag};
use crate::report::{Effect, Evidence, Finding, Fix, Risk};
use crate::way::Case;
use crate::way::{Outcome, injector, names};

declare_check! {
    /// The only webhook of the revision asked for is deactivated, and no tag replaces it.
    ///
    /// ## What it finds
    /// The selectors of the revision's webhook ask for label `istio.io/deactivated`, which nothing
    /// has, and no webhook of a tag serves the revision in its place.
    ///
    /// ## Why it matters
    /// `istioctl install` and `istioctl tag set default` deactivate the webhook of the default
    /// revision, since that of the tag does its work. Removing the tag does not bring it back.
    ///
    /// ## How to fix it
    /// Set the tag again. A deactivated webhook beside a live one of the tag is healthy.
    ///
    /// ## References
    /// - Istio 1.31, `istioctl/pkg/tag/util.go`
    "INJ116", "webhook-deactivated", Called, about Pods, rank Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let asked = match what_if
        .namespace
        .get(names::ISTIO_INJECTION)
        .map(String::as_str)
    {
        Some("enabled") => Some(names::DEFAULT_REVISION),
        Some(_) => None,
        None => {
            let by_label = what_if
                .namespace
                .get(names::ISTIO_REV)
                .or_else(|| what_if.pod.labels.get(names::ISTIO_REV));
            let by_pod = what_if
                .pod
                .labels
                .get(names::INJECT)
                .filter(|value| *value == "true");
            by_label
                .map(String::as_str)
                .or(by_pod.map(|_| names::DEFAULT_REVISION))
        }
    };
    let Some(asked) = asked.filter(|asked| !what_if.revisions().iter().any(|live| live == asked))
    else {
        return Ok(Verdict::Passed);
    };
    let off = injector::injectors(case.webhooks()?).find(|(configuration, webhook)| {
        injector::is_deactivated(webhook)
            && injector::label(configuration, names::ISTIO_REV) == Some(asked)
    });
    let Some((configuration, webhook)) = off else {
        return Ok(Verdict::Passed);
    };
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    let message = format!(
        "webhook configuration {name} of revision {asked} is deactivated, and no tag serves the revision in its place"
    );
    let path = format!(
        ".webhooks[?(@.name==\"{}\")].namespaceSelector",
        webhook.name
    );
    let element = format!("k:{{\"name\":\"{}\"}}", webhook.name);
    let evidence = Evidence::new(format!("mutatingwebhookconfiguration/{name}"), path)
        .actual(format!("{} in (never-match)", names::DEACTIVATED))
        .set_in(
            &configuration.metadata,
            &["webhooks", &element, "namespaceSelector"],
        );
    let fix = Fix::new(
        format!("set tag {asked} for revision {asked}"),
        Risk::MeshWide,
        format!("new pods of every namespace that asks for revision {asked} get the sidecar"),
    )
    .unforeseen(
        set_tag(case, asked, asked, &["--overwrite"]),
        WRITES_THE_WEBHOOK,
    )
    .undo(remove_tag(case, asked, asked))
    .restart(restart(case)?);
    Ok(Verdict::of([Finding::new(
        severity_of_absence(case)?,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(evidence)
    .fix(fix)]))
}
