//! istiod runs with its injector switched off.

use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::reached::explanation::object;
use crate::causes::reached::istiod;
use crate::fixes::{change_istiod, restart_istiod};
use crate::report::{Evidence, Fix, Patch, Risk};
use crate::way::Destination;
use crate::way::injector::environment;

/// The variable that switches the injector off.
const ENABLED: &str = "INJECT_ENABLED";

/// The variable as evidence, and what takes it away.
pub fn shown(destination: &Destination, deployment: &Deployment) -> (Vec<Evidence>, Vec<Fix>) {
    let namespace = destination
        .service()
        .map_or("", |service| &service.namespace);
    let name = istiod::name(deployment);
    let container = istiod::container(deployment);
    let value = container.and_then(|container| environment(container, ENABLED));
    let in_container = container.map_or("discovery", |container| container.name.as_str());
    let (element, variable) = (
        format!("k:{{\"name\":\"{in_container}\"}}"),
        format!("k:{{\"name\":\"{ENABLED}\"}}"),
    );
    let path = format!(
        ".spec.template.spec.containers[?(@.name==\"{in_container}\")].env[?(@.name==\"{ENABLED}\")].value"
    );
    let steps = [
        "spec",
        "template",
        "spec",
        "containers",
        &element,
        "env",
        &variable,
        "value",
    ];
    let mut evidence = Evidence::new(object("deployment", name, namespace), path)
        .expected("absent, or true")
        .set_in(&deployment.metadata, &steps);
    evidence.actual = value.map(str::to_owned);
    let fix = |title: String| {
        Fix::new(
            title,
            Risk::MeshWide,
            "istiod restarts and serves the injector",
        )
    };
    let fix = match value {
        Some(_) => change_istiod(
            fix(format!("take {ENABLED} away from deployment/{name}")),
            deployment,
            Patch::Environment {
                name: ENABLED.to_owned(),
                value: None,
            },
        ),
        // The Deployment has changed since, but its pods are of before.
        None => restart_istiod(fix(format!("restart deployment/{name}")), deployment),
    };
    (vec![evidence], vec![fix])
}
