//! A certificate that bears other names.

use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::reached::{entry, istiod};
use crate::causes::refused::standing_words;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{self, WRITES_THE_WEBHOOK, change_istiod};
use crate::report::{Fix, Patch, Risk};
use crate::way::injector::{environment, is_hidden, label};
use crate::way::reached::{WrongName, host};
use crate::way::{Case, Destination, names};

declare_check! {
    /// The certificate of istiod does not cover the name that the API server calls.
    ///
    /// ## What it finds
    /// The name of the Service is none of those that istiod puts into the certificate which it signs for itself, and a
    /// pod was refused as the certificate does not bear that name. The certificate itself cannot be seen.
    ///
    /// ## Why it matters
    /// The API server expects the name `SERVICE.NAMESPACE.svc`. istiod's certificate has `istiod.NAMESPACE.svc`,
    /// `istiod-remote.NAMESPACE.svc`, `istio-pilot.NAMESPACE.svc`, with a revision `istiod-REVISION.NAMESPACE.svc`,
    /// and what `ISTIOD_CUSTOM_HOST` adds. It does not have the Service of a tag, a Service that was renamed, or one
    /// in another namespace. A certificate of your own has what was written into it. Calls fail with
    /// `x509: certificate is valid for ..., not ...`, and pods that the webhook selects are rejected.
    ///
    /// ## How to fix it
    /// Add the name to the certificate by `ISTIOD_CUSTOM_HOST`; or let the webhook call a Service that the
    /// certificate names: for a tag, set it again.
    ///
    /// ## References
    /// - Istio 1.31, `pilot/pkg/bootstrap/server.go` (`getDNSNames`)
    /// - Kubernetes, Service reference:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference>
    "INJ232", "certificate-name", Reached, about Webhooks,
    run
}

/// The variable with names that istiod adds to its certificate.
const CUSTOM_HOST: &str = "ISTIOD_CUSTOM_HOST";

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<WrongName>(case, &CHECK)
}

impl Explain for WrongName {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(service) = destination.service() else {
            return Ok(Explanation::of(self));
        };
        let host = host(service);
        let message = format!(
            "istiod's certificate does not bear the name {host}, by which {} calls it: {}",
            self.webhook, self.error
        );
        let called = entry::evidence(
            destination.configuration,
            destination.entry,
            &["clientConfig", "service"],
        );
        let called = called
            .actual(format!("{} in {}", service.name, service.namespace))
            .expected("a Service that the certificate names");
        let deployment = istiod::deployment_of(case, destination)?;
        // The names that istiod puts into each certificate of its own.
        let is_own = self
            .error
            .contains(&format!("istiod-remote.{}.svc", service.namespace));
        let add = match deployment {
            Some(deployment) if is_own => add_name(deployment, &host),
            _ => Some(Fix::new(
                format!("issue the certificate with which istiod serves for {host}, too"),
                Risk::MeshWide,
                "the API server takes the certificate for that of the Service",
            )),
        };
        Ok(Explanation::new(&CHECK, message)
            .evidence([called])
            .evidence(standing_words(case, destination))
            .fixes(add)
            .fixes(set_tag(case, destination)))
    }
}

/// Adds a name to the certificate that istiod signs for itself.
fn add_name(deployment: &Deployment, host: &str) -> Option<Fix> {
    let container = istiod::container(deployment)?;
    if is_hidden(container, CUSTOM_HOST) {
        return None;
    }
    let known = environment(container, CUSTOM_HOST).filter(|names| !names.is_empty());
    let value = known.map_or_else(|| host.to_owned(), |known| format!("{known},{host}"));
    let fix = Fix::new(
        format!("let istiod bear the name {host} in its certificate"),
        Risk::MeshWide,
        "istiod restarts with a certificate that the API server takes",
    );
    let patch = Patch::Environment {
        name: CUSTOM_HOST.to_owned(),
        value: Some(value),
    };
    Some(change_istiod(fix, deployment, patch))
}

/// Writes the webhook of a tag again, with the Service of its revision.
fn set_tag(case: &Case, destination: &Destination) -> Option<Fix> {
    let tag = label(destination.configuration, names::ISTIO_TAG)?;
    let revision = &destination.route.istiod(case)?.revision;
    let fix = Fix::new(
        format!("set tag {tag} again"),
        Risk::MeshWide,
        format!("the webhook of {tag} calls the Service of revision {revision}"),
    );
    let set = fixes::set_tag(case, tag, revision, &["--overwrite"]);
    Some(fix.unforeseen(set, WRITES_THE_WEBHOOK))
}
