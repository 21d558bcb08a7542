//! `ProxyHeaders` of `ProxyConfig`.

use super::{Field, Kind};

pub(super) const FORWARDED: Kind = Kind::Enum(&[
    ("UNDEFINED", 0),
    ("SANITIZE", 1),
    ("FORWARD_ONLY", 2),
    ("APPEND_FORWARD", 3),
    ("SANITIZE_SET", 4),
    ("ALWAYS_FORWARD_ONLY", 5),
]);

const DISABLED: Kind = Kind::Message(&[("disabled", Kind::Bool)]);
const ENABLED: Kind = Kind::Message(&[("enabled", Kind::Bool)]);

pub(super) const HEADERS: &[Field] = &[
    ("forwarded_client_cert", FORWARDED),
    (
        "set_current_client_cert_details",
        Kind::Message(&[
            ("subject", Kind::Bool),
            ("cert", Kind::Bool),
            ("chain", Kind::Bool),
            ("dns", Kind::Bool),
            ("uri", Kind::Bool),
        ]),
    ),
    ("request_id", DISABLED),
    (
        "server",
        Kind::Message(&[("disabled", Kind::Bool), ("value", Kind::Text)]),
    ),
    ("attempt_count", DISABLED),
    ("envoy_debug_headers", DISABLED),
    (
        "metadata_exchange_headers",
        Kind::Message(&[("mode", Kind::Enum(&[("UNDEFINED", 0), ("IN_MESH", 1)]))]),
    ),
    ("preserve_http1_header_case", Kind::Bool),
    ("x_forwarded_host", ENABLED),
    ("x_forwarded_port", ENABLED),
];
