//! `Tracing` of `ProxyConfig`.

use super::remote::TLS;
use super::{Field, Kind};

const ADDRESS: &[Field] = &[("address", Kind::Text)];
pub(super) const TRACING: &[Field] = &[
    ("zipkin", Kind::Message(ADDRESS)),
    (
        "lightstep",
        Kind::Message(&[("address", Kind::Text), ("access_token", Kind::Text)]),
    ),
    ("datadog", Kind::Message(ADDRESS)),
    (
        "stackdriver",
        Kind::Message(&[
            ("debug", Kind::Bool),
            ("max_number_of_attributes", Kind::Int64),
            ("max_number_of_annotations", Kind::Int64),
            ("max_number_of_message_events", Kind::Int64),
        ]),
    ),
    (
        "open_census_agent",
        Kind::Message(&[
            ("address", Kind::Text),
            (
                "context",
                Kind::List(&Kind::Enum(&[
                    ("UNSPECIFIED", 0),
                    ("W3C_TRACE_CONTEXT", 1),
                    ("GRPC_BIN", 2),
                    ("CLOUD_TRACE_CONTEXT", 3),
                    ("B3", 4),
                ])),
            ),
        ]),
    ),
    (
        "custom_tags",
        Kind::Map(&Kind::Message(&[
            ("literal", Kind::Message(&[("value", Kind::Text)])),
            ("environment", Kind::Message(NAME_AND_DEFAULT)),
            ("header", Kind::Message(NAME_AND_DEFAULT)),
        ])),
    ),
    ("max_path_tag_length", Kind::Uint32),
    ("sampling", Kind::Double),
    ("tls_settings", TLS),
    ("enable_istio_tags", Kind::Bool),
];
const NAME_AND_DEFAULT: &[Field] = &[("name", Kind::Text), ("default_value", Kind::Text)];
