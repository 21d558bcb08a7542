//! The webhook calls a path that istiod does not serve.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use serde_json::json;

use crate::causes::reached::entry;
use crate::fixes::Entries;
use crate::report::{Evidence, Fix, Risk};
use crate::way::Destination;
use crate::way::injector::{is_injector, path};

/// The path of the injector.
const PATH: &str = "/inject";

/// The path as evidence, and what puts it right.
pub fn shown(destination: &Destination, called: &str) -> (Vec<Evidence>, Vec<Fix>) {
    const FIELD: &str = "clientConfig/service/path";
    let configuration = destination.configuration;
    let is_wrong = |webhook: &MutatingWebhook| {
        let path = path(webhook).unwrap_or_default();
        is_injector(configuration, webhook)
            && webhook.client_config.service.is_some()
            && path != PATH
            && !path.starts_with("/inject/")
    };
    let entries = configuration.webhooks.iter().flatten();
    let change = entries
        .filter(|webhook| is_wrong(webhook))
        .fold(Entries::of(configuration), |all, webhook| {
            all.set(webhook, [(FIELD, Some(json!(PATH)))])
        });
    let field = ["clientConfig", "service", "path"];
    let evidence = entry::evidence(configuration, destination.entry, &field);
    (
        vec![evidence.actual(called).expected(PATH)],
        vec![
            Fix::new(
                format!("let {} call {PATH}", destination.name()),
                Risk::MeshWide,
                "calls of the webhook arrive at the injector",
            )
            .change(change.change(), configuration),
        ],
    )
}
