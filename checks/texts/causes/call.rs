//! The causes of failed calls of webhooks.

use super::Causes;
use crate::texts::transport::{Http, Tls, Transport};
use crate::texts::{Call, Found, Key, Party, Policy, Surroundings};

pub(super) fn causes(call: Call, found: &Found, surroundings: &Surroundings) -> Causes {
    match call.party {
        Party::Injector | Party::Validator | Party::Istio => of_istio(call, found, surroundings),
        Party::OtherInjector | Party::Foreign => of_others(call),
        Party::Unnamed => match call.error {
            Some(Transport::Tls(
                Tls::UnknownAuthority | Tls::BundleUnreadable | Tls::LegacyName,
            ))
            | Some(
                Transport::NoAgent
                | Transport::AddressNotAllowed
                | Transport::PortNotFound
                | Transport::ServiceUnroutable,
            ) => of_istio(call, found, surroundings),
            _ => Causes::default(),
        },
    }
}

/// Calls of other vendors' webhooks: what is wrong with the cluster's network or with a webhook in the mesh is told, and
/// that they keep pods from being made.
fn of_others(call: Call) -> Causes {
    if call.policy == Some(Policy::Open) && call.party == Party::OtherInjector {
        return Causes::possible(
            "webhook-fail-open",
            "the call of an injector fails, and the API server goes on without it; the injector is another mesh's",
        );
    }
    let Some(error) = call.error else {
        return Causes::default();
    };
    match error {
        Transport::AddressNotAllowed | Transport::NoAgent => of_network(error),
        Transport::Eof => Causes::possible(
            "webhook-traffic-meshed",
            "a webhook whose own pod has a sidecar ends the API server's connection like this, as that speaks no mutual TLS",
        )
        .or("other-webhook-failing", "the webhook is not Istio's, and may have failed by itself"),
        Transport::Tls(Tls::NoNames) => Causes::likely(
            "webhook-traffic-meshed",
            "certificates without DNS names are those that Istio gives to workloads: a sidecar answers in the webhook's place",
        )
        .or("other-webhook-failing", "the webhook's own certificate may have no DNS name"),
        _ if call.policy == Some(Policy::Open) || call.party == Party::OtherInjector => Causes::default(),
        _ if call.of_pods => Causes::likely(
            "other-webhook-failing",
            "pods are refused because a webhook cannot be called that is not Istio's",
        ),
        _ => Causes::default(),
    }
}

fn of_istio(call: Call, found: &Found, surroundings: &Surroundings) -> Causes {
    let mut causes = match call.error {
        Some(error) => of_error(error, call, found, surroundings),
        None => without_error(call, surroundings),
    };
    if call.policy == Some(Policy::Open) {
        causes = causes.or(
            "webhook-fail-open",
            "the API server goes on without the webhook: pods are made without a sidecar",
        );
    }
    causes
}

fn without_error(call: Call, surroundings: &Surroundings) -> Causes {
    match call.party {
        Party::Validator => Causes::possible(
            "validating-webhook-stale",
            "a validating webhook that nobody serves any more is the usual reason, and the text gives no other",
        )
        .or("istiod-no-endpoints", "istiod may be down for a moment"),
        _ if surroundings.managed => Causes::possible(
            "firewall",
            "on managed control planes a firewall keeps the API server from port 15017 of the nodes, and the text gives no error",
        )
        .or("istiod-no-endpoints", "istiod may have no ready pod"),
        _ => Causes::possible("istiod-no-endpoints", "the text gives no error; that istiod has no ready pod is the usual one")
            .or("firewall", "a firewall may keep the API server from port 15017 of the nodes")
            .or("webhook-service-missing", "the webhook may be left over from an installation that is gone"),
    }
}

fn of_error(error: Transport, call: Call, found: &Found, surroundings: &Surroundings) -> Causes {
    match error {
        Transport::Refused => refused(found),
        Transport::DialTimeout | Transport::NoConnection | Transport::Deadline | Transport::NoHeaders => {
            timed_out(error, call, found, surroundings)
        }
        Transport::NoEndpoints => no_endpoints(found),
        Transport::ServiceNotFound if call.party == Party::Validator => Causes::certain(
            "validating-webhook-stale",
            "a validating webhook calls a Service that does not exist: it is left over",
        )
        .or("webhook-service-missing", "the injection webhook may call the same Service"),
        Transport::ServiceNotFound => {
            Causes::certain("webhook-service-missing", "the webhook calls a Service that does not exist")
        }
        Transport::PortNotFound => Causes::certain("service-port", "the Service has no port of the number that the webhook calls"),
        Transport::ServiceUnroutable => Causes::certain("service-type", "the API server cannot call a Service of this type"),
        Transport::NoRoute | Transport::Unreachable => Causes::likely(
            "apiserver-route",
            "the API server's host has no route to the address",
        )
        .or("firewall", "a firewall of the node that rejects, instead of dropping, gives the same words")
        .or("konnectivity", "where the control plane has a tunnel to the nodes, that may be down"),
        Transport::NotPermitted => Causes::likely("network-policy", "rules on the API server's own host forbid the connection")
            .or("apiserver-route", "the host's firewall may forbid it"),
        Transport::AddressNotAllowed | Transport::NoAgent => of_network(error),
        Transport::NoSuchHost => no_such_host(found),
        Transport::BadUrl => Causes::certain("webhook-url", "the URL of the webhook cannot be called"),
        Transport::Tls(tls) => of_tls(tls),
        Transport::Http(http) => of_http(http),
        Transport::NoHealthyUpstream => meshed("Envoy answers, and not istiod"),
        Transport::Eof | Transport::Reset => Causes::likely(
            "connection-reset",
            "somebody between the API server and istiod, or istiod itself, closes the connection in the middle",
        )
        .or(
            "service-port",
            "another port of istiod closes what it does not understand: the Service's targetPort may be wrong",
        )
        .or("status-annotation-invalid", "istiod's handler ends like this where sidecar.istio.io/status has the wrong shape")
        .or("webhook-traffic-meshed", "a sidecar in istiod's pod may end the connection"),
        Transport::ConnectionLost => Causes::likely("stale-connection", "the connection that the API server kept open is dead")
            .or("connection-reset", "the connection may be cut on the way"),
        Transport::GoAway => Causes::likely(
            "stale-connection",
            "the server, or a proxy before it, ends the connection that the API server kept open",
        )
        .or("connection-reset", "the connection may be cut on the way"),
        Transport::ProxyConnect => Causes::certain("apiserver-proxy", "the API server calls the webhook through a proxy"),
        Transport::NotAReview => Causes::likely("admission-review-version", "the answer is no AdmissionReview that the API server asked for")
            .or("service-selector", "something else than istiod may answer")
            .or("service-port", "the port may be another one of istiod"),
        Transport::DryRun => Causes::certain("webhook-side-effects", "the webhook declares side effects, so that no dry run may call it"),
        Transport::MatchCondition => Causes::certain("match-condition-error", "a match condition of the webhook cannot be evaluated"),
    }
}

/// What is wrong with the way from the control plane to any webhook.
fn of_network(error: Transport) -> Causes {
    match error {
        Transport::NoAgent => Causes::certain(
            "konnectivity",
            "the control plane's tunnel to the nodes has no agent",
        ),
        _ => Causes::certain(
            "apiserver-route",
            "the control plane may only call addresses of its own network, and the pod's is not one: an overlay",
        ),
    }
}

fn refused(found: &Found) -> Causes {
    match found.value(Key::DialledPort) {
        Some("3128" | "8080" | "8888" | "1080") => Causes::likely(
            "apiserver-proxy",
            "the port that was dialled is that of a proxy",
        )
        .or("istiod-no-endpoints", "istiod may have no ready pod"),
        None | Some("443" | "15017" | "9443") => Causes::likely(
            "istiod-no-endpoints",
            "nobody listens: a Service without ready endpoints refuses connections",
        )
        .or(
            "service-port",
            "the Service's targetPort may be a port on which istiod does not listen",
        )
        .or(
            "service-selector",
            "the Service may select pods of something else",
        ),
        Some(_) => Causes::likely(
            "service-port",
            "the port that was dialled is not istiod's 15017",
        )
        .or("istiod-no-endpoints", "istiod may have no ready pod"),
    }
}

fn timed_out(error: Transport, call: Call, found: &Found, surroundings: &Surroundings) -> Causes {
    let port = found.value(Key::DialledPort);
    let firewall = "a firewall drops what the control plane sends to port 15017 of the nodes";
    let route = "the API server's host has no working path to pods or Services";
    let policy = "a NetworkPolicy may keep the API server from istiod";
    let hangs = "istiod may hang";
    match error {
        _ if surroundings.replaced => Causes::likely(
            "stale-connection",
            "nodes or pods were replaced, and the API server still uses its connection to one that is gone",
        )
        .or("firewall", firewall)
        .or("istiod-no-endpoints", "the new istiod may not be ready"),
        Transport::DialTimeout if port == Some("443") => Causes::likely(
            "apiserver-route",
            "the address of the Service was dialled, and nothing answers: its packets do not get to a pod",
        )
        .or("firewall", firewall)
        .or("network-policy", policy),
        Transport::DialTimeout => Causes::likely("firewall", firewall)
            .or("apiserver-route", route)
            .or("network-policy", policy),
        // istiod lets its validating webhook refuse only after the API server has called it once: the way is open.
        // Source: pilot's pkg/webhooks/validation/controller/controller.go.
        _ if call.party == Party::Validator && call.policy != Some(Policy::Open) => Causes::possible(
            "istiod-no-endpoints",
            "the validating webhook refuses only after the API server has reached it once, so that istiod itself is at fault: it was ready before it listened, or has no ready pod",
        )
        .or("firewall", firewall)
        .or("apiserver-route", route)
        .or("istiod-failing", hangs)
        .or("network-policy", policy),
        // Who reads the API server's log runs the control plane, so that no vendor's firewall is before it.
        _ if call.of_log && !surroundings.managed => Causes::possible(
            "apiserver-route",
            "the text is of the API server's own log: whoever reads it runs the control plane, and its host has no path to the pods",
        )
        .or("network-policy", policy)
        .or("firewall", firewall)
        .or("istiod-failing", hangs),
        _ => Causes::possible("firewall", firewall)
            .or("apiserver-route", route)
            .or("network-policy", policy)
            .or("istiod-failing", hangs)
            .or("istiod-deadlock", "pods of the network plugin, or istiod's own, may wait for the webhook that needs them"),
    }
}

fn no_endpoints(found: &Found) -> Causes {
    let of_old_injector = found.value(Key::Service) == Some("istio-sidecar-injector");
    let elsewhere = found
        .value(Key::Namespace)
        .is_some_and(|namespace| namespace != "istio-system");
    let down = "istiod has no ready pod behind the Service";
    // Up to 1.4 the control plane's pods opt out by an annotation, which keeps no call away; only the namespace can.
    if of_old_injector && elsewhere {
        return Causes::likely(
            "istiod-deadlock",
            "the injector is in a namespace that the webhook may select: its own pods wait for it",
        )
        .or("istiod-no-endpoints", down);
    }
    Causes::certain("istiod-no-endpoints", down)
        .or(
            "istiod-deadlock",
            "istiod's own pods may wait for the webhook that needs them",
        )
        .or("service-selector", "the Service may select no pod")
}

fn no_such_host(found: &Found) -> Causes {
    let host = found.value(Key::Host).unwrap_or_default();
    if host.contains(".svc") || found.value(Key::Service).is_some() {
        return Causes::likely(
            "service-type",
            "the API server looks up no names of Services: it does for one of type ExternalName",
        )
        .or(
            "webhook-url",
            "the webhook may call a URL with the name of a Service",
        )
        .or(
            "konnectivity",
            "the control plane's tunnel looks names up on its own side",
        );
    }
    Causes::likely(
        "webhook-url",
        "the host of the webhook's URL does not resolve",
    )
    .or("service-type", "the Service may be of type ExternalName")
}

fn meshed(because: &'static str) -> Causes {
    Causes::likely("webhook-traffic-meshed", because).or(
        "istiod-failing",
        "a proxy before istiod may have nobody to send it to",
    )
}

fn of_tls(tls: Tls) -> Causes {
    match tls {
        Tls::UnknownAuthority => Causes::likely(
            "ca-bundle-mismatch",
            "caBundle is not the root of the certificate that istiod serves with",
        )
        .or(
            "ca-bundle-empty",
            "with an empty caBundle the API server trusts only its host's authorities",
        )
        .or(
            "ca-bundle-fought-over",
            "a tool may overwrite caBundle again and again",
        )
        .or(
            "istiod-certificate",
            "a stale Secret may hide istiod's own certificate",
        ),
        Tls::NoNames | Tls::WrongName | Tls::LegacyName => Causes::certain(
            "certificate-name",
            "istiod's certificate is not for the name that the API server calls",
        )
        .or(
            "webhook-traffic-meshed",
            "a sidecar may answer with a workload's certificate",
        ),
        Tls::Expired => Causes::certain(
            "certificate-expired",
            "a certificate has expired or is not yet valid, or a clock is wrong",
        ),
        Tls::Version => Causes::likely(
            "tls-version",
            "the API server and istiod have no version or cipher of TLS in common",
        )
        .or("service-port", "the port may be another one"),
        Tls::Internal => Causes::likely(
            "istiod-certificate",
            "istiod has no certificate to serve with",
        ),
        Tls::BadCertificate => Causes::likely(
            "ca-bundle-mismatch",
            "the certificate is not trusted by the other side",
        )
        .or(
            "webhook-traffic-meshed",
            "a sidecar may want the API server's certificate",
        ),
        Tls::CertificateRequired => Causes::likely(
            "webhook-traffic-meshed",
            "the server wants a certificate of the API server: a sidecar with strict mutual TLS",
        ),
        Tls::NotTls => Causes::likely("service-port", "the port that answers does not speak TLS")
            .or("webhook-traffic-meshed", "a proxy may answer in plain text")
            .or("service-selector", "something else than istiod may answer"),
        Tls::HandshakeTimeout => Causes::possible(
            "apiserver-route",
            "large packets may get lost on the way (MTU)",
        )
        .or("istiod-failing", "istiod may hang")
        .or(
            "firewall",
            "a firewall may let the connection begin and no more",
        ),
        Tls::BundleUnreadable => {
            Causes::certain("ca-bundle-not-pem", "caBundle is no PEM certificate")
        }
        Tls::Other => Causes::possible("ca-bundle-mismatch", "istiod's certificate is refused"),
    }
}

fn of_http(http: Http) -> Causes {
    match http {
        Http::NotFound => Causes::certain("injector-not-serving", "istiod answers, and serves nothing at this path")
            .or("service-selector", "something else than istiod may answer"),
        Http::ServerError => Causes::likely("istiod-failing", "istiod answers with an error of its own")
            .or("webhook-traffic-meshed", "a proxy before it may answer"),
        Http::Unavailable | Http::Gateway => Causes::likely(
            "apiserver-proxy",
            "istiod has no such answer: a proxy gives it, which the API server calls for the webhook",
        )
        .or("webhook-traffic-meshed", "Envoy before istiod may answer")
        .or("istiod-failing", "istiod may answer so while it ends"),
        Http::Refused => Causes::possible("apiserver-proxy", "istiod asks nobody for credentials: a proxy does")
            .or("service-selector", "something else than istiod may answer"),
        Http::BadRequest => Causes::possible("pod-too-large", "istiod cannot read the request, such as one of more than 6 MiB")
            .or("apiserver-proxy", "a proxy may refuse the request"),
        Http::Envoy => meshed("the words are Envoy's, which has no place before istiod's webhook"),
    }
}
