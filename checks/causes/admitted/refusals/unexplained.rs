//! Pods are refused, and no other check expects that.

use super::dry_run::dry_run;
use super::refuser::refuser;
use crate::causes::reached;
use crate::causes::refused::{Refused, known, refused, see_also, words};
use crate::causes::rendered::templates;
use crate::causes::told_refusal::rejected;
use crate::causes::{Verdict, declare_check, istiod_log};
use crate::facts::Missing;
use crate::report::{Finding, Fix, Risk};
use crate::way::Case;

declare_check! {
    /// The API server keeps refusing the pods with a message that no other check explains.
    ///
    /// ## What it finds
    /// An event FailedCreate or a condition ReplicaFailure says that the pods of the workload are refused,
    /// while labels, webhooks and istiod are as they should be, and nothing was changed since that the
    /// refusal rests on.
    ///
    /// ## Why it matters
    /// The API server decides about the pod after it was injected, too: policies, other webhooks, and the rules
    /// of the pod itself. There are no pods, whatever the
    /// injection webhook says.
    ///
    /// ## How to fix it
    /// The text names what refuses, and why. The printed command asks for the same pod in a dry run,
    /// which creates nothing, and shows the refusal as it is now.
    ///
    /// Where istiod refuses the pod, its log tells more, and even more once it logs at level debug. Its injector logs in
    /// the scope `default`. That is raised for one istiod, and put back, by istioctl:
    ///
    /// ```sh
    /// istioctl admin log ISTIOD -i istio-system --level default:debug
    /// istioctl admin log ISTIOD -i istio-system --level default:info
    /// ```
    ///
    /// Without istioctl, by istiod's own port for that:
    ///
    /// ```sh
    /// kubectl port-forward ISTIOD -n istio-system 9876 &
    /// curl -X PUT -d '{"name":"default","output_level":"debug"}' http://localhost:9876/scopej/default
    /// curl -X PUT -d '{"name":"default","output_level":"info"}' http://localhost:9876/scopej/default
    /// ```
    ///
    /// ## References
    /// - Istio, istiod introspection: <https://istio.io/latest/docs/ops/diagnostic-tools/controlz/>
    /// - Kubernetes, Admission control: <https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/>
    "INJ501", "refused-unexplained", Admitted, about Pods, rank Silence,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let rejection = match refused(case)? {
        Refused::Expectedly(verdict) => return Ok(verdict),
        Refused::Unexpectedly(rejection) => rejection,
    };
    let cause = known(rejection.told.as_ref()).map(|one| one.cause.name);
    let explains = |name: &&str| {
        let mut told = super::CHECKS.iter().chain(templates::TOLD);
        told.any(|one| one.name == *name)
    };
    if let Some(name) = cause.filter(explains) {
        return Ok(Verdict::not_applicable(format!("{name} explains it")));
    }
    if reached::is_meshed(&rejection) || reached::explains(case, &rejection)? {
        return Ok(Verdict::not_applicable(
            "the call of the webhook fails, which is explained",
        ));
    }
    let who = refuser(rejection.said.as_ref());
    let often = rejection
        .times
        .map_or_else(String::new, |times| format!(", {times} times so far"));
    let message = format!(
        "pods of {} are refused by {who}{often}: {}{}",
        case.target(),
        rejection.message,
        see_also(rejection.told.as_ref())
    );
    let mut finding = rejected(message).evidence(words(&rejection));
    let workload = case.workload()?;
    if let Some(command) = dry_run(case, workload) {
        finding = finding.fix(
            Fix::new(
                "show the refusal by a dry run",
                Risk::ReadOnly,
                "nothing: the API server says what it would do with the pod as it is in the template",
            )
            .show(command),
        );
    }
    // Of what comes after the injection, istiod knows nothing.
    if let Some(evidence) = istiod_log::evidence(case) {
        finding = istiod_log::fixes(case)
            .into_iter()
            .fold(finding.evidence(evidence), Finding::fix);
    }
    Ok(Verdict::of([finding]))
}
