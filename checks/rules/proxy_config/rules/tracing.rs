//! Where traces are sent.

use super::super::read::Message;
use super::{address, tls};

/// What is wrong with `tracing`.
pub(super) fn complaint(tracing: &Message) -> Option<String> {
    let tracer = tracing.one_of(&[
        "zipkin",
        "lightstep",
        "datadog",
        "stackdriver",
        "open_census_agent",
    ]);
    tracer
        .and_then(|(name, tracer)| tracer_complaint(name, tracer))
        .or_else(|| tls::complaint(tracing.message("tls_settings")?))
}

fn tracer_complaint(name: &str, tracer: &Message) -> Option<String> {
    let address = tracer.text("address").unwrap_or_default();
    let field = format!("tracing.{name}.address");
    match name {
        "zipkin" | "datadog" => {
            address::complaint(&field, &address.replacen("$(HOST_IP)", "127.0.0.1", 1))
        }
        "lightstep" => address::complaint(&field, address).or_else(|| {
            let token = tracer.text("access_token").unwrap_or_default();
            token
                .is_empty()
                .then(|| "tracing.lightstep.accessToken is empty".to_owned())
        }),
        _ => None,
    }
}
