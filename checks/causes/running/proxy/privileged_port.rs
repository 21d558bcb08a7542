//! Gateways that may not listen at ports below 1024.

use serde_json::{Value, json};

use crate::causes::fields::template_spec;
use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Missing, Workload};
use crate::fixes::patch_spec;
use crate::texts::Key;
use crate::way::Case;

declare_check! {
    /// A gateway without root tries to listen on a port below 1024.
    ///
    /// ## What it finds
    /// The gateway is not ready, and its log says `cannot bind '0.0.0.0:80': Permission denied`.
    ///
    /// ## Why it matters
    /// Processes that are not root may not bind these ports, unless the kernel was told so for the pod. The template for
    /// gateways of Istio 1.31 does that, whatever the pod's own `sysctls` are; gateways of old charts, and those that are
    /// not injected, have to do it themselves. One with `ISTIO_META_UNPRIVILEGED_POD=true` in its environment gets no such
    /// port from istiod at all: it is ready, and the port does not answer. Only istiod's log tells that:
    ///
    /// ```sh
    /// kubectl logs -n istio-system deployment/istiod | grep 'skipping privileged gateway port'
    /// ```
    ///
    /// ## How to fix it
    /// Allow the ports for the pod, as the printed command does; or let the Service lead its port to one above 1023
    /// (`targetPort`).
    ///
    /// ## References
    /// - Istio, Installing gateways: <https://istio.io/latest/docs/setup/additional-setup/gateway/>
    /// - Kubernetes, Using sysctls: <https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/>
    "INJ631", "privileged-port", Running, about Pods,
    run
}

/// The first port that needs no root.
const FIRST_PORT: &str = "net.ipv4.ip_unprivileged_port_start";

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, found| {
        let message = format!(
            "{} of {} cannot get ready: its proxy may not listen at {}, as it is not root and the pod does not set {FIRST_PORT}",
            pods_in_words(unwell),
            case.target(),
            found.value(Key::Address).unwrap_or("a port below 1024"),
        );
        let workload = case.workload()?;
        let evidence =
            template_spec(workload, "securityContext.sysctls").expected(format!("{FIRST_PORT}=0"));
        Ok(not_ready(case, message).evidence(evidence).fix(patch_spec(
            case,
            "allow the ports below 1024 for the pod",
            json!({ "spec": { "securityContext": { "sysctls": sysctls(workload) } } }),
            "the proxy listens at all ports without being root",
        )?))
    })
}

/// The pod's parameters of the kernel with the one that allows the ports: a merge patch replaces the list.
fn sysctls(workload: &Workload) -> Vec<Value> {
    let context = workload.template.spec.security_context.as_ref();
    let own = context.iter().flat_map(|one| one.sysctls.iter().flatten());
    let others = own.filter(|one| one.name != FIRST_PORT);
    let allowed = json!({ "name": FIRST_PORT, "value": "0" });
    others.map(|one| json!(one)).chain([allowed]).collect()
}
