//! istiod's own pods wait for the webhook that needs them.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::json;

use super::no_pods::failures;
use super::ready::ready;
use crate::causes::reached::explanation::Cause;
use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::reached::place::Place;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{Entries, restart_istiod};
use crate::report::{Evidence, Fix, Risk};
use crate::texts::{self, Key};
use crate::way::Case;
use crate::way::injector::{entries, fails_closed};
use crate::way::reached::NoEndpoints;
use crate::way::selector::{in_words, requirements};

declare_check! {
    /// The webhook that istiod serves refuses istiod's own pods.
    ///
    /// ## What it finds
    /// istiod has no pod, and its Deployment says that the next one is refused: the call of a webhook failed, and the
    /// Service that it calls is istiod's own.
    ///
    /// ## Why it matters
    /// Nothing starts any more: the webhook refuses every pod as istiod does not answer, and istiod's pod is one of those.
    /// It shows only when all pods of istiod are gone at once.
    ///
    /// The webhook selects istiod's pods: by a label on their namespace, by `enableNamespacesByDefault`, or by selectors that
    /// match everything. As it is installed it does not, since istiod's pods have the label `sidecar.istio.io/inject: "false"`.
    ///
    /// ## How to fix it
    /// Let the webhook fail open until istiod runs again. Pods that are created meanwhile have no sidecar; restart them.
    /// Then keep it from happening again: remove the label from the namespace, or give istiod's pods theirs, and run two
    /// replicas with a PodDisruptionBudget.
    ///
    /// ## References
    /// - Kubernetes, Avoiding deadlocks in self-hosted webhooks:
    ///   <https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/>
    "INJ233", "istiod-deadlock", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<NoEndpoints>(case, &CHECK)
}

/// The cause, where this Deployment of istiod has no pod as its own webhook refuses them.
///
/// # Errors
/// [`Missing`] where the webhooks were not read.
pub fn cause(place: &Place, deployment: &Deployment) -> Result<Option<Cause>, Missing> {
    let failures = failures(deployment);
    let refusal = failures.iter().find_map(|failure| {
        let said = texts::read(&failure.message).into_iter().next()?;
        let is_own = said.value(Key::Service) == Some(&place.reference.name)
            && said.value(Key::Namespace) == Some(&place.reference.namespace);
        let entry = said.value(Key::Webhook).filter(|_| is_own)?.to_owned();
        Some((failure, entry))
    });
    let Some((failure, name)) = refusal else {
        return Ok(None);
    };
    let mut entries = entries(place.case.webhooks()?);
    let entry = entries.find(|(_, webhook)| {
        let calls_it = webhook.client_config.service.as_ref().is_some_and(|one| {
            (&one.name, &one.namespace) == (&place.reference.name, &place.reference.namespace)
        });
        webhook.name == name && calls_it && fails_closed(webhook)
    });
    // It was changed since.
    let Some((configuration, webhook)) = entry else {
        return Ok(None);
    };
    Ok(Some(Cause {
        words: format!(
            "deployment/{} cannot create its pod, which is refused by webhook {name} of {} as istiod does not answer: {}",
            istiod::name(deployment),
            configuration.metadata.name.as_deref().unwrap_or_default(),
            failure.message
        ),
        evidence: vec![
            failure.evidence(place, deployment),
            selector(configuration, webhook),
            ready(place),
        ],
        fixes: vec![fail_open_meanwhile(configuration, webhook, deployment)],
    }))
}

/// Which namespaces the entry selects, istiod's among them.
fn selector(configuration: &MutatingWebhookConfiguration, webhook: &MutatingWebhook) -> Evidence {
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    let path = format!(
        ".webhooks[?(@.name==\"{}\")].namespaceSelector",
        webhook.name
    );
    let selected = requirements(webhook.namespace_selector.as_ref()).unwrap_or_default();
    Evidence::new(format!("mutatingwebhookconfiguration/{name}"), path)
        .actual(in_words(&selected))
        .expected("one that does not select istiod's namespace")
}

fn fail_open_meanwhile(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    deployment: &Deployment,
) -> Fix {
    // The last step leads back from the first.
    let policy = |policy: &str| {
        let fields = [("failurePolicy", Some(json!(policy)))];
        Entries::of(configuration).set(webhook, fields).change()
    };
    let fix = Fix::new(
        "let the webhook fail open until istiod runs again",
        Risk::MeshWide,
        "istiod runs again; pods that are created meanwhile have no sidecar, and are to be restarted",
    )
    .forth(policy("Ignore"));
    restart_istiod(fix, deployment).forth(policy("Fail"))
}
