//! A sidecar for what belongs to the control plane.

use crate::causes::fields::{NAMESPACE_KEYS, namespace_label};
use crate::causes::wanted::injected;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{opt_out, relabel_namespace};
use crate::report::{Effect, Finding, Fix, Risk, Severity};
use crate::way::asked::{pod_asks, said_of_namespace};
use crate::way::{Case, Outcome};

declare_check! {
    /// Pods of istio-system or of the infrastructure get a sidecar that they should not have.
    ///
    /// ## What it finds
    /// The namespace of the istiod that injects the pod is labelled for injection, and the pod does not ask by itself.
    ///
    /// ## Why it matters
    /// Operators, CNI agents, monitoring or webhooks of the mesh run with a sidecar in front of them, and fail in ways
    /// that do not look like Istio: the API server cannot call them, or they start before the network does. istiod's own
    /// pods opt out; others in its namespace do not.
    ///
    /// ## How to fix it
    /// Take the namespace out, or opt the workload out, and restart it. Gateways in it ask by a label of their own, and
    /// are no longer injected where the namespace opts out: there, remove the namespace's label instead.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ316", "system-pods-injected", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let namespace = case.target().namespace.as_str();
    let here = |is_here: bool| is_here.then_some(());
    let (_, ()) = match injected(case, |asked, _| here(asked.istiod.namespace == namespace))? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let said = said_of_namespace(case)?;
    let Some(label) = said.iter().find(|one| one.asks() && one.is_exact) else {
        return Ok(Verdict::Passed);
    };
    if pod_asks(case)?.is_some() {
        return Ok(Verdict::Passed);
    }
    let message = format!(
        "pods of {namespace}, istiod's own namespace, get a sidecar because of {}",
        label.in_words()
    );
    let keys = NAMESPACE_KEYS.map(|key| (key, None));
    let fix = Fix::new(
        "remove the namespace's label, then restart the pods",
        Risk::RestartsPods,
        format!("new pods of {namespace} go without the sidecar"),
    );
    let fix = relabel_namespace(case, fix, &keys)?.without_sidecar();
    let pod = opt_out(case)?;
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::Injected),
        message,
    )
    .evidence(namespace_label(case, &label.key)?.expected("absent"))
    .fix(fix)
    .fix(pod)]))
}
