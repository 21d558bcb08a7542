//! The pods are of another revision than the next one.

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, sidecar_status};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Difference, Effect, Finding, Fix, Risk, Severity};
use crate::way::{Case, Outcome, is_fresh};

declare_check! {
    /// The pod runs a proxy of another revision than it would get today.
    ///
    /// ## What it finds
    /// Pods of the workload were injected by one revision, and the next pod will be injected by another:
    /// the namespace was moved, or a tag was.
    ///
    /// ## Why it matters
    /// The pods keep the proxy, and the control plane, of the old revision until they are restarted. Where the
    /// old control plane is removed before, they get no configuration and no certificates any more.
    ///
    /// ## How to fix it
    /// Restart the pods.
    ///
    /// ## References
    /// - Istio, Canary upgrades: <https://istio.io/latest/docs/setup/upgrade/canary/#data-plane>
    "INJ311", "revision-stale", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    case.pods()?;
    let prediction = case.prediction();
    let next = match (prediction.outcome, &prediction.revision) {
        (Outcome::Injected, Some(next)) => next,
        (Outcome::Unknown, _) => return Err(Missing(prediction.because.clone())),
        _ => return Ok(Verdict::not_applicable("the next pod is not injected")),
    };
    let observation = case.observation();
    let is_of_another =
        |revision: &Option<String>| revision.as_ref().is_some_and(|one| one != next);
    let mut stale = Vec::new();
    let all = observation.pods.iter();
    for pod in all.filter(|pod| is_of_another(&pod.revision)) {
        if !is_fresh(case, pod)? {
            stale.push(pod);
        }
    }
    let Some((first, revision)) = stale
        .first()
        .and_then(|pod| Some((pod, pod.revision.as_ref()?)))
    else {
        return Ok(Verdict::Passed);
    };
    let message = format!(
        "{} of {} pods were injected by another revision than the next one will be: {} by {revision}, the next one by {next}",
        stale.len(),
        observation.pods.len(),
        first.name
    );
    let evidence = sidecar_status(first).expected(format!("revision {next}"));
    let effect = Effect::Differs(Difference::OtherRevision);
    let mut finding = Finding::new(Severity::Warning, effect, message).evidence(evidence);
    for key in NAMESPACE_KEYS {
        let label = namespace_label(case, key)?;
        if label.actual.is_some() {
            finding = finding.evidence(label);
        }
    }
    let fix = Fix::new(
        "restart the pods",
        Risk::RestartsPods,
        format!("the pods come back with the sidecar of revision {next}"),
    );
    Ok(Verdict::of([finding.fix(fix.restart(restart(case)?))]))
}
