//! `proxy.istio.io/config`: is it YAML that can be read into istiod's `ProxyConfig`, and does that make sense to istiod?
//!
//! Sources (Istio 1.32-dev): `validateProxyConfig` in `pkg/kube/inject/validate.go`, which applies the YAML to the built-in
//! defaults (`DefaultProxyConfig` of `pkg/config/mesh/mesh.go`, not to the configuration of the mesh) and then runs
//! `ValidateMeshConfigProxyConfig` of `pkg/config/validation/agent/validation.go`. The JSON of the YAML goes through
//! `jsonpb.Unmarshal` of `github.com/golang/protobuf` 1.5.4, unknown fields allowed. The messages are those of
//! `istio.io/api/mesh/v1alpha1/proxy.proto` 1.31.
//!
//! The modules are the steps in their order: [`read`] makes messages of the YAML by the types in [`schema`], [`rules`]
//! judges them.

mod read;
mod rules;
mod schema;

use serde_json::Value;

use super::verdict::Verdict;
use super::yaml::{self, Unread, Yaml};

/// What istiod says to the annotation.
pub(super) fn verdict(text: &str) -> Verdict {
    match yaml::read(text) {
        Ok(document) => problem(&document).map_or(Verdict::Valid, Verdict::Invalid),
        Err(Unread::Refused(reason)) => Verdict::Invalid(format!("it is not YAML: {reason}")),
        Err(unread) => Verdict::CannotTell(unread.to_string()),
    }
}

/// The address of istiod that it names.
pub fn discovery_address(text: &str) -> Option<String> {
    let config = Value::from(yaml::read(text).ok()?);
    let mut names = ["discoveryAddress", "discovery_address"].iter();
    let address = names.find_map(|name| config.get(name)?.as_str())?;
    Some(address.to_owned())
}

/// The first thing wrong with the document, if any.
fn problem(document: &Yaml) -> Option<String> {
    if *document == Yaml::Null {
        return None;
    }
    match read::config(document) {
        Ok(config) => rules::complaint(&config),
        Err(problem) => Some(problem),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn valid_configurations() {
        let valid = [
            "",
            "null",
            "{}",
            "concurrency: 2",
            "concurrency: \"2\"",
            "concurrency: 2.0",
            "concurrency: 0x10",
            "unknownField: [1]",
            "holdApplicationUntilProxyStarts: true",
            "hold_application_until_proxy_starts: yes",
            "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"\n  EMPTY:\n  OTHER: some text",
            "drainDuration: 30s",
            "drainDuration: 1m30s",
            "terminationDrainDuration: 1.5h",
            "discoveryAddress: istiod.istio-system.svc:15012",
            "discoveryAddress: '[::1]:15012'",
            "discoveryAddress: 10.0.0.1:15012",
            "tracing:\n  zipkin:\n    address: $(HOST_IP):9411\n  sampling: 50",
            "tracing: {zipkin: {}, stackdriver: {}}",
            "tracing: null",
            "interceptionMode: TPROXY",
            "interceptionMode: 1",
            "controlPlaneAuthPolicy: NONE",
            "serviceCluster: ''\ntracingServiceName: CANONICAL_NAME_ONLY",
            "statsdUdpAddress: ''",
            "privateKeyProvider: {cryptomb: {pollDelay: 10ms}}",
            "extraStatTags: [a, null]",
            "concurrency: 1\nconcurrency: x\nconcurrency: 3",
            "{\"concurrency\": 2}",
            "image:\n  imageType: distroless",
            "statusPort: 15999",
        ];
        for text in valid {
            assert_eq!(verdict(text), Verdict::Valid, "{text:?}");
        }
    }

    #[test]
    fn invalid_configurations() {
        let invalid = [
            "just text",
            "5",
            "[]",
            "- a",
            "a: b: c",
            "\tconcurrency: 2",
            "concurrency: {",
            "concurrency: two",
            "concurrency: 2.5",
            "concurrency: 99999999999",
            "concurrency: true",
            "holdApplicationUntilProxyStarts: 1",
            "holdApplicationUntilProxyStarts: perhaps",
            "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: true",
            "proxyMetadata:\n  A: 1",
            "proxyMetadata:\n  A: yes",
            "proxyMetadata: [A=b]",
            "drainDuration: 30",
            "drainDuration: 30 seconds",
            "drainDuration: 0s",
            "drainDuration: -5s",
            "drainDuration: 1500ms",
            "discoveryAddress: istiod.istio-system.svc",
            "discoveryAddress: istiod:port",
            "discoveryAddress: istiod:0",
            "discoveryAddress: under_score:15012",
            "discoveryAddress: 1.2.3:15012",
            "discoveryAddress: ''",
            "serviceCluster: ''",
            "interceptionMode: tproxy",
            "interceptionMode: true",
            "controlPlaneAuthPolicy: INHERIT",
            "tracing: {zipkin: {}}",
            "tracing: {zipkin: {address: zipkin}}",
            "tracing: {lightstep: {address: 'a:1'}}",
            "tracing: {tlsSettings: {mode: MUTUAL}}",
            "tracing: zipkin",
            "statusPort: 0",
            "proxyAdminPort: 70000",
            "privateKeyProvider: {}",
            "privateKeyProvider: {qat: {pollDelay: 0s}}",
            "connectionSettings: {httpIdleTimeout: -1s}",
            "extraStatTags: a",
            "image: distroless",
        ];
        for text in invalid {
            assert!(
                matches!(verdict(text), Verdict::Invalid(_)),
                "{text:?} {:?}",
                verdict(text)
            );
        }
    }

    #[test]
    fn reasons_name_the_field() {
        let reason = |text| match verdict(text) {
            Verdict::Invalid(reason) => reason,
            other => panic!("{text:?} {other:?}"),
        };
        assert_eq!(
            reason("proxyMetadata:\n  A: true"),
            "proxyMetadata.A is true, not a text (put it in quotes)"
        );
        assert_eq!(
            reason("concurrency: two"),
            "concurrency is \"two\", not a whole number"
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*", shape in "[-\\[\\]{}\",: \n&*!|>a0.sty]{0,60}") {
            let _ = (verdict(&text), verdict(&shape));
            let _ = verdict(&format!("concurrency: {text}\ntracing: {shape}"));
        }
    }
}
