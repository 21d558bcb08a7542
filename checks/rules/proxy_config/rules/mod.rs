//! What `ValidateMeshConfigProxyConfig` finds wrong with a configuration.
//!
//! Only the fields that are set are looked at: the defaults of the others are right. istiod lists all complaints; the
//! first is enough here.

mod address;
mod connections;
mod private_key_provider;
mod tls;
mod tracing;

use super::read::Message;
use super::schema::json_name;

/// The first complaint of istiod.
pub(super) fn complaint(config: &Message) -> Option<String> {
    emptiness(config)
        .or_else(|| drain_duration(config))
        .or_else(|| addresses(config))
        .or_else(|| ports(config))
        .or_else(|| control_plane_auth_policy(config))
        .or_else(|| tracing::complaint(config.message("tracing")?))
        .or_else(|| private_key_provider::complaint(config.message("private_key_provider")?))
        .or_else(|| connections::complaint(config.message("connection_settings")?))
}

fn emptiness(config: &Message) -> Option<String> {
    let needed = |field: &&str| *field != "service_cluster" || !config.has("tracing_service_name");
    let empty = [
        "config_path",
        "binary_path",
        "discovery_address",
        "service_cluster",
    ]
    .into_iter()
    .filter(needed)
    .find(|field| config.text(field) == Some(""))?;
    Some(format!("{} is empty", json_name(empty)))
}

fn drain_duration(config: &Message) -> Option<String> {
    let nanoseconds = config.duration("drain_duration")?;
    (nanoseconds < 1_000_000 || nanoseconds % 1_000_000_000 != 0)
        .then(|| "drainDuration is not a positive number of whole seconds".to_owned())
}

fn addresses(config: &Message) -> Option<String> {
    let own = [
        "discovery_address",
        "statsd_udp_address",
        "envoy_metrics_service_address",
    ];
    let own = own
        .into_iter()
        .filter_map(|field| Some((json_name(field), config.text(field)?)));
    let services = ["envoy_metrics_service", "envoy_access_log_service"];
    let of_services = services.into_iter().filter_map(|field| {
        let address = config.message(field)?.text("address")?;
        Some((format!("{}.address", json_name(field)), address))
    });
    own.chain(of_services)
        .filter(|(_, address)| !address.is_empty())
        .find_map(|(name, address)| address::complaint(&name, address))
}

fn ports(config: &Message) -> Option<String> {
    ["proxy_admin_port", "status_port"]
        .into_iter()
        .find_map(|field| {
            let port = config
                .number(field)
                .filter(|port| !(1..=65_535).contains(port))?;
            Some(format!(
                "{} is {port}, not a port from 1 to 65535",
                json_name(field)
            ))
        })
}

fn control_plane_auth_policy(config: &Message) -> Option<String> {
    let policy = config.number("control_plane_auth_policy")?;
    (![0, 1].contains(&policy))
        .then(|| "controlPlaneAuthPolicy is neither NONE nor MUTUAL_TLS".to_owned())
}
