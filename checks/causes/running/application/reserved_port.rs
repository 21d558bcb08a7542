//! Ports that the application and its sidecar both want.

use k8s_openapi::api::core::v1::Container;

use crate::causes::running::next_pod::templates;
use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::report::{Command, Effect, Finding, Fix, Risk, Severity};
use crate::texts::{Found, Key, SIDECAR_PORTS, TAKEN};
use crate::way::Case;
use crate::way::rendered::containers::is_istios;
use crate::way::running::{Place, Said, Step, Unwell};

declare_check! {
    /// The application, or a Service, uses a port that the proxy needs.
    ///
    /// ## What it finds
    /// A pod is not ready, and the log of its sidecar or of its application says `address already in use` about a port of
    /// the sidecar, or without a port where the application declares one of these. Where no pod runs yet, such a
    /// `containerPort` is a warning.
    ///
    /// ## Why it matters
    /// The proxy listens on 15000, 15001, 15002, 15004, 15006, 15008, 15009, 15020, 15021, 15053 and 15090 of the pod.
    /// Who comes second cannot listen, and ends: the application beside a native sidecar, and as a rule the proxy beside
    /// an application that starts together with it. In Istio's older versions a Service with port 15090 or 15021 made
    /// proxies reject their configuration: `duplicate address`.
    ///
    /// ## How to fix it
    /// Let the application listen on another port, and lead its Services there (`targetPort`). The printed commands show
    /// which ports the containers declare, and where Services lead. Where a Service has such a port itself, change it.
    ///
    /// ## References
    /// - Istio, Ports used by Istio:
    ///   <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>
    "INJ629", "reserved-port", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    let mut open = None;
    for unwell in case.unwell()?.iter() {
        let Some((said, port)) = taken(unwell) else {
            open = open.or_else(|| unwell.unread.clone());
            continue;
        };
        let message = format!(
            "{} of {}: {}",
            pods_in_words(unwell),
            case.target(),
            in_words(unwell, said, &port),
        );
        let finding = not_ready(case, message).evidence(said.evidence(unwell.name()));
        findings.push(finding.fix(look(case)));
    }
    match (findings.is_empty(), open) {
        (true, Some(missing)) => Err(missing),
        (true, None) => Ok(Verdict::of(beforehand(case)?)),
        (false, _) => Ok(Verdict::Failed(findings)),
    }
}

/// The text that tells that a port is taken, and the port.
fn taken<'u>(unwell: &'u Unwell) -> Option<(&'u Said, String)> {
    if let Some(said) = unwell.cause() {
        let told = said.told.as_ref()?;
        return (told.cause.name == CHECK.name).then_some((said, port_of(&told.found)?));
    }
    let Step::Application(container) = unwell.step else {
        return None;
    };
    let port = reserved(container.spec)?;
    let logged = |said: &&Said| {
        matches!(said.place, Place::Log(_)) && said.text.to_lowercase().contains(TAKEN)
    };
    let said = unwell.said.iter().rfind(logged)?;
    Some((said, port.to_string()))
}

fn port_of(found: &Found) -> Option<String> {
    let address = || Some(found.value(Key::Address)?.rsplit_once(':')?.1);
    let port = found.value(Key::Port).or_else(address)?;
    Some(port.to_owned())
}

fn in_words(unwell: &Unwell, said: &Said, port: &str) -> String {
    let is_twice = said.text.contains("duplicate address");
    match unwell.step {
        Step::Application(one) => format!(
            "container {} cannot listen at port {port}, where its sidecar listens",
            one.name()
        ),
        _ if is_twice => format!(
            "the sidecar rejects a listener for its own port {port}, as a Service of the mesh has this port"
        ),
        _ => format!(
            "the sidecar cannot listen at its port {port}, as another container of the pod listens there"
        ),
    }
}

/// The first port of a container that is the sidecar's.
fn reserved(container: &Container) -> Option<i32> {
    let mut ports = container.ports.iter().flatten();
    let is_reserved = |port: &i32| SIDECAR_PORTS.contains(&port.to_string().as_str());
    ports.find_map(|one| Some(one.container_port).filter(is_reserved))
}

/// What the template declares, where no pod has shown yet that it does no harm.
fn beforehand(case: &Case) -> Result<Option<Finding>, Missing> {
    if case
        .observation()
        .readiness
        .is_some_and(|all| all.ready > 0)
    {
        return Ok(None);
    }
    let workload = case.workload()?;
    let all = workload.template.spec.containers.iter().enumerate();
    let mut own = all.filter(|(_, one)| !is_istios(&one.name));
    let Some((index, container, port)) =
        own.find_map(|(index, one)| Some((index, one, reserved(one)?)))
    else {
        return Ok(None);
    };
    if templates(case)?.is_none() {
        return Ok(None);
    }
    let message = format!(
        "container {} of {} declares port {port}, at which the sidecar listens",
        container.name,
        case.target(),
    );
    let path = format!(
        "{}.spec.containers[{index}].ports[*].containerPort",
        workload.template_path()
    );
    let evidence = Evidence::new(workload.reference(), path).actual(port.to_string());
    let finding = Finding::new(Severity::Warning, Effect::Beside, message);
    Ok(Some(finding.evidence(evidence).fix(look(case))))
}

fn look(case: &Case) -> Fix {
    let namespace = case.target().namespace.as_str();
    let ports = "custom-columns=NAME:.metadata.name,CONTAINERS:.spec.containers[*].name,PORTS:.spec.containers[*].ports[*].containerPort";
    let services = "custom-columns=NAME:.metadata.name,PORTS:.spec.ports[*].port,TARGETS:.spec.ports[*].targetPort";
    let get =
        |kind: &str, columns: &str| Command::kubectl(["get", kind, "-n", namespace, "-o", columns]);
    Fix::new(
        "give the application another port",
        Risk::ReadOnly,
        "nothing: it shows the ports that containers declare, and where Services lead",
    )
    .show(get("pods", ports))
    .show(get("services", services))
}
