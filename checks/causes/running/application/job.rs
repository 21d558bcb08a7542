//! A pod that runs on only for its sidecar.

use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::fixes::sidecar_first;
use crate::way::Case;
use crate::way::running::{Container, Unwell};

declare_check! {
    /// A classic sidecar keeps the pod of a Job alive after its work is done.
    ///
    /// ## What it finds
    /// All other containers of the pod have ended and are not started again, and istio-proxy runs on.
    ///
    /// ## Why it matters
    /// A Job is complete, or has failed, when all containers of its pod have ended. A native sidecar is ended by the
    /// kubelet; a classic one runs on, and the Job with it.
    ///
    /// ## How to fix it
    /// Use native sidecars (Kubernetes 1.29 or newer, default since Istio 1.27 where all nodes are 1.33 or newer). The
    /// template of a Job cannot be changed: it is created again. Or end the proxy from the application, or opt the Job
    /// out. What a pod that waits already needs is:
    ///
    /// ```sh
    /// kubectl exec POD -n NAMESPACE -c istio-proxy -- pilot-agent request POST quitquitquit
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Sidecar containers and Jobs: <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers>
    /// - Istio, Kubernetes native sidecars: <https://istio.io/latest/blog/2023/native-sidecars/>
    "INJ622", "job-never-completes", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    for unwell in case.unwell()?.iter() {
        let Some((ended, proxy)) = only_proxy(unwell) else {
            continue;
        };
        let message = format!(
            "{} of {} does not end: its other containers have ended, and its sidecar is an ordinary container that runs on",
            pods_in_words(unwell),
            case.target(),
        );
        let field = |container: Container, field: &str| {
            let path = format!("{}.state.{field}", container.status_path());
            Evidence::new(format!("pod/{}", unwell.name()), path)
        };
        let since = proxy.running_since().map(|at| at.to_string());
        let mut running = field(proxy, "running.startedAt");
        running.actual = since;
        let mut finding = not_ready(case, message).evidence(running);
        for container in ended {
            let code = container.ended().map(|ended| ended.exit_code.to_string());
            let mut evidence = field(container, "terminated.exitCode");
            evidence.actual = code;
            finding = finding.evidence(evidence);
        }
        finding.fixes.extend(sidecar_first(case)?);
        findings.push(finding);
    }
    Ok(Verdict::of(findings))
}

/// The containers of a pod that have ended, where only a classic sidecar runs still. What is started again waits for
/// that, and has not ended.
fn only_proxy<'a>(unwell: &Unwell<'a>) -> Option<(Vec<Container<'a>>, Container<'a>)> {
    let all = Container::of(unwell.pod).into_iter();
    let (proxies, others): (Vec<_>, Vec<_>) = all
        .filter(|one| !one.is_init)
        .partition(Container::is_proxy);
    let proxy = *proxies.first()?;
    let is_left = proxy.is_running() && others.iter().all(|one| one.ended().is_some());
    (is_left && !others.is_empty()).then_some((others, proxy))
}
