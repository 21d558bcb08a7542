//! istiod runs with its injector switched off.

use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::reached::istiod;
use crate::fixes::{change_istiod, restart_istiod};
use crate::report::{Evidence, Fix, Patch, Risk};
use crate::way::injector::environment;

/// The variable that switches the injector off.
const ENABLED: &str = "INJECT_ENABLED";

/// The variable as evidence, and what takes it away.
pub fn shown(deployment: &Deployment) -> (Vec<Evidence>, Vec<Fix>) {
    let name = istiod::name(deployment);
    let container = istiod::container(deployment);
    let value = container.and_then(|container| environment(container, ENABLED));
    let evidence = istiod::variable(deployment, ENABLED).expected("absent, or true");
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
