//! The API server calls no mutating webhook at all.

use crate::causes::fields::severity_of_absence;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{ApiServerSetting, change_api_server};
use crate::report::{Effect, Evidence, Finding, Fix};
use crate::way::admission_plugin::{FLAG, Off, PLUGIN, off};
use crate::way::{Case, Outcome, is_static};

declare_check! {
    /// The API server runs without the admission plugin that calls mutating webhooks.
    ///
    /// ## What it finds
    /// The pods of kube-apiserver have `--disable-admission-plugins` with `MutatingAdmissionWebhook` in their command or arguments. Where
    /// the API server does not run as a pod that can be seen, as in a managed cluster, this cannot be told.
    ///
    /// ## Why it matters
    /// No mutating webhook of any vendor is called in the whole cluster. Pods are created without a sidecar, and nothing says
    /// so: there is no event and no error. The plugin is on by default, so somebody has switched it off by the flag.
    ///
    /// ## How to fix it
    /// On each control plane node, take `MutatingAdmissionWebhook` out of `--disable-admission-plugins` in
    /// `/etc/kubernetes/manifests/kube-apiserver.yaml`. The kubelet restarts the API server. On K3s and RKE2 the flag stands in
    /// `kube-apiserver-arg` of `/etc/rancher/k3s/config.yaml` or `/etc/rancher/rke2/config.yaml`, and the service has to be
    /// restarted. Then restart the workloads whose pods were created meanwhile:
    ///
    /// ```sh
    /// kubectl get pods -n kube-system -l component=kube-apiserver -o yaml | grep -e disable-admission-plugins
    /// kubectl rollout restart deployment/NAME -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Kubernetes, MutatingAdmissionWebhook:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#mutatingadmissionwebhook>
    "INJ128", "admission-plugin-off", Called, about Pods, rank Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let all = case.api_servers()?;
    if all.is_empty() {
        let reason = "the pods of kube-apiserver cannot be seen";
        return Ok(Verdict::not_applicable(reason));
    }
    let off = off(case)?;
    if off.is_empty() || is_static(case)? {
        return Ok(Verdict::Passed);
    }
    let (message, outcome) = match off.len() == all.len() {
        true => (
            format!(
                "the API server runs without the admission plugin {PLUGIN}, and calls no mutating webhook of any vendor"
            ),
            Outcome::NotInjected,
        ),
        false => (
            format!(
                "{} of {} API servers run without the admission plugin {PLUGIN}, and whether the pod is injected depends on which of them gets it",
                off.len(),
                all.len()
            ),
            Outcome::Unknown,
        ),
    };
    let mut finding = Finding::new(
        severity_of_absence(case)?,
        Effect::Decides(outcome),
        message,
    );
    for one in &off {
        finding = finding.evidence(flag(one));
    }
    for one in &off {
        finding = finding.fix(remove(case, one));
    }
    Ok(Verdict::of([finding]))
}

fn flag(off: &Off) -> Evidence {
    let name = off.pod.metadata.name.as_deref().unwrap_or_default();
    let path = format!(
        ".spec.containers[?(@.name==\"kube-apiserver\")].{}",
        off.field
    );
    let rest: Vec<_> = off
        .disabled
        .split(',')
        .filter(|one| *one != PLUGIN)
        .collect();
    let expected = match rest.as_slice() {
        [] => format!("no {FLAG}"),
        rest => format!("{FLAG}={}", rest.join(",")),
    };
    Evidence::new(format!("pod/{name} -n kube-system"), path)
        .actual(format!("{FLAG}={}", off.disabled))
        .expected(expected)
}

fn remove(case: &Case, off: &Off) -> Fix {
    let change = format!("take {PLUGIN} out of {FLAG}");
    let then = "calls webhooks; restart the pods after that";
    change_api_server(case, off.pod, ApiServerSetting::Flags, &change, then)
}
