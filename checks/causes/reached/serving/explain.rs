//! Why istiod does not serve the injector, and what to do about it.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::json;

use crate::causes::reached::explain::{Explanation, object};
use crate::causes::reached::istiod;
use crate::causes::reached::patch::{self, Patch};
use crate::report::{Command, Evidence, Fix, Risk};
use crate::way::Case;
use crate::way::Destination;
use crate::way::injector::{environment, is_injector, label, path};
use crate::way::reached::NotServing;

/// The path of the injector.
const PATH: &str = "/inject";

/// The variable that switches the injector off.
const ENABLED: &str = "INJECT_ENABLED";

/// The explanation of an istiod that answers with 404.
pub fn explain(case: &Case, destination: &Destination, why: &NotServing) -> Explanation {
    let deployment = istiod::deployment_of(case, destination).ok().flatten();
    match why {
        NotServing::Path(path) => wrong_path(destination, path),
        NotServing::Disabled => disabled(destination, deployment),
        NotServing::ConfigMap(name) => without_config_map(case, destination, deployment, name),
    }
}

fn wrong_path(destination: &Destination, called: &str) -> Explanation {
    const FIELD: &str = "clientConfig/service/path";
    let configuration = destination.configuration;
    let all = configuration.webhooks.iter().flatten().enumerate();
    let is_wrong = |webhook: &MutatingWebhook| {
        let path = path(webhook).unwrap_or_default();
        is_injector(configuration, webhook)
            && webhook.client_config.service.is_some()
            && path != PATH
            && !path.starts_with("/inject/")
    };
    let wrong: Vec<_> = all.filter(|(_, webhook)| is_wrong(webhook)).collect();
    let set = |value: &dyn Fn(&MutatingWebhook) -> Option<String>| {
        let patch = wrong
            .iter()
            .fold(Patch::new(configuration), |patch, (position, webhook)| {
                let value = value(webhook).map(|path| json!(path));
                patch
                    .expect(*position, webhook)
                    .set(*position, FIELD, value)
            });
        patch.command()
    };
    let before = |webhook: &MutatingWebhook| path(webhook).map(str::to_owned);
    let field = ["clientConfig", "service", "path"];
    let evidence = patch::evidence(configuration, destination.entry, &field);
    Explanation {
        because: format!(
            "{} calls path {called} of istiod, which serves the injector at {PATH}",
            destination.name()
        ),
        evidence: vec![evidence.actual(called).expected(PATH)],
        fixes: vec![
            Fix::new(
                format!("let {} call {PATH}", destination.name()),
                Risk::MeshWide,
                "calls of the webhook arrive at the injector",
            )
            .run(set(&|_| Some(PATH.to_owned())))
            .undo(set(&before)),
        ],
    }
}

fn disabled(destination: &Destination, deployment: Option<&Deployment>) -> Explanation {
    let namespace = destination
        .service()
        .map_or("", |service| &service.namespace);
    let because = "istiod runs with INJECT_ENABLED=false and serves no injector".to_owned();
    let Some(deployment) = deployment else {
        return Explanation {
            because,
            ..Explanation::default()
        };
    };
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
    let set = |assignment: String| {
        let reference = format!("deployment/{name}");
        Command::kubectl(["set", "env", &reference, "-n", namespace, &assignment])
    };
    let changes = "istiod restarts and serves the injector";
    let fix = match value {
        Some(value) => Fix::new(
            format!("take {ENABLED} away from deployment/{name}"),
            Risk::MeshWide,
            changes,
        )
        .run(set(format!("{ENABLED}-")))
        .run(istiod::wait(deployment, namespace))
        .undo(set(format!("{ENABLED}={value}"))),
        // The Deployment has changed since, but its pods are of before.
        None => Fix::new(
            format!("restart deployment/{name}"),
            Risk::MeshWide,
            changes,
        )
        .run_all(istiod::restart(deployment, namespace)),
    };
    Explanation {
        because,
        evidence: vec![evidence],
        fixes: vec![fix],
    }
}

fn without_config_map(
    case: &Case,
    destination: &Destination,
    deployment: Option<&Deployment>,
    name: &str,
) -> Explanation {
    let namespace = destination
        .service()
        .map_or("", |service| &service.namespace);
    let config_map = case.injector_config_map(namespace, name).ok().flatten();
    let mut evidence = Evidence::new(
        object("configmap", name, namespace),
        ".metadata.creationTimestamp",
    );
    if let Some(config_map) = config_map {
        let made = config_map
            .metadata
            .creation_timestamp
            .as_ref()
            .map(|at| at.0);
        evidence.actual = made.map(|at| at.to_string());
    }
    let mut evidence = vec![evidence.expected("before istiod started")];
    if let Some(rejection) = case.observation().rejection.clone() {
        evidence.push(Evidence::new(rejection.source, ".message").actual(rejection.message));
    }
    let restart = deployment.map(|deployment| istiod::restart(deployment, namespace));
    let fix = match config_map {
        Some(_) => Fix::new(
            "restart istiod, as the ConfigMap is there by now",
            Risk::MeshWide,
            "istiod reads the ConfigMap, serves the injector and keeps caBundle right",
        )
        .run_all(restart.into_iter().flatten()),
        None => Fix::new(
            format!(
                "apply the installation of Istio again{}, then restart istiod",
                installer(destination)
            ),
            Risk::MeshWide,
            format!(
                "the ConfigMap {name} comes back with your settings, and istiod serves the injector once it has restarted"
            ),
        ),
    };
    Explanation {
        because: format!(
            "istiod serves no injector because ConfigMap {name} was absent when it started"
        ),
        evidence,
        fixes: vec![fix],
    }
}

/// By what Istio was installed, as far as labels tell: Helm marks its releases, and so do manifests
/// that istioctl rendered from the same charts, under the name istio.
fn installer(destination: &Destination) -> String {
    match label(destination.configuration, "release") {
        Some("istio") => " by istioctl".to_owned(),
        Some(release) => format!(" by helm (release {release})"),
        None => String::new(),
    }
}
