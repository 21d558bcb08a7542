//! How Envoy reaches and probes others: `RemoteService`, `ClientTLSSettings` and `ReadinessProbe`.

use super::{Field, Kind, TEXTS};

pub(super) const TLS: Kind = Kind::Message(&[
    (
        "mode",
        Kind::Enum(&[
            ("DISABLE", 0),
            ("SIMPLE", 1),
            ("MUTUAL", 2),
            ("ISTIO_MUTUAL", 3),
        ]),
    ),
    ("client_certificate", Kind::Text),
    ("private_key", Kind::Text),
    ("ca_certificates", Kind::Text),
    ("credential_name", Kind::Text),
    ("subject_alt_names", TEXTS),
    ("sni", Kind::Text),
    ("insecure_skip_verify", Kind::Bool),
    ("ca_crl", Kind::Text),
]);

pub(super) const REMOTE: Kind = Kind::Message(&[
    ("address", Kind::Text),
    ("tls_settings", TLS),
    (
        "tcp_keepalive",
        Kind::Message(&[
            ("probes", Kind::Uint32),
            ("time", Kind::Duration),
            ("interval", Kind::Duration),
        ]),
    ),
]);

pub(super) const PROBE: &[Field] = &[
    ("initial_delay_seconds", Kind::Int32),
    ("timeout_seconds", Kind::Int32),
    ("period_seconds", Kind::Int32),
    ("success_threshold", Kind::Int32),
    ("failure_threshold", Kind::Int32),
    (
        "http_get",
        Kind::Message(&[
            ("path", Kind::Text),
            ("port", Kind::Uint32),
            ("host", Kind::Text),
            ("scheme", Kind::Text),
            (
                "http_headers",
                Kind::List(&Kind::Message(&[
                    ("name", Kind::Text),
                    ("value", Kind::Text),
                ])),
            ),
        ]),
    ),
    (
        "tcp_socket",
        Kind::Message(&[("host", Kind::Text), ("port", Kind::Uint32)]),
    ),
    ("exec", Kind::Message(&[("command", TEXTS)])),
    (
        "grpc",
        Kind::Message(&[("port", Kind::Uint32), ("service", Kind::Text)]),
    ),
];
