//! Rules that leave out pods.

use serde_json::json;

use crate::causes::called::uncalled;
use crate::causes::called::webhook_selectors::stock::{entry_path, patch};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Effect, Evidence, Finding, Severity};
use crate::way::Case;
use crate::way::{NotCalled, Outcome, injector};

declare_check! {
    /// The rules of the webhook do not cover the creation of pods.
    ///
    /// ## What it finds
    /// The selectors of an injection entry match, but its rules lack `CREATE` of `pods` in the core
    /// group's `v1`.
    ///
    /// ## Why it matters
    /// The API server never calls the webhook for a pod. Somebody edited the rules; the installation
    /// ships them right.
    ///
    /// ## How to fix it
    /// Put the rule back that the installation ships, then restart the pods.
    ///
    /// ## References
    /// - Kubernetes, matching requests by rules:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules>
    "INJ117", "webhook-rules", Called, about Pods, rank Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    if uncalled(case)?.is_none() {
        return Ok(Verdict::Passed);
    }
    let calls = case.calls()?;
    let broken =
        calls
            .iter()
            .filter(|call| call.injector)
            .find_map(|call| match call.called.no()? {
                NotCalled::Rules(rules) => Some((call, rules)),
                _ => None,
            });
    let Some((call, rules)) = broken else {
        return Ok(Verdict::Passed);
    };
    let mut found = injector::entries(case.webhooks()?).filter(|(configuration, _)| {
        configuration.metadata.name.as_deref() == Some(&call.configuration)
    });
    let Some((configuration, webhook)) = found.find(|(_, webhook)| webhook.name == call.entry)
    else {
        return Ok(Verdict::Passed);
    };
    let message = format!(
        "the rules of {} in {} cover {rules}, and not CREATE of pods",
        call.entry, call.configuration
    );
    let shipped = json!([{ "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*" }]);
    let fix = patch(
        configuration,
        webhook,
        "put back the rule that the installation ships",
        &[("rules", shipped)],
    )
    .restart(restart(case)?);
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(
        Evidence::new(
            format!("mutatingwebhookconfiguration/{}", call.configuration),
            entry_path(webhook, "rules"),
        )
        .actual(rules)
        .expected("CREATE of pods of apiGroups [] apiVersions [v1]"),
    )
    .fix(fix)]))
}
