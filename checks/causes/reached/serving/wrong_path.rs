//! The webhook calls a path that istiod does not serve.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use serde_json::json;

use crate::causes::reached::patch::{self, Patch};
use crate::report::{Evidence, Fix, Risk};
use crate::way::Destination;
use crate::way::injector::{is_injector, path};

/// The path of the injector.
const PATH: &str = "/inject";

/// The path as evidence, and what puts it right.
pub fn shown(destination: &Destination, called: &str) -> (Vec<Evidence>, Vec<Fix>) {
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
    (
        vec![evidence.actual(called).expected(PATH)],
        vec![
            Fix::new(
                format!("let {} call {PATH}", destination.name()),
                Risk::MeshWide,
                "calls of the webhook arrive at the injector",
            )
            .run(set(&|_| Some(PATH.to_owned())))
            .undo(set(&before)),
        ],
    )
}
