//! Selectors that are not those of the installation.

use serde_json::json;

use crate::causes::called::uncalled;
use crate::causes::called::webhook_selectors::stock::{entry_path, patch, stock_selectors};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Effect, Evidence, Finding, Severity};
use crate::way::Case;
use crate::way::selector::{in_words, requirements, unmet};
use crate::way::{Outcome, injector};

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
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    for (configuration, webhook) in injector::injectors(case.webhooks()?) {
        if injector::is_deactivated(webhook) {
            continue;
        }
        let Some((namespace, object)) = stock_selectors(configuration, webhook) else {
            continue;
        };
        let would_select = |selector, labels| {
            requirements(Some(selector)).is_ok_and(|all| unmet(&all, labels).is_none())
        };
        if !would_select(&namespace, &what_if.namespace)
            || !would_select(&object, &what_if.pod.labels)
        {
            continue;
        }
        let name = configuration.metadata.name.as_deref().unwrap_or_default();
        let message = format!(
            "the selectors of {} in {name} are not those that Istio ships, and exclude the pod",
            webhook.name
        );
        let element = format!("k:{{\"name\":\"{}\"}}", webhook.name);
        let shown = [
            (
                "namespaceSelector",
                &webhook.namespace_selector,
                &namespace,
                &what_if.namespace,
            ),
            (
                "objectSelector",
                &webhook.object_selector,
                &object,
                &what_if.pod.labels,
            ),
        ];
        let mut finding = Finding::new(
            Severity::Warning,
            Effect::Decides(Outcome::NotInjected),
            message,
        );
        let mut changes = Vec::new();
        for (field, actual, stock, labels) in shown {
            let Ok(actual) = requirements(actual.as_ref()) else {
                continue;
            };
            if unmet(&actual, labels).is_some() {
                finding = finding.evidence(
                    Evidence::new(
                        format!("mutatingwebhookconfiguration/{name}"),
                        entry_path(webhook, field),
                    )
                    .actual(in_words(&actual))
                    .expected(in_words(&requirements(Some(stock)).unwrap_or_default()))
                    .set_in(&configuration.metadata, &["webhooks", &element, field]),
                );
                changes.push((field, json!(stock)));
            }
        }
        if changes.is_empty() {
            continue;
        }
        let fix = patch(
            configuration,
            webhook,
            "put back the selectors that Istio ships",
            &changes,
        )
        .restart(restart(case)?);
        return Ok(Verdict::of([finding.fix(fix)]));
    }
    Ok(Verdict::Passed)
}
