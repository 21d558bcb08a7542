//! The port of the Service put right.

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use crate::causes::reached::patch::Patch;
use crate::report::{Command, Fix, Risk};
use crate::way::Case;
use crate::way::injector::injectors;
use crate::way::reached::called_port;
use crate::way::{Destination, names};

/// Leads the port that is called to the port on which istiod serves.
pub fn lead_to(service: &Service, reference: &ServiceReference, expected: i32) -> Option<Fix> {
    let (position, port) = position(service, called_port(reference))?;
    let set = |target: &Value| {
        let operations = json!([
            { "op": "test", "path": format!("/spec/ports/{position}/port"), "value": port.port },
            { "op": "add", "path": format!("/spec/ports/{position}/targetPort"), "value": target },
        ]);
        patch(reference, &operations)
    };
    let title = format!(
        "lead port {} of Service {} to {expected}",
        port.port, reference.name
    );
    let fix = Fix::new(
        title,
        Risk::MeshWide,
        "calls of the webhook arrive at istiod's injector",
    );
    let before = port.target_port.as_ref().map(|target| json!(target));
    Some(
        fix.run(set(&json!(expected)))
            .undo(set(&before.unwrap_or_else(|| json!(port.port)))),
    )
}

/// Gives the Service the port that is called, or lets the webhook call the port that there is.
pub fn add(case: &Case, destination: &Destination, service: &Service) -> Option<Fix> {
    let reference = destination.service()?;
    let called = called_port(reference);
    if called != 443 && position(service, 443).is_some() {
        return Some(call_the_default(case, destination, reference));
    }
    let title = format!("give Service {} port {called}", reference.name);
    let fix = Fix::new(
        title,
        Risk::MeshWide,
        "calls of the webhook arrive at istiod's injector",
    );
    let ports = ports(service);
    let leads_there =
        |port: &ServicePort| port.target_port == Some(IntOrString::Int(names::INJECTOR_PORT));
    if let Some(position) = ports.iter().position(leads_there) {
        let before = ports.get(position)?.port;
        let renumber = |from: i32, to: i32| {
            let path = format!("/spec/ports/{position}/port");
            let operations = json!([
                { "op": "test", "path": path, "value": from },
                { "op": "replace", "path": path, "value": to },
            ]);
            patch(reference, &operations)
        };
        return Some(
            fix.run(renumber(before, called))
                .undo(renumber(called, before)),
        );
    }
    let mut operations = Vec::new();
    for (position, port) in ports.iter().enumerate() {
        // Where there are several ports, each needs a name.
        if port.name.is_none() {
            let path = format!("/spec/ports/{position}/name");
            let name = format!("port-{}", port.port);
            operations.push(json!({ "op": "add", "path": path, "value": name }));
        }
    }
    let added = json!({
        "name": free_name(ports), "port": called, "protocol": "TCP", "targetPort": names::INJECTOR_PORT,
    });
    operations.push(json!({ "op": "add", "path": "/spec/ports/-", "value": added }));
    let remove = json!([{ "op": "remove", "path": format!("/spec/ports/{}", ports.len()) }]);
    Some(
        fix.run(patch(reference, &Value::Array(operations)))
            .undo(patch(reference, &remove)),
    )
}

fn ports(service: &Service) -> &[ServicePort] {
    let spec = service.spec.as_ref();
    spec.and_then(|spec| spec.ports.as_deref())
        .unwrap_or_default()
}

fn position(service: &Service, number: i32) -> Option<(usize, &ServicePort)> {
    let mut ports = ports(service).iter().enumerate();
    ports.find(|(_, port)| port.port == number)
}

fn free_name(ports: &[ServicePort]) -> &'static str {
    let is_taken = |name: &str| ports.iter().any(|port| port.name.as_deref() == Some(name));
    let names = ["https-webhook", "https-injector", "https-injdoctor"];
    names
        .into_iter()
        .find(|name| !is_taken(name))
        .unwrap_or("https-istiod-webhook")
}

fn patch(service: &ServiceReference, operations: &Value) -> Command {
    Command::kubectl([
        "patch",
        "service",
        &service.name,
        "-n",
        &service.namespace,
        "--type",
        "json",
        "-p",
        &operations.to_string(),
    ])
}

/// Lets every injection entry of the configuration that calls the odd port call 443, as the
/// installation ships it.
fn call_the_default(case: &Case, destination: &Destination, reference: &ServiceReference) -> Fix {
    const FIELD: &str = "clientConfig/service/port";
    let called = called_port(reference);
    let mut patches = [
        Patch::new(destination.configuration),
        Patch::new(destination.configuration),
    ];
    for (configuration, webhook) in injectors(case.webhooks().unwrap_or_default()) {
        let entries = configuration.webhooks.as_deref().unwrap_or_default();
        let position = entries.iter().position(|one| one.name == webhook.name);
        let service = webhook.client_config.service.as_ref();
        let calls_it =
            service.is_some_and(|one| one.name == reference.name && called_port(one) == called);
        if let (true, Some(position)) = (
            configuration.metadata.name == destination.configuration.metadata.name && calls_it,
            position,
        ) {
            let [there, back] = patches;
            patches = [
                there
                    .expect(position, webhook)
                    .set(position, FIELD, Some(json!(443))),
                back.expect(position, webhook)
                    .set(position, FIELD, Some(json!(called))),
            ];
        }
    }
    let [there, back] = patches;
    Fix::new(
        format!(
            "let {} call port 443 of Service {}",
            destination.name(),
            reference.name
        ),
        Risk::MeshWide,
        "calls of the webhook arrive at istiod's injector",
    )
    .run(there.command())
    .undo(back.command())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::quote;

    fn service(ports: &Value) -> Service {
        serde_json::from_value(json!({ "spec": { "ports": ports } })).unwrap()
    }

    #[test]
    fn the_target_port_is_set_where_the_called_port_stands() {
        let reference = ServiceReference {
            name: "istiod".to_owned(),
            namespace: "istio-system".to_owned(),
            ..ServiceReference::default()
        };
        let service = service(&json!([
            { "port": 15012 },
            { "port": 443, "targetPort": 15012 },
        ]));
        let fix = lead_to(&service, &reference, 15017).unwrap();
        let shown = |command: &Command| quote(&command.argv(&Default::default()));
        assert_eq!(
            fix.commands().iter().map(shown).collect::<Vec<_>>(),
            [
                "kubectl patch service istiod -n istio-system --type json -p \
                 '[{\"op\":\"test\",\"path\":\"/spec/ports/1/port\",\"value\":443},\
                 {\"op\":\"add\",\"path\":\"/spec/ports/1/targetPort\",\"value\":15017}]'"
            ]
        );
        assert!(shown(&fix.undo_commands()[0]).contains("\"value\":15012}]"));
        assert!(lead_to(&Service::default(), &reference, 15017).is_none());
    }
}
