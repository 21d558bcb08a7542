//! No injection webhook at all.

use crate::causes::fields::severity_of_absence;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{WRITES_THE_WEBHOOK, restart};
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk};
use crate::way::asked::asks;
use crate::way::{Case, Outcome, asks_for_ambient, injector, is_static, names};

declare_check! {
    /// There is no injection webhook in the cluster.
    ///
    /// ## What it finds
    /// No entry of any MutatingWebhookConfiguration is Istio's injector, by the entry's name, its
    /// path or the label `app=sidecar-injector`.
    ///
    /// ## Why it matters
    /// Nobody can inject any pod. Istio is not installed, was uninstalled, or was installed without
    /// its webhooks (`operatorManageWebhooks`, `resourceScope: namespace`).
    ///
    /// ## How to fix it
    /// Where istiod runs, `istioctl tag set default` makes a webhook that leads to it. Else install
    /// Istio.
    ///
    /// ## References
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ115", "webhook-missing", Called, about Pods, rank Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let webhooks = case.webhooks()?;
    if injector::injectors(webhooks).next().is_some() || is_static(case)? {
        return Ok(Verdict::Passed);
    }
    if asks_for_ambient(case)?.is_some() && asks(case)?.is_none() {
        return Ok(Verdict::not_applicable(
            "ambient needs no injection webhook",
        ));
    }
    let message = "no injection webhook is installed, so no pod of the cluster can be injected";
    let evidence = Evidence::new(
        "mutatingwebhookconfigurations",
        ".items[*].webhooks[*].name",
    )
    .actual(format!(
        "{} configurations, none of them Istio's",
        webhooks.len()
    ))
    .expected(format!("*.{}", names::INJECTOR_SUFFIX));
    let revision = case
        .namespace()?
        .and_then(|namespace| namespace.metadata.labels.as_ref()?.get(names::ISTIO_REV));
    let mut install = vec!["install".to_owned(), "--skip-confirmation".to_owned()];
    install.extend(revision.map(|revision| format!("--set=revision={revision}")));
    let fix = Fix::new(
        "install Istio",
        Risk::MeshWide,
        "istiod and its injection webhooks are installed with default settings",
    )
    .unforeseen(Command::istioctl(install), WRITES_THE_WEBHOOK)
    .restart(restart(case)?);
    Ok(Verdict::of([Finding::new(
        severity_of_absence(case)?,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(evidence)
    .fix(fix)]))
}
