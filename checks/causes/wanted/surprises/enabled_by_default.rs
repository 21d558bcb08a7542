//! Every namespace is injected.

use crate::causes::fields::namespace_label;
use crate::causes::wanted::injected;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{opt_out, relabel_namespace};
use crate::report::{Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::selector::{in_words, requirements};
use crate::way::{Outcome, injector, names};

declare_check! {
    /// The pod is injected because the mesh injects every namespace that says nothing else.
    ///
    /// ## What it finds
    /// The webhook entry that is called is `auto.sidecar-injector.istio.io`, which the installation has
    /// with `enableNamespacesByDefault`. Neither the namespace nor the pod asks for injection.
    ///
    /// ## Why it matters
    /// It is by design, but comes as a surprise: a namespace without any label gets sidecars.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where it is intended. Else let the namespace or the pod opt out.
    ///
    /// ## References
    /// - Istio's Helm value `sidecarInjectorWebhook.enableNamespacesByDefault`
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ309", "enabled-by-default", Wanted, about Pods,
    run
}

/// The entry that selects what says nothing.
pub const ENTRY: &str = "auto.sidecar-injector.istio.io";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let by_default = |entry: &str| (entry == ENTRY).then_some(());
    let (asked, ()) = match injected(case, |asked, _| by_default(&asked.webhook.1))? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let name = case.target().namespace.as_str();
    let (configuration, entry) = asked.webhook;
    let message = format!(
        "webhook configuration {configuration} injects every namespace that says nothing else, as namespace {name} does"
    );
    let selector = injector::entries(case.webhooks()?)
        .find(|(one, webhook)| {
            one.metadata.name.as_ref() == Some(&configuration) && webhook.name == entry
        })
        .and_then(|(_, webhook)| requirements(webhook.namespace_selector.as_ref()).ok());
    let object = format!("mutatingwebhookconfiguration/{configuration}");
    let path = format!(".webhooks[?(@.name==\"{entry}\")].namespaceSelector");
    let evidence = Evidence::new(object, path).actual(in_words(&selector.unwrap_or_default()));
    let key = names::ISTIO_INJECTION;
    let namespace = Fix::new(
        "let the namespace opt out, then restart its pods",
        Risk::RestartsPods,
        format!("new pods of {name} go without the sidecar"),
    );
    let namespace = relabel_namespace(case, namespace, &[(key, Some("disabled"))])?;
    let pod = opt_out(case)?;
    Ok(Verdict::of([Finding::new(
        Severity::Info,
        Effect::Decides(Outcome::Injected),
        message,
    )
    .evidence(evidence)
    .evidence(namespace_label(case, key)?.expected("disabled, if no sidecars are meant here"))
    .fix(namespace.without_sidecar())
    .fix(pod)]))
}
