//! Pods whose ServiceAccount is not there.

use crate::advice::is_name;
use crate::causes::told_refusal::{rejected, show, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::texts::Key;
use crate::way::Case;

declare_check! {
    /// The pod's ServiceAccount does not exist.
    ///
    /// ## What it finds
    /// Pods are refused with `error looking up service account NAMESPACE/NAME`, and the template of the pods was not
    /// changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. The sidecar has nothing to do with it: the manifest names an account that was never
    /// created, or was deleted. In a namespace that was just made, the account `default` comes a moment later.
    ///
    /// ## How to fix it
    /// Create the ServiceAccount, or name another one in the pod template. The new account has no rights of its own: who
    /// deleted the old one by mistake has to give them to it again.
    ///
    /// ## References
    /// - Kubernetes, Configure service accounts for pods:
    ///   <https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/>
    "INJ505", "service-account-missing", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let namespace = case.target().namespace.as_str();
        let workload = case.workload()?;
        let account = found.value(Key::Account).unwrap_or_default();
        let message = format!(
            "serviceaccount {account} of the pods of {} does not exist in namespace {namespace}",
            case.target()
        );
        let path = format!("{}.spec.serviceAccountName", workload.template_path());
        let field = Evidence::new(workload.reference(), path).actual(account);
        let finding = rejected(message).evidence(field);
        // The name is what a text says.
        if !is_name(account) {
            let shows = "nothing: it shows the ServiceAccounts that there are";
            return Ok(finding.fix(show(case, "serviceaccounts", &[], shows)));
        }
        let words = |verb: &'static str| {
            Command::kubectl([verb, "serviceaccount", account, "-n", namespace])
        };
        let fix = Fix::new(
            format!("create serviceaccount {account}, then restart the pods"),
            Risk::RestartsPods,
            "the pods have their ServiceAccount, which has no rights of its own",
        )
        .unforeseen(words("create"), "no ServiceAccount is read")
        .undo(words("delete"));
        Ok(finding.fix(fix.restart(restart(case)?)))
    })
}
