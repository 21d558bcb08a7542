//! Pods that the validation of the API server refuses.

use super::dry_run::{dry_run, dry_run_without_sidecar};
use super::windows_pod::is_for_windows;
use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Kind, Missing, Workload};
use crate::report::{Command, Evidence, Finding, Fix, Risk};
use crate::texts::{Found, Key};
use crate::way::{Answer, Case, Outcome, assumptions, names, over_since};

declare_check! {
    /// The API server finds a field of the pod invalid, and refuses the pod.
    ///
    /// ## What it finds
    /// Pods are refused with `Pod "..." is invalid`, and no check of its own explains the field. Or the pod will be refused
    /// so, with or without its sidecar or once injected: two containers of one name, a volume of the sidecar's name, a
    /// request above its limit, a probe on port 0 and the like.
    ///
    /// ## Why it matters
    /// There are no new pods. The API server validates a pod after all webhooks and policies have changed it. It checks
    /// the template of a Deployment by the same rules when that is applied, so what it refuses in the pod was mostly added
    /// on the way: by the sidecar's template with its annotations, by another webhook, or by a MutatingAdmissionPolicy.
    ///
    /// ## How to fix it
    /// Correct the field where it is set. Create the pod where nothing injects; if it is refused there as well, the
    /// sidecar is not the reason:
    ///
    /// ```sh
    /// kubectl get deployment/NAME -n NAMESPACE -o json | jq '.spec.template * {apiVersion:"v1",kind:"Pod",metadata:{name:"probe",labels:{"sidecar.istio.io/inject":"false"}}}' | kubectl create --dry-run=server -n NAMESPACE -f -
    /// kubectl get mutatingwebhookconfigurations,mutatingadmissionpolicies
    /// kubectl edit deployment/NAME -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Pods: <https://kubernetes.io/docs/concepts/workloads/pods/>
    /// - Kubernetes, Debug pods: <https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/>
    "INJ511", "pod-invalid", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let told = told(case, &CHECK, |found| refused(case, found))?;
    let rejection = case.observation().rejection.clone();
    let stands = match &rejection {
        Some(rejection) => over_since(case, rejection)?.is_none(),
        None => false,
    };
    let prediction = case.prediction();
    let will_be = match (&prediction.invalid, prediction.invalid_once_injected()) {
        (Some(reason), _) => Some(format!("with or without a sidecar: {reason}")),
        (None, Some(reason)) if !is_for_windows(case)? => Some(format!("once injected: {reason}")),
        (None, _) => None,
    };
    match (will_be, told) {
        (Some(will_be), _) if !stands => Ok(Verdict::of([expected(case, &will_be)?])),
        // What the injection would make of the pod may be what is not known.
        (None, Verdict::Passed) if prediction.outcome == Outcome::Unknown => {
            Err(Missing(prediction.because.clone()))
        }
        (_, told) => Ok(told),
    }
}

/// Pods are refused.
fn refused(case: &Case, found: &Found) -> Result<Finding, Missing> {
    let value = |key| found.value(key).unwrap_or_default();
    let (field, reason) = (value(Key::Field), value(Key::Reason));
    let workload = case.workload()?;
    let changers = changers(case);
    let who = match (is_checked_before(workload), changers.as_slice()) {
        (true, []) => "the API server took the template as it is, and nothing is known that changes the pod on its way".to_owned(),
        (true, [one]) => format!("the API server took the template as it is, and {one} changes the pod on its way"),
        (true, all) => format!("the API server took the template as it is, and these change the pod on its way: {}", all.join(", ")),
        (false, []) => "nothing is known that changes it on its way".to_owned(),
        (false, all) => format!("it stands in the template, or is set on its way by {}", all.join(", ")),
    };
    let message = format!(
        "the API server finds {field} of the pods of {} invalid: {reason}; {who}",
        case.target()
    );
    let mut finding = rejected(message);
    let without = dry_run_without_sidecar(case, workload);
    if let Some(command) = without.filter(|_| is_injected(case)) {
        finding = finding.fix(
            Fix::new(
                "see by a dry run whether the pod is refused without its sidecar, too",
                Risk::ReadOnly,
                "nothing: where the pod is taken without its sidecar, the injection sets the field",
            )
            .show(command),
        );
    }
    Ok(dried(finding, dry_run(case, workload), see(case, workload)))
}

/// The next pod will be refused.
fn expected(case: &Case, why: &str) -> Result<Finding, Missing> {
    let workload = case.workload()?;
    let message = format!(
        "the API server will refuse the pods of {}, {why}",
        case.target()
    );
    let path = format!("{}.spec", workload.template_path());
    let finding = rejected(message).evidence(Evidence::new(workload.reference(), path));
    let command = match case.manifest() {
        Some(file) => Some(Command::kubectl(["create", "--dry-run=server", "-f", file])),
        None => dry_run(case, workload),
    };
    Ok(dried(finding, command, see(case, workload)))
}

fn dried(finding: Finding, command: Option<Command>, see: Command) -> Finding {
    let (title, command, shows) = match command {
        Some(command) => (
            "see the refusal by a dry run",
            command,
            "the API server says which field it refuses",
        ),
        None => ("see the fields as they are", see, "it shows the fields"),
    };
    let changes = format!("nothing: {shows}; correct what is invalid where it is set");
    finding.fix(Fix::new(title, Risk::ReadOnly, changes).show(command))
}

fn see(case: &Case, workload: &Workload) -> Command {
    let namespace = case.target().namespace.as_str();
    Command::kubectl(["get", &workload.reference(), "-n", namespace, "-o", "yaml"])
}

/// Whether the API server checks the template by the rules for pods: as it does for all workloads of its own, but for a
/// pod, which is its own template.
/// Source: Kubernetes 1.36, `ValidatePodTemplateSpec` in `pkg/apis/core/validation/validation.go`.
fn is_checked_before(workload: &Workload) -> bool {
    workload.kind != Kind::Pod && workload.custom.is_none()
}

fn is_injected(case: &Case) -> bool {
    let prediction = case.prediction();
    let mut calls = prediction.calls.iter();
    calls.any(|call| call.injector && matches!(call.wanted, Some(Answer::Yes(_))))
}

/// Who changes the pod, or may, between template and validation.
fn changers(case: &Case) -> Vec<String> {
    let annotations = case.pod().map(|pod| pod.annotations.clone());
    let annotations = annotations.unwrap_or_default();
    let own = annotations
        .keys()
        .filter(|name| name.contains("istio.io/") && *name != names::STATUS);
    let own: Vec<_> = own.map(String::as_str).collect();
    let sidecar = match own.as_slice() {
        _ if !is_injected(case) => None,
        [] => Some("the injection".to_owned()),
        own => Some(format!("the injection with {}", own.join(", "))),
    };
    let others = assumptions(case, &case.prediction()).into_iter();
    let others = others.filter(|one| one.object.starts_with("mutating"));
    let mut all: Vec<_> = sidecar
        .into_iter()
        .chain(others.map(|one| one.object))
        .collect();
    all.dedup();
    all
}
