//! A sidecar answers in the place of another vendor's webhook.

use crate::advice::is_name;
use crate::causes::refused::{Refused, known, refused, words};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Effect, Finding, Fix, Risk, Severity};
use crate::texts::{Found, Key, Match, Party, What};
use crate::way::{Case, Outcome, Rejection};

declare_check! {
    /// The port of another vendor's webhook is captured by a sidecar.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the call of a webhook that is not
    /// Istio's ended with `x509: certificate is not valid for any names`, and nothing was changed since. Certificates
    /// without DNS names are those that Istio gives to workloads. Where such a call ends with `EOF`, a sidecar in mode
    /// STRICT is as likely as a webhook that crashed, and refused-unexplained finds it.
    ///
    /// ## Why it matters
    /// Pods are refused, those of other namespaces and of no mesh, too. The API server is outside of the mesh: it speaks
    /// TLS to the webhook's own certificate. Since the webhook's pods were injected, their sidecar stands before it, and
    /// answers with a certificate of the mesh.
    ///
    /// ## How to fix it
    /// See whether the pods behind the webhook's Service have a container istio-proxy:
    ///
    /// ```sh
    /// kubectl get pods -n NAMESPACE -o custom-columns=NAME:.metadata.name,CONTAINERS:.spec.containers[*].name,INIT:.spec.initContainers[*].name
    /// kubectl get peerauthentications -A
    /// ```
    ///
    /// Take the port out of the mesh, or the server's pods:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"annotations":{"traffic.sidecar.istio.io/excludeInboundPorts":"9443"}}}}}'
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"labels":{"sidecar.istio.io/inject":"false"}}}}}'
    /// ```
    ///
    /// ## References
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    /// - Istio, PeerAuthentication: <https://istio.io/latest/docs/reference/config/security/peer_authentication/>
    "INJ223", "webhook-traffic-meshed", Reached, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let rejection = match refused(case)? {
        Refused::Expectedly(verdict) => return Ok(verdict),
        Refused::Unexpectedly(rejection) => rejection,
    };
    Ok(told(&rejection).map_or(Verdict::Passed, |one| {
        let finding = finding(&one.found, &rejection.message);
        Verdict::of([finding.evidence(words(&rejection))])
    }))
}

/// Whether this check explains a refusal.
pub(in crate::causes) fn is_meshed(refusal: &Rejection) -> bool {
    told(refusal).is_some()
}

fn told(refusal: &Rejection) -> Option<&Match> {
    let told = known(refusal.told.as_ref());
    told.filter(|one| one.cause.name == CHECK.name && is_of_others(&one.found))
}

/// Whether a text is about a webhook that is not Istio's.
fn is_of_others(found: &Found) -> bool {
    let foreign = [Party::Foreign, Party::OtherInjector];
    matches!(found.what, What::Call(call) if foreign.contains(&call.party))
}

fn finding(found: &Found, message: &str) -> Finding {
    let value = |key| found.value(key).filter(|name| is_name(name));
    let webhook = match found.value(Key::Webhook) {
        Some(webhook) => format!("webhook {webhook}"),
        None => "a webhook".to_owned(),
    };
    let words = format!(
        "calls of {webhook}, which is not Istio's, fail because a sidecar answers in its place, with a certificate \
         without any DNS name, as Istio gives them to workloads: {message}"
    );
    let finding = Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), words);
    // Both are what a text says.
    match (value(Key::Service), value(Key::Namespace)) {
        (Some(service), Some(namespace)) => finding.fix(look_at_pods(service, namespace)),
        _ => finding,
    }
}

fn look_at_pods(service: &str, namespace: &str) -> Fix {
    let columns = "custom-columns=NAME:.metadata.name,CONTAINERS:.spec.containers[*].name,INIT:.spec.initContainers[*].name";
    Fix::new(
        format!("see which pods behind Service {service} of namespace {namespace} have a container istio-proxy"),
        Risk::ReadOnly,
        "nothing: take the webhook's port out of their sidecar by annotation \
         traffic.sidecar.istio.io/excludeInboundPorts, or these pods out of the mesh by label \
         sidecar.istio.io/inject=false",
    )
    .show(Command::kubectl(["get", "service", service, "-n", namespace, "-o", "wide"]))
    .show(Command::kubectl(["get", "pods", "-n", namespace, "-o", columns]))
}
