//! An application that starts before its sidecar listens.

use jiff::{SignedDuration, Timestamp};

use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::fixes::{sidecar_first, wait_for_sidecar};
use crate::texts::{Transport, network_error};
use crate::way::Case;
use crate::way::running::{Container, Place, START, Said, Step, Unwell};

declare_check! {
    /// The application starts before the proxy is ready.
    ///
    /// ## What it finds
    /// The application is not ready, its sidecar is a classic one, which starts together with it, and the last that the
    /// application's log says of the network is that a connection was refused within 30 seconds of the sidecar's start.
    /// Addresses of the pod itself do not count.
    ///
    /// ## Why it matters
    /// All that the application sends is led to the proxy. Until that listens, each connection is refused. An
    /// application that tries only once never gets ready, or ends.
    ///
    /// ## How to fix it
    /// Use a native sidecar (Kubernetes 1.29 or newer), which is ready before the application starts; or let the
    /// application wait, by `holdApplicationUntilProxyStarts`, for one pod or in the mesh's `defaultConfig`.
    ///
    /// ## References
    /// - Istio, ProxyConfig: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig>
    /// - Istio, Kubernetes native sidecars: <https://istio.io/latest/blog/2023/native-sidecars/>
    "INJ621", "app-before-proxy", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    let mut open = None;
    for unwell in case.unwell()?.iter() {
        let Some((application, proxy, started)) = together(unwell) else {
            continue;
        };
        let Some((said, at)) = refused(unwell, application) else {
            open = open.or_else(|| unwell.unread.clone());
            continue;
        };
        if at.duration_since(started).abs() > SignedDuration::try_from(START).unwrap_or_default() {
            continue;
        }
        let message = format!(
            "container {} of {} of {} was refused a connection before its sidecar listened: both start together",
            application.name(),
            pods_in_words(unwell),
            case.target(),
        );
        let path = format!("{}.state.running.startedAt", proxy.status_path());
        let start = Evidence::new(format!("pod/{}", unwell.name()), path);
        let mut finding = not_ready(case, message)
            .evidence(said.evidence(unwell.name()))
            .evidence(start.actual(started.to_string()));
        finding.fixes.extend(sidecar_first(case)?);
        finding.fixes.extend(wait_for_sidecar(case)?);
        findings.push(finding);
    }
    match (findings.is_empty(), open) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(findings)),
    }
}

/// An application that is not ready, and the classic sidecar that starts together with it, and when that was. A
/// sidecar that stands before it is waited for.
/// Source: Istio 1.31, `pkg/kube/inject/webhook.go` (`reorderPod`).
fn together<'a>(unwell: &Unwell<'a>) -> Option<(Container<'a>, Container<'a>, Timestamp)> {
    let Step::Application(application) = unwell.step else {
        return None;
    };
    let all = Container::of(unwell.pod).into_iter();
    let mut rest = all.skip_while(|one| one.is_init || *one != application);
    let proxy = rest.find(Container::is_proxy)?;
    Some((application, proxy, proxy.running_since()?))
}

/// The last that the application's log says of the network since it was started, where it is that a connection to
/// another pod was refused.
fn refused<'u>(unwell: &'u Unwell, application: Container) -> Option<(&'u Said, Timestamp)> {
    let since = application
        .running_since()
        .or_else(|| Some(application.ended_last()?.started_at.as_ref()?.0))?;
    let logged = unwell.said.iter().filter_map(|said| match said.place {
        Place::Log(_) => Some((
            said,
            said.at.filter(|at| at.as_second() >= since.as_second())?,
        )),
        _ => None,
    });
    let mut errors = logged.filter_map(|(said, at)| Some((said, at, network_error(&said.text)?)));
    let (said, at, error) = errors.next_back()?;
    (error.why == Transport::Refused && !error.is_local).then_some((said, at))
}
