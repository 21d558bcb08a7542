//! `ConnectionSettings` of `ProxyConfig`.

use super::{Field, Kind};

pub(super) const CONNECTIONS: &[Field] = &[
    ("profile", Kind::Enum(&[("SIDECAR", 0), ("EDGE", 1)])),
    ("listener_per_connection_buffer_limit_bytes", Kind::Int32),
    ("cluster_per_connection_buffer_limit_bytes", Kind::Int32),
    ("http_idle_timeout", Kind::Duration),
    ("http_max_connection_duration", Kind::Duration),
    ("http_drain_timeout", Kind::Duration),
    ("http_request_timeout", Kind::Duration),
    ("http_request_headers_timeout", Kind::Duration),
    ("http_stream_idle_timeout", Kind::Duration),
    ("http_max_stream_duration", Kind::Duration),
    ("http_max_concurrent_streams", Kind::Int32),
    ("http2_initial_stream_window_size", Kind::Int32),
    ("http2_initial_connection_window_size", Kind::Int32),
    (
        "http_headers_with_underscores_action",
        Kind::Enum(&[
            ("HEADERS_WITH_UNDERSCORES_UNSPECIFIED", 0),
            ("HEADERS_WITH_UNDERSCORES_ALLOW", 1),
            ("HEADERS_WITH_UNDERSCORES_REJECT_REQUEST", 2),
            ("HEADERS_WITH_UNDERSCORES_DROP_HEADER", 3),
        ]),
    ),
    ("http_merge_slashes", Kind::Bool),
    (
        "http_path_with_escaped_slashes_action",
        Kind::Enum(&[
            ("PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED", 0),
            ("KEEP_UNCHANGED", 1),
            ("REJECT_REQUEST", 2),
            ("UNESCAPE_AND_REDIRECT", 3),
            ("UNESCAPE_AND_FORWARD", 4),
        ]),
    ),
    ("listener_connection_limit", Kind::Int32),
    ("global_downstream_connection_limit", Kind::Int32),
];
