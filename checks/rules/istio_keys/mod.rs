//! Keys of labels and annotations that a person took for keys of Istio.
//!
//! Istio and the API server compare keys exactly, and pass over all others without a word. A key is told as
//! misspelt where it is near to one that counts, and is none that Istio knows.

mod known;

use std::cmp::Reverse;

use known::{OF_SIDECARS, OTHERS};
use strsim::osa_distance;

const INJECT: &str = "sidecar.istio.io/inject";
const INJECTION: &str = "istio-injection";
const REVISION: &str = "istio.io/rev";

/// What a key is meant to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// Whether to inject: `sidecar.istio.io/inject` of pods, `istio-injection` of namespaces.
    Inject,
    /// Which revision injects: `istio.io/rev`.
    Revision,
}

/// What the key of a pod's label or annotation is meant to say, where it is not the one that says so.
pub fn of_pods(key: &str) -> Option<Meant> {
    match key {
        INJECTION => Some(Meant::Inject),
        _ => near(key),
    }
}

/// What the key of a namespace's label or annotation is meant to say, where it is not the one that says so.
pub fn of_namespaces(key: &str) -> Option<Meant> {
    match key {
        INJECT => Some(Meant::Inject),
        _ => near(key),
    }
}

/// The annotation of a sidecar that a key is meant to be; none where Istio knows the key, or it is near to
/// none.
pub fn of_sidecars(key: &str) -> Option<&'static str> {
    if is_known(key) {
        return None;
    }
    let letters = plain(key);
    if !mentions_istio(&letters) || near(key).is_some() {
        return None;
    }
    let (domain, name) = key.rsplit_once('/').unwrap_or(("", key));
    let is_istios = is_istios(domain);
    let rated = OF_SIDECARS.iter().filter_map(|known| {
        let (known_domain, known_name) = known.rsplit_once('/')?;
        let allowed = allowed(known_name.len());
        let whole = distance(&letters, &plain(known), allowed);
        // Istio's domains are taken one for another: sidecar.istio.io for traffic.sidecar.istio.io.
        let by_name = match is_istios {
            true => distance(&plain(name), &plain(known_name), allowed),
            false => None,
        };
        let nearest = whole.into_iter().chain(by_name).min()?;
        let common = Reverse(known_domain == domain);
        Some(((nearest, common, whole.is_none()), *known))
    });
    let nearest = rated.min_by_key(|(distance, _)| *distance);
    nearest.map(|(_, known)| known)
}

/// The annotation by which a sidecar is set up, where a key is one exactly.
pub fn as_of_sidecars(key: &str) -> Option<&'static str> {
    OF_SIDECARS.iter().find(|known| **known == key).copied()
}

/// How many letters may differ in a name of some length.
fn allowed(length: usize) -> usize {
    (length / 5).clamp(1, 3)
}

fn is_known(key: &str) -> bool {
    OF_SIDECARS.contains(&key) || OTHERS.contains(&key)
}

fn is_istios(domain: &str) -> bool {
    domain == "istio.io" || domain.ends_with(".istio.io")
}

/// A key without its case and what parts its words.
fn plain(key: &str) -> String {
    let letters = key.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether something like Istio's name is among these letters: most keys of a cluster have nothing like it, and
/// need not be compared with all that Istio knows.
fn mentions_istio(letters: &str) -> bool {
    let letters = format!(" {letters}");
    let differs = |place: &[u8]| place.iter().zip(b"istio").filter(|(a, b)| a != b).count();
    let mut places = letters.as_bytes().windows(5);
    places.any(|place| differs(place) <= 2)
}

/// What a key is meant to say that Istio does not know, by its letters or else by its words.
fn near(key: &str) -> Option<Meant> {
    if is_known(key) {
        return None;
    }
    let letters = plain(key);
    if !mentions_istio(&letters) {
        return None;
    }
    let targets = [
        (INJECT, Meant::Inject),
        (INJECTION, Meant::Inject),
        (REVISION, Meant::Revision),
    ];
    let is_near = |target: &str| {
        let target = plain(target);
        distance(&letters, &target, target.len() / 8).is_some()
    };
    let by_letters = targets.into_iter().find(|(target, _)| is_near(target));
    by_letters.map(|(_, meant)| meant).or_else(|| by_words(key))
}

/// By its words: Istio's name, one that says what is meant, and none that belongs to something else.
fn by_words(key: &str) -> Option<Meant> {
    let (domain, name) = key.rsplit_once('/').unwrap_or(("", key));
    // In a domain of Istio's, whatever it is, the name alone tells.
    let (mut has_istio, told) = match is_istios(domain) {
        true => (true, name),
        false => (false, key),
    };
    let mut meant = None;
    for word in told.split(|c: char| !c.is_alphanumeric()) {
        let word = word.to_lowercase();
        let is_one_off = |other: &str| distance(&word, other, 1).is_some();
        let says =
            if word.starts_with("inject") || is_one_off("inject") || is_like(&word, "injection") {
                Some(Meant::Inject)
            } else if word == "rev" || is_like(&word, "revision") {
                Some(Meant::Revision)
            } else {
                None
            };
        match says {
            Some(says) if meant.is_none_or(|before| before == says) => meant = Some(says),
            Some(_) => return None,
            None if is_one_off("istio") => has_istio = true,
            None if word.is_empty() || word == "io" || is_one_off("sidecar") => {}
            None => return None,
        }
    }
    meant.filter(|_| has_istio)
}

fn is_like(word: &str, other: &str) -> bool {
    distance(word, other, other.len() / 4).is_some()
}

/// How many letters differ, where that is at most so many. Words of too different lengths, which most are, need no
/// closer look.
fn distance(word: &str, other: &str, limit: usize) -> Option<usize> {
    let lengths = word.chars().count().abs_diff(other.chars().count());
    let distance = (lengths <= limit).then(|| osa_distance(word, other));
    distance.filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_ask_for_injection_are_told_from_others() {
        let table = [
            (
                Some(Meant::Inject),
                &[
                    "sidecar.istio.io/injection",
                    "sidecar.istio.io.inject",
                    "sidecar.istio.io/Inject",
                    "sidecar.istio.io/injected",
                    "sidecar.istio.io/inejct",
                    "sidecar.isito.io/inject",
                    "sidecars.istio.io/inject",
                    "sidecar-istio-io/inject",
                    "sidecar-istio.io/inject",
                    "istio.sidecar.io/inject",
                    "istio.io/inject",
                    "istio.io/injection",
                    "istio.io/sidecar-inject",
                    "proxy.istio.io/inject",
                    "inject.istio.io/sidecar-injection",
                    "istio-inject",
                    "istio.injection",
                    "istio_injection",
                    "Istio-Injection",
                    "istioInjection",
                    "istio-injecton",
                    "istio-sidecar-injection",
                ][..],
            ),
            (
                Some(Meant::Revision),
                &[
                    "istio.io/revision",
                    "istio.io/Rev",
                    "istio.io.rev",
                    "istio-rev",
                    "istio-revision",
                    "istio.io/revison",
                    "sidecar.istio.io/rev",
                ],
            ),
            (
                None,
                &[
                    "app",
                    "version",
                    "revision",
                    "inject",
                    "sidecar-inject",
                    "kubernetes.io/metadata.name",
                    "linkerd.io/inject",
                    "config.linkerd.io/proxy-version",
                    "sidecar.opentelemetry.io/inject",
                    "instrumentation.opentelemetry.io/inject-java",
                    "vault.hashicorp.com/agent-inject",
                    "vault.hashicorp.com/agent-inject-secret-istio",
                    "consul.hashicorp.com/connect-inject",
                    "sidecar.jaegertracing.io/inject",
                    "kuma.io/sidecar-injection",
                    "openservicemesh.io/sidecar-injection",
                    "appmesh.k8s.aws/sidecarInjectorWebhook",
                    "admission.datadoghq.com/enabled",
                    "cert-manager.io/inject-ca-from",
                    "kiali.io/istio-injection",
                    "dapr.io/enabled",
                    "istio",
                    "istio-ingressgateway",
                    "istio-operator-managed",
                    "istio.io/gateway-name",
                    "deployment.kubernetes.io/revision",
                    "serving.knative.dev/revision",
                ],
            ),
        ];
        for (expected, keys) in table {
            for key in keys {
                assert_eq!(of_pods(key), expected, "{key}");
                assert_eq!(of_namespaces(key), expected, "{key}");
            }
        }
        assert_eq!(of_pods(INJECTION), Some(Meant::Inject));
        assert_eq!(of_namespaces(INJECTION), None);
        assert_eq!(of_pods(INJECT), None);
        assert_eq!(of_namespaces(INJECT), Some(Meant::Inject));
    }

    #[test]
    fn annotations_of_sidecars_are_found_by_their_letters_and_in_other_domains() {
        for (key, expected) in [
            ("sidecar.istio.io/proxyCpu", "sidecar.istio.io/proxyCPU"),
            (
                "sidecar.istio.io/proxy-cpu-limit",
                "sidecar.istio.io/proxyCPULimit",
            ),
            (
                "sidecar.istio.io/proxyMemLimit",
                "sidecar.istio.io/proxyMemoryLimit",
            ),
            (
                "sidecar-istio-io/proxyMemory",
                "sidecar.istio.io/proxyMemory",
            ),
            (
                "sidecar.istio.io/rewriteAppHTTPProbes",
                "sidecar.istio.io/rewriteAppHTTPProbers",
            ),
            (
                "traffic.sidecar.istio.io/excludeOutboundPort",
                "traffic.sidecar.istio.io/excludeOutboundPorts",
            ),
            (
                "sidecar.istio.io/excludeOutboundPorts",
                "traffic.sidecar.istio.io/excludeOutboundPorts",
            ),
            (
                "traffic.istio.io/includeInboundPorts",
                "traffic.sidecar.istio.io/includeInboundPorts",
            ),
            ("inject.istio.io/template", "inject.istio.io/templates"),
            ("sidecar.istio.io/templates", "inject.istio.io/templates"),
            ("sidecar.istio.io/config", "proxy.istio.io/config"),
            ("istio.io/logLevel", "sidecar.istio.io/logLevel"),
            (
                "sidecar.istio.io/userVolumes",
                "sidecar.istio.io/userVolume",
            ),
        ] {
            assert_eq!(of_sidecars(key), Some(expected), "{key}");
        }
        for key in [
            "sidecar.istio.io/enableCoreDump",
            "sidecar.istio.io/injection",
            "linkerd.io/proxy-cpu-limit",
            "config.linkerd.io/proxy-log-level",
            "sidecar.opentelemetry.io/inject",
            "prometheus.io/port",
            "example.com/config",
            "example.com/templates",
            "templates",
        ] {
            assert_eq!(of_sidecars(key), None, "{key}");
        }
    }

    #[test]
    fn what_istio_knows_is_not_misspelt() {
        for key in OF_SIDECARS.iter().chain(OTHERS) {
            assert_eq!(near(key), None, "{key}");
            assert_eq!(of_sidecars(key), None, "{key}");
        }
    }
}
