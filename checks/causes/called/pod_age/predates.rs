//! The pod was made before it could be injected.

use jiff::Timestamp;

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label, sidecar_status};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Difference, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::{Case, Outcome, Prediction, is_fresh};

declare_check! {
    /// The pod is older than the label, tag or webhook that would inject it.
    ///
    /// ## What it finds
    /// The next pod of the workload will be injected, but a pod that exists has no sidecar: it was
    /// made before the namespace's label, before the webhook, or while the webhook failed open.
    ///
    /// ## Why it matters
    /// Injection happens once, when a pod is created. Nothing injects a pod that runs.
    ///
    /// ## How to fix it
    /// Restart the pods.
    ///
    /// ## References
    /// - Istio, Deploying an app: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#deploying-an-app>
    "INJ122", "pod-predates-injection", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    case.pods()?;
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        _ => {
            return Ok(Verdict::not_applicable(
                "the next pod is not injected either",
            ));
        }
    }
    let observation = case.observation();
    let mut bare = Vec::new();
    for pod in observation.pods.iter().filter(|pod| !pod.injected) {
        if !is_fresh(case, pod)? {
            bare.push(pod);
        }
    }
    let Some(first) = bare.iter().min_by_key(|pod| pod.created) else {
        return Ok(Verdict::Passed);
    };
    let since = last_change(case, &prediction)?;
    let is_older =
        |at: Option<Timestamp>| matches!((first.created, at), (Some(made), Some(at)) if made <= at);
    let because = match since.iter().find(|evidence| is_older(evidence.set_at)) {
        Some(evidence) => format!("older than {} of {}", evidence.path, evidence.object),
        None => {
            "made when injection was not as it is now, or while the webhook failed open".to_owned()
        }
    };
    let (count, all) = (bare.len(), observation.pods.len());
    let message = format!(
        "{count} of {all} pods have no sidecar, although the next one gets it: {} is {because}",
        first.name
    );
    let evidence = sidecar_status(first).expected("set when the pod is created");
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Differs(Difference::NoSidecar),
        message,
    )
    .evidence(evidence);
    finding.evidence.extend(since);
    let fix = Fix::new(
        "restart the pods",
        Risk::RestartsPods,
        "the pods come back with the sidecar",
    );
    Ok(Verdict::of([finding.fix(fix.restart(restart(case)?))]))
}

/// What injection rests on, with the time since when it has been so.
fn last_change(case: &Case, prediction: &Prediction) -> Result<Vec<Evidence>, Missing> {
    let mut since = Vec::new();
    for key in NAMESPACE_KEYS {
        let evidence = namespace_label(case, key)?;
        if evidence.actual.is_some() {
            since.push(evidence);
        }
    }
    let name = prediction
        .webhook
        .as_deref()
        .and_then(|webhook| webhook.split('/').next());
    let configuration = case
        .webhooks()?
        .iter()
        .find(|one| one.metadata.name.as_deref() == name);
    if let (Some(configuration), Some(name)) = (configuration, name) {
        let mut evidence = Evidence::new(
            format!("mutatingwebhookconfiguration/{name}"),
            ".metadata.creationTimestamp",
        );
        evidence.set_at = configuration
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|time| time.0);
        since.push(evidence);
    }
    Ok(since)
}
