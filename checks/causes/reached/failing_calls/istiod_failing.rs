//! istiod takes the call, and answers with an error of its own or not at all.

use super::cause::Cause;
use super::hanging::{Hanging, hanging};
use super::istiod_log;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::istiod;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::facts::ownership::happened;
use crate::fixes::deployment_object;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::way::{Case, Destination};

declare_check! {
    /// istiod takes the call, and answers with a server error or not at all.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, while Service, endpoints, caBundle and
    /// istiod are as they should be, and none of them was changed since; and
    ///
    /// - istiod answered with an error of its own (`an error on the server ("...") has prevented the request from
    ///   succeeding`), or
    /// - the call got no answer in time (`context deadline exceeded`, `TLS handshake timeout`), and in the same 17
    ///   minutes the kubelet, which is on istiod's own node, got none to its probe either, as its event Unhealthy says.
    ///   Where that event is not there, a network that drops calls is as likely, and webhook-calls-failing finds it.
    ///
    /// ## Why it matters
    /// Pods are refused. istiod is out of memory or CPU, hangs, or runs into a defect. With several replicas, only those
    /// calls fail that reach the bad one. An istiod that fails three probes in a row is no endpoint any more, unless its
    /// probe was made more patient; then istiod-no-endpoints tells it. One whose handler panics closes the connection,
    /// which is connection-reset. Istio 1.31 answers 500 only where it cannot write its answer.
    ///
    /// ## How to fix it
    /// Restart istiod, and give it more resources where it runs out of them:
    ///
    /// ```sh
    /// kubectl top pods -n istio-system -l app=istiod
    /// kubectl logs -n istio-system deployment/istiod --tail=100
    /// kubectl rollout restart deployment/istiod -n istio-system
    /// kubectl set resources deployment/istiod -n istio-system --requests=cpu=500m,memory=2Gi
    /// ```
    ///
    /// ## References
    /// - Istio, Performance and scalability: <https://istio.io/latest/docs/ops/deployment/performance-and-scalability/>
    /// - Istio, Debugging istiod: <https://istio.io/latest/docs/ops/diagnostic-tools/controlz/>
    "INJ224", "istiod-failing", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Failing, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let destination = failing.destination;
    let hanging = hanging(case, destination, &failing.failure)?;
    let who = match &hanging {
        Some(hanging) => format!(
            "pod {} of istiod hangs: it does not answer the probe of its node's kubelet either",
            istiod::pod_name(hanging.pod)
        ),
        None => "istiod takes them and answers with an error of its own".to_owned(),
    };
    let words = format!("because {who}: {}", failing.failure.message);
    Ok(Explained {
        words,
        evidence: hanging.iter().map(probe).collect(),
        fixes: fixes(case, destination, hanging.is_some())?,
    })
}

/// What the kubelet says.
fn probe(hanging: &Hanging) -> Evidence {
    let namespace = hanging.pod.metadata.namespace.as_deref();
    let source = format!(
        "event Unhealthy of pod/{} -n {}",
        istiod::pod_name(hanging.pod),
        namespace.unwrap_or_default()
    );
    let words = hanging.event.message.as_deref().unwrap_or_default();
    let mut evidence = Evidence::new(source, ".message").actual(words);
    evidence.set_at = happened(hanging.event);
    evidence
}

/// What hangs tells nobody why, and is started again; what answers has logged the error.
fn fixes(case: &Case, destination: &Destination, hangs: bool) -> Result<Vec<Fix>, Missing> {
    let Some(deployment) = istiod::deployment_of(case, destination)? else {
        return Ok(Vec::new());
    };
    let reference = deployment_object(deployment).reference();
    let log = Fix::new(
        format!("see in the log of {reference} which error it met"),
        Risk::ReadOnly,
        "nothing: it shows what istiod wrote last",
    )
    .show(istiod_log(deployment));
    let restart = istiod::restart_fix(
        case,
        destination,
        "a new istiod answers, and proxies connect to it again; it hangs again where it gets too little CPU or memory",
    );
    let namespace = destination.service().map(|service| &service.namespace);
    let resources = namespace.map(|namespace| look_at_resources(namespace));
    Ok(match hangs {
        true => restart.into_iter().chain(resources).collect(),
        false => [log].into_iter().chain(restart).collect(),
    })
}

fn look_at_resources(namespace: &str) -> Fix {
    let words = ["top", "pods", "-n", namespace, "--containers"];
    Fix::new(
        "see what CPU and memory istiod uses, beside its limits",
        Risk::ReadOnly,
        "nothing: it shows what the containers use now",
    )
    .show(Command::kubectl(words))
}
