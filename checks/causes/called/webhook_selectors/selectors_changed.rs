//! Selectors that are not those of the installation.

use super::changed::changed;
use super::platform::is_of_platform;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Effect, Finding, Severity};
use crate::way::{Case, Outcome};

declare_check! {
    /// The selectors of the webhook differ from those the installation ships, and exclude the pod.
    ///
    /// ## What it finds
    /// An injection entry has another namespaceSelector or objectSelector than Istio's charts give an
    /// entry of that name, and with the charts' selectors it would be called for the pod.
    ///
    /// ## Why it matters
    /// Whoever labels a namespace as Istio's documentation says gets nothing, and nothing says so.
    ///
    /// ## How to fix it
    /// Put the selectors back that the installation ships, then restart the pods. Where a tool
    /// rewrites them (GitOps, a policy engine, a platform), change them there.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/{mutatingwebhook,revision-tags-mwc}.yaml`
    "INJ119", "webhook-selectors-changed", Called, about Pods, rank Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(changed) = changed(case)? else {
        return Ok(Verdict::Passed);
    };
    if is_of_platform(&changed) {
        return Ok(Verdict::not_applicable(
            "webhook-selectors-platform explains it",
        ));
    }
    let message = format!(
        "the selectors of {} in {} are not those that Istio ships, and exclude the pod",
        changed.webhook.name,
        changed.name()
    );
    let effect = Effect::Decides(Outcome::NotInjected);
    let finding = Finding::new(Severity::Warning, effect, message);
    let fix = changed.put_back("put back the selectors that Istio ships");
    Ok(Verdict::of([changed
        .evidence()
        .fold(finding, Finding::evidence)
        .fix(fix.restart(restart(case)?))]))
}
