//! `istio-injection=enabled`, and the default revision is installed under its name.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;

use super::asks_default_in_vain;
use crate::causes::called::uncalled;
use crate::causes::fields::namespace_label;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::label_namespace;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::{Case, Outcome, injector, names};

declare_check! {
    /// Istio was installed by Helm with the revision `default` instead of without a revision.
    ///
    /// ## What it finds
    /// Label `istio-injection` of the namespace is `enabled`, no webhook serves that, and webhook
    /// `istio-sidecar-injector-default` has the label `istio.io/rev=default`, and entries for namespaces and pods of that
    /// label only.
    ///
    /// ## Why it matters
    /// The chart takes `revision: default` as a name like any other: it leaves out the entries for
    /// `istio-injection=enabled` and for a pod's label `sidecar.istio.io/inject=true`, and calls everything `...-default`.
    /// istiod takes `default` for no revision at all: it looks for its ConfigMap under the name without `-default`, and its
    /// certificate does not cover the Service `istiod-default`. istioctl drops the flag; Helm does not.
    ///
    /// ## How to fix it
    /// Install it again without a revision, with the chart of the version that is installed. The names change: for a
    /// moment no istiod is there, and no pods are created in namespaces that it injects.
    ///
    /// ```sh
    /// helm list -n istio-system
    /// helm upgrade istiod istio/istiod -n istio-system --version VERSION --reuse-values --set revision=""
    /// ```
    ///
    /// Or label the namespace with another revision that is served. For a default that is a revision of another name, use
    /// a tag: `istioctl tag set default --revision REVISION`.
    ///
    /// ## References
    /// - Istio, Stable revision labels: <https://istio.io/latest/docs/setup/upgrade/canary/#stable-revision-labels>
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ130", "helm-revision-default", Called, about Pods,
    run
}

/// The webhook that the chart writes for a revision of the name `default`.
const WEBHOOK: &str = "istio-sidecar-injector-default";

/// The names of the entries that are for labels of a revision begin with this.
const OF_REVISION: &str = "rev.";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let Some(configuration) = named_default(case.webhooks()?) else {
        return Ok(Verdict::Passed);
    };
    if !asks_default_in_vain(&what_if) {
        return Ok(Verdict::Passed);
    }
    let key = names::ISTIO_INJECTION;
    let message = format!(
        "namespace {} has {key}=enabled, but Istio was installed with revision \"default\", as a name, so that {WEBHOOK} \
         has entries for {}={} alone, and none for {key}=enabled",
        case.target().namespace,
        names::ISTIO_REV,
        names::DEFAULT_REVISION,
    );
    let revision = Evidence::new(
        format!("mutatingwebhookconfiguration/{WEBHOOK}"),
        format!(".metadata.labels['{}']", names::ISTIO_REV),
    );
    let finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(namespace_label(case, key)?)
    .evidence(revision.actual(names::DEFAULT_REVISION).set_in(
        &configuration.metadata,
        &["metadata", "labels", names::ISTIO_REV],
    ));
    let finding = finding.fix(install_again(configuration));
    // A call of the revision called default would not arrive: istiod's certificate does not cover its Service.
    let label = what_if.namespace_label(case)?;
    let label = label.filter(|(_, value)| value != names::DEFAULT_REVISION);
    Ok(Verdict::of([match label {
        Some(label) => finding.fix(label_namespace(case, &label)?),
        None => finding,
    }]))
}

/// The webhook of a default revision that was installed under its name.
pub(super) fn named_default(
    webhooks: &[MutatingWebhookConfiguration],
) -> Option<&MutatingWebhookConfiguration> {
    let mut all = webhooks.iter();
    all.find(|configuration| {
        let mut entries = configuration.webhooks.iter().flatten();
        configuration.metadata.name.as_deref() == Some(WEBHOOK)
            && injector::label(configuration, names::ISTIO_REV) == Some(names::DEFAULT_REVISION)
            && entries.all(|entry| entry.name.starts_with(OF_REVISION))
    })
}

fn install_again(configuration: &MutatingWebhookConfiguration) -> Fix {
    let entries = configuration.webhooks.iter().flatten();
    let mut services = entries.filter_map(|entry| entry.client_config.service.as_ref());
    let fix = Fix::new(
        "install the same version of istiod again by Helm, with revision \"\"",
        Risk::MeshWide,
        "webhook, Service and ConfigMap get the names that istiod expects, with entries for istio-injection=enabled",
    );
    match services.next() {
        Some(service) => fix.show(Command::helm(["list", "-n", &service.namespace])),
        None => fix,
    }
}
