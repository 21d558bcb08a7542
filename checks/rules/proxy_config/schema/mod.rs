//! The fields of the messages of `istio.io/api/mesh/v1alpha1/proxy.proto` 1.31 and their types.

mod connections;
mod headers;
mod remote;
mod tracing;

use connections::CONNECTIONS;
use headers::{FORWARDED, HEADERS};
use remote::{PROBE, REMOTE};
use tracing::TRACING;

/// The type of a field; wrapper messages like `BoolValue` read like the type they wrap.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Bool,
    Int32,
    Uint32,
    Int64,
    Double,
    Duration,
    /// The names and numbers of the values.
    Enum(&'static [(&'static str, i64)]),
    Message(&'static [Field]),
    List(&'static Kind),
    Map(&'static Kind),
}

/// A field: its name in the proto file and its type.
pub(super) type Field = (&'static str, Kind);

const TEXTS: Kind = Kind::List(&Kind::Text);
const TEXT_MAP: Kind = Kind::Map(&Kind::Text);
const POLLING: Kind = Kind::Message(&[("poll_delay", Kind::Duration), ("fallback", Kind::Bool)]);

/// The message of the annotation.
pub(super) const PROXY_CONFIG: &[Field] = &[
    ("config_path", Kind::Text),
    ("binary_path", Kind::Text),
    ("service_cluster", Kind::Text),
    (
        "tracing_service_name",
        Kind::Enum(&[
            ("APP_LABEL_AND_NAMESPACE", 0),
            ("CANONICAL_NAME_ONLY", 1),
            ("CANONICAL_NAME_AND_NAMESPACE", 2),
        ]),
    ),
    ("drain_duration", Kind::Duration),
    ("discovery_address", Kind::Text),
    ("discovery_refresh_delay", Kind::Duration),
    ("zipkin_address", Kind::Text),
    ("statsd_udp_address", Kind::Text),
    ("envoy_metrics_service_address", Kind::Text),
    ("proxy_admin_port", Kind::Int32),
    ("availability_zone", Kind::Text),
    (
        "control_plane_auth_policy",
        Kind::Enum(&[("NONE", 0), ("MUTUAL_TLS", 1), ("INHERIT", 1000)]),
    ),
    ("custom_config_file", Kind::Text),
    ("stat_name_length", Kind::Int32),
    ("concurrency", Kind::Int32),
    ("proxy_bootstrap_template_path", Kind::Text),
    (
        "interception_mode",
        Kind::Enum(&[("REDIRECT", 0), ("TPROXY", 1), ("NONE", 2)]),
    ),
    ("tracing", Kind::Message(TRACING)),
    (
        "sds",
        Kind::Message(&[("enabled", Kind::Bool), ("k8s_sa_jwt_path", Kind::Text)]),
    ),
    ("envoy_access_log_service", REMOTE),
    ("envoy_metrics_service", REMOTE),
    ("proxy_metadata", TEXT_MAP),
    ("runtime_values", TEXT_MAP),
    ("status_port", Kind::Int32),
    ("extra_stat_tags", TEXTS),
    (
        "gateway_topology",
        Kind::Message(&[
            ("num_trusted_proxies", Kind::Uint32),
            ("forward_client_cert_details", FORWARDED),
            ("proxy_protocol", Kind::Message(&[])),
        ]),
    ),
    ("termination_drain_duration", Kind::Duration),
    ("mesh_id", Kind::Text),
    ("readiness_probe", Kind::Message(PROBE)),
    (
        "proxy_stats_matcher",
        Kind::Message(&[
            ("inclusion_prefixes", TEXTS),
            ("inclusion_suffixes", TEXTS),
            ("inclusion_regexps", TEXTS),
        ]),
    ),
    ("hold_application_until_proxy_starts", Kind::Bool),
    ("ca_certificates_pem", TEXTS),
    ("image", Kind::Message(&[("image_type", Kind::Text)])),
    (
        "private_key_provider",
        Kind::Message(&[("cryptomb", POLLING), ("qat", POLLING)]),
    ),
    ("proxy_headers", Kind::Message(HEADERS)),
    ("file_flush_interval", Kind::Duration),
    ("file_flush_min_size_kb", Kind::Uint32),
    ("stats_compression", Kind::Bool),
    ("connection_settings", Kind::Message(CONNECTIONS)),
];

/// The name of a field in JSON: the underscores of the proto name become capitals.
pub(super) fn json_name(proto: &str) -> String {
    let mut capital = false;
    let mut name = String::with_capacity(proto.len());
    for character in proto.chars() {
        match character {
            '_' => capital = true,
            character => {
                name.push(if capital {
                    character.to_ascii_uppercase()
                } else {
                    character
                });
                capital = false;
            }
        }
    }
    name
}
