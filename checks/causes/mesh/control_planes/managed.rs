//! What is to be seen of a control plane that somebody else runs or installs.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::commands::commands;
use super::members::not_a_member;
use crate::causes::reached::evidence;
use crate::causes::{Verdict, declare_check};
use crate::facts::{Kind, Missing};
use crate::report::{Effect, Evidence, Finding, Severity};
use crate::rules::credentials;
use crate::way::asked::asks;
use crate::way::injector::{injectors, is_deactivated, label};
use crate::way::{Case, ControlPlaneKind, Outcome, names};

declare_check! {
    /// The control plane is managed by a vendor or an operator, runs outside of the cluster, or is older than istiod.
    ///
    /// ## What it finds
    /// The injection webhook leads to something else than an istiod of Istio's own charts: Cloud Service Mesh, the Istio
    /// add-on of AKS, OpenShift Service Mesh 2 or 3, an istiod outside of the cluster, or the injector of Istio before 1.5. Each
    /// is told by two marks of the webhook together. With OpenShift Service Mesh 2 it also finds that a namespace
    /// is no member of the mesh.
    ///
    /// ## Why it matters
    /// That there is no Deployment, no endpoint and no ConfigMap of istiod is no fault there. Where nothing of it is in the
    /// cluster, nobody can see here whether it answers, and the fate of the next pod is unknown: it is tried by creating one. Managed control
    /// planes have revisions of their own: `istio-injection=enabled` works only where the vendor or a tag maps it to one.
    /// What an operator has installed it puts back, so changes belong into the operator's own resource.
    ///
    /// ## How to fix it
    /// Nothing needs fixing because of this alone. Ask the platform with its own commands which revisions it serves, and whether they are
    /// healthy. Label the namespace for one of them, then restart the workload. Make a namespace a member by the member roll,
    /// not by its label, which the operator sets.
    ///
    /// ## References
    /// - Istio, External control plane: <https://istio.io/latest/docs/setup/install/external-controlplane/>
    /// - Google, Cloud Service Mesh: <https://cloud.google.com/service-mesh/docs/overview>
    /// - Microsoft, Istio add-on for AKS: <https://learn.microsoft.com/azure/aks/istio-about>
    /// - Red Hat, OpenShift Service Mesh: <https://docs.redhat.com/en/documentation/red_hat_openshift_service_mesh>
    "INJ002", "managed-control-plane", Mesh, about Webhooks, rank Excluded,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found: Vec<Behind> = Vec::new();
    for (configuration, webhook) in concerned(case)? {
        let Some(kind) = case.control_plane_kind(configuration, webhook)? else {
            continue;
        };
        if !found.iter().any(|one| one.kind == kind) {
            found.push(Behind {
                configuration,
                webhook,
                kind,
            });
        }
    }
    let findings: Result<Vec<_>, Missing> = found.iter().map(|one| one.finding(case)).collect();
    Ok(Verdict::of(findings?))
}

type Entry<'a> = (&'a MutatingWebhookConfiguration, &'a MutatingWebhook);

/// The injection entries that are called for the target's pods or belong to the target; where none is called and somebody
/// asks, all that might have been.
fn concerned<'a>(case: &Case<'a>) -> Result<Vec<Entry<'a>>, Missing> {
    let destinations = case.destinations()?;
    let called = destinations.all.iter();
    let called: Vec<_> = called.map(|one| (one.configuration, one.entry)).collect();
    let is_webhook = case.target().kind == Kind::MutatingWebhookConfiguration;
    if !called.is_empty() || is_webhook || asks(case)?.is_none() {
        return Ok(called);
    }
    let live = injectors(case.webhooks()?).filter(|(_, webhook)| !is_deactivated(webhook));
    Ok(live.collect())
}

/// A control plane, and the first webhook that leads to it.
struct Behind<'a> {
    configuration: &'a MutatingWebhookConfiguration,
    webhook: &'a MutatingWebhook,
    kind: ControlPlaneKind,
}

impl Behind<'_> {
    fn finding(&self, case: &Case) -> Result<Finding, Missing> {
        let is_pod = case.target().kind != Kind::MutatingWebhookConfiguration;
        if let (ControlPlaneKind::ServiceMesh2, true) = (self.kind, is_pod)
            && let Some(finding) = not_a_member(case, self.webhook)?
        {
            return Ok(finding.fix(commands(self.kind, &self.namespace())));
        }
        let effect = match is_pod && self.is_why_unknown(case) {
            true => Effect::Decides(Outcome::Unknown),
            false => Effect::Beside,
        };
        let finding = Finding::new(Severity::Info, effect, self.message());
        Ok(finding
            .evidence(self.called())
            .fix(commands(self.kind, &self.namespace())))
    }

    /// Whether nothing is predicted because nobody sees who answers.
    fn is_why_unknown(&self, case: &Case) -> bool {
        let prediction = case.prediction();
        let webhook = prediction.webhook.as_deref().unwrap_or_default();
        let is_asked = webhook
            .strip_prefix(self.name())
            .is_some_and(|rest| rest.starts_with('/'));
        prediction.outcome == Outcome::Unknown && is_asked && self.kind.is_unforeseeable()
    }

    fn message(&self) -> String {
        let (name, kind, namespace) = (self.name(), self.kind, self.namespace());
        let revision = label(self.configuration, names::ISTIO_REV).unwrap_or("default");
        let leads = format!("webhook {name} leads to {kind}");
        match kind {
            ControlPlaneKind::CloudServiceMesh | ControlPlaneKind::Outside => format!(
                "{leads}: that there is no istiod here is no fault, and whether it answers, and what it makes of a pod, \
                 cannot be seen here; whether it is asked about a pod can, and how the pods fare that exist"
            ),
            ControlPlaneKind::AksAddOn => format!(
                "{leads}, revision {revision} in namespace {namespace}: Azure installs it, upgrades it and puts its objects back; \
                 it serves istio.io/rev={revision}, and istio-injection=enabled only where tag default points at a revision"
            ),
            ControlPlaneKind::ServiceMesh3 => format!(
                "{leads}, revision {revision} in namespace {namespace}: the operator puts its objects back, so what is to last is \
                 changed in the resources Istio, IstioRevision and IstioRevisionTag"
            ),
            ControlPlaneKind::ServiceMesh2 => format!(
                "{leads}, in namespace {namespace}: it is asked about pods of the mesh's members only, and injects those \
                 that ask by sidecar.istio.io/inject; the operator puts its objects back, so what is to last is changed in \
                 the ServiceMeshControlPlane"
            ),
            ControlPlaneKind::BeforeIstiod => format!(
                "{leads}, in namespace {namespace}: it is a Deployment of its own beside Pilot, knows no revisions, and injects \
                 by annotation only; its root certificate stands in a Secret, which is not read here, so whether a call \
                 arrives, and what becomes of the pod, is not told"
            ),
        }
    }

    /// Whom the webhook calls, which is what tells the kind.
    fn called(&self) -> Evidence {
        let client = &self.webhook.client_config;
        let (field, value) = match (&client.service, &client.url) {
            (Some(service), _) => (
                "service",
                format!("{} in {}", service.name, service.namespace),
            ),
            (None, url) => ("url", credentials::url(url.as_deref().unwrap_or_default())),
        };
        let path = ["clientConfig", field];
        evidence(self.configuration, self.webhook, &path).actual(value)
    }

    fn name(&self) -> &str {
        let name = self.configuration.metadata.name.as_deref();
        name.unwrap_or_default()
    }

    fn namespace(&self) -> String {
        let service = self.webhook.client_config.service.as_ref();
        service.map_or_else(|| "istio-system".to_owned(), |one| one.namespace.clone())
    }
}
