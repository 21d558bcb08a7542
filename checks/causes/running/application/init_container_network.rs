//! An init container that needs the network before the sidecar runs.

use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::fixes::{patch_template, sidecar_first};
use crate::report::{Field, Fix};
use crate::texts::{NetworkError, Transport, network_error};
use crate::way::Case;
use crate::way::rendered::containers::{INIT, VALIDATION};
use crate::way::running::{Container, Place, Said, Step, Unwell};

declare_check! {
    /// An init container needs the network after traffic is redirected and before the proxy runs.
    ///
    /// ## What it finds
    /// The pod stands at an init container whose log says that a connection was refused, istio-init or istio-validation
    /// comes before it, and istio-proxy does not.
    ///
    /// ## Why it matters
    /// Nobody listens where the traffic is led. With the CNI plugin the redirection is there from the start, and a
    /// classic sidecar starts after all init containers; without it, istio-init comes after the application's own init
    /// containers, and before those that other webhooks add later: Vault's agent, for example.
    ///
    /// ## How to fix it
    /// Use a native sidecar (Kubernetes 1.29 or newer), or let the init container by the proxy: by the ports that it
    /// needs, by `traffic.sidecar.istio.io/excludeOutboundIPRanges`, or by running it as user 1337.
    ///
    /// ## References
    /// - Istio, Compatibility with application init containers: <https://istio.io/latest/docs/setup/additional-setup/cni/#compatibility-with-application-init-containers>
    /// - Istio, Kubernetes native sidecars: <https://istio.io/latest/blog/2023/native-sidecars/>
    "INJ627", "init-container-network", Running, about Pods,
    run
}

const EXCLUDED_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    let mut open = None;
    for unwell in case.unwell()?.iter() {
        let Some((container, redirects)) = between(unwell) else {
            continue;
        };
        let Some((said, error)) = refused(unwell) else {
            open = open.or_else(|| unwell.unread.clone());
            continue;
        };
        let message = format!(
            "init container {} of {} of {} is refused its connection: {} has the traffic led to the sidecar, which is not started yet",
            container.name(),
            pods_in_words(unwell),
            case.target(),
            redirects.name(),
        );
        let order = Evidence::new(
            format!("pod/{}", unwell.name()),
            ".spec.initContainers[*].name",
        );
        let all = Container::of(unwell.pod).into_iter();
        let names: Vec<_> = all
            .filter(|one| one.is_init)
            .map(|one| one.name())
            .collect();
        let mut finding = not_ready(case, message)
            .evidence(said.evidence(unwell.name()))
            .evidence(order.actual(names.join(" ")));
        finding.fixes.extend(sidecar_first(case)?);
        if let Some(port) = error.port {
            finding.fixes.push(exclude(case, port)?);
        }
        findings.push(finding);
    }
    match (findings.is_empty(), open) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(findings)),
    }
}

/// The init container at which a pod stands, and the one of Istio's before it; none where the sidecar is started before
/// it, or traffic is not redirected yet.
fn between<'a>(unwell: &Unwell<'a>) -> Option<(Container<'a>, Container<'a>)> {
    let Step::Init(container) = unwell.step else {
        return None;
    };
    let all = Container::of(unwell.pod).into_iter();
    let before: Vec<_> = all.take_while(|one| *one != container).collect();
    let redirects = before
        .iter()
        .find(|one| matches!(one.name(), INIT | VALIDATION))?;
    let is_started = before.iter().any(Container::is_proxy);
    (!is_started).then_some((container, *redirects))
}

/// The last that the container's log says of the network, where it is that a connection to another pod was refused.
fn refused<'u>(unwell: &'u Unwell) -> Option<(&'u Said, NetworkError)> {
    let logged = unwell
        .said
        .iter()
        .filter(|said| matches!(said.place, Place::Log(_)));
    let mut errors = logged.filter_map(|said| Some((said, network_error(&said.text)?)));
    let (said, error) = errors.next_back()?;
    (error.why == Transport::Refused && !error.is_local).then_some((said, error))
}

/// Leaves a port out of the redirection, beside those that are left out already.
fn exclude(case: &Case, port: u16) -> Result<Fix, Missing> {
    let pod = case.pod()?;
    let ports = match pod.annotations.get(EXCLUDED_PORTS) {
        Some(others) if !others.is_empty() => format!("{others},{port}"),
        _ => port.to_string(),
    };
    patch_template(
        case,
        &format!("or leave port {port} out of the mesh"),
        &[(Field::Annotations, EXCLUDED_PORTS, Some(&ports))],
        "what the pod sends to the port goes past the sidecar, without mutual TLS",
    )
}
