//! The port of the Service put right.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, ServiceReference};
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::json;

use crate::fixes::Entries;
use crate::report::{Change, Fix, Object, Operation, Patch, Risk};
use crate::way::Case;
use crate::way::injector::injectors;
use crate::way::reached::called_port;
use crate::way::{Destination, names};

/// Leads the port that is called to the port on which istiod serves.
pub fn lead_to(service: &Service, reference: &ServiceReference, expected: i32) -> Option<Fix> {
    let (position, port) = position(service, called_port(reference))?;
    let place = |field: &str| format!("/spec/ports/{position}/{field}");
    let operations = vec![
        Operation::Test(place("port"), json!(port.port)),
        Operation::Add(place("targetPort"), json!(expected)),
    ];
    let title = format!(
        "lead port {} of Service {} to {expected}",
        port.port, reference.name
    );
    let fix = Fix::new(
        title,
        Risk::MeshWide,
        "calls of the webhook arrive at istiod's injector",
    );
    Some(fix.change(patch(reference, operations), service))
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
        let path = format!("/spec/ports/{position}/port");
        let operations = vec![
            Operation::Test(path.clone(), json!(before)),
            Operation::Add(path, json!(called)),
        ];
        return Some(fix.change(patch(reference, operations), service));
    }
    let mut operations = Vec::new();
    for (position, port) in ports.iter().enumerate() {
        // Where there are several ports, each needs a name.
        if port.name.is_none() {
            let path = format!("/spec/ports/{position}/name");
            let name = format!("port-{}", port.port);
            operations.push(Operation::Add(path, json!(name)));
        }
    }
    let added = json!({
        "name": free_name(ports), "port": called, "protocol": "TCP", "targetPort": names::INJECTOR_PORT,
    });
    operations.push(Operation::Add("/spec/ports/-".to_owned(), added));
    Some(fix.change(patch(reference, operations), service))
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

fn patch(service: &ServiceReference, operations: Vec<Operation>) -> Change {
    let object = Object::new("Service", &service.namespace, &service.name);
    Change::new(object, Patch::Operations(operations))
}

/// Lets every injection entry of the configuration that calls the odd port call 443, as the
/// installation ships it.
fn call_the_default(case: &Case, destination: &Destination, reference: &ServiceReference) -> Fix {
    const FIELD: &str = "clientConfig/service/port";
    let called = called_port(reference);
    let own = &destination.configuration.metadata.name;
    let calls_it = |webhook: &MutatingWebhook| {
        let service = webhook.client_config.service.as_ref();
        service.is_some_and(|one| one.name == reference.name && called_port(one) == called)
    };
    let change = injectors(case.webhooks().unwrap_or_default())
        .filter(|(configuration, webhook)| configuration.metadata.name == *own && calls_it(webhook))
        .fold(
            Entries::of(destination.configuration),
            |all, (_, webhook)| all.set(webhook, [(FIELD, Some(json!(443)))]),
        );
    Fix::new(
        format!(
            "let {} call port 443 of Service {}",
            destination.name(),
            reference.name
        ),
        Risk::MeshWide,
        "calls of the webhook arrive at istiod's injector",
    )
    .change(change.change(), destination.configuration)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::{Command, quote};

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
