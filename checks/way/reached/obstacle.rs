//! The reasons why a call does not arrive, in words.

use std::fmt;

/// Why a call does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// caBundle holds no certificate in PEM.
    CaBundleNotPem,
    /// The API server sends the call to a proxy.
    Proxied {
        /// A pod of kube-apiserver whose environment says so; none where a rejection does.
        api_server: Option<String>,
        /// The variable that names the proxy, and the proxy; or the API server's own words.
        because: String,
    },
    /// There is no such Service.
    ServiceMissing,
    /// The Service has no such port.
    PortMissing {
        /// The port that the webhook calls.
        called: i32,
        /// The ports that the Service has.
        has: Vec<i32>,
    },
    /// The API server cannot route to a Service like this.
    ServiceType(&'static str),
    /// No endpoint is ready.
    NoEndpoints {
        /// How many endpoints there are that are not ready.
        unready: usize,
    },
    /// The Service leads to pods that are no istiod.
    WrongPods(Vec<String>),
    /// The endpoints' port is not the one on which istiod serves.
    TargetPort {
        /// The endpoints' port.
        actual: i32,
        /// The port on which istiod serves.
        expected: i32,
    },
    /// caBundle is empty, and no public authority vouches for a Service.
    CaBundleEmpty,
    /// A certificate of the chain is out of its time.
    CertificateExpired(String),
    /// caBundle does not vouch for istiod's root.
    CaBundleMismatch(String),
    /// istiod's certificate does not name the Service.
    CertificateName(String),
    /// istiod answers, but nobody serves this path.
    NotServing(NotServing),
    /// A call by URL fails, in the API server's own words.
    Failing(String),
}

/// Why istiod answers with 404.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotServing {
    /// The webhook calls another path than that of the injector.
    Path(String),
    /// istiod runs with `INJECT_ENABLED=false`.
    Disabled,
    /// This ConfigMap was absent when istiod started.
    ConfigMap(String),
}

impl Obstacle {
    /// Whether it is a no to the pod, so that failurePolicy does not matter: istiod's validation of its own resources
    /// knows no pods, and says so.
    /// Source: Istio 1.31, `pkg/webhooks/validation/server/server.go` (`validate`).
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::NotServing(NotServing::Path(path)) if path == "/validate" || path.starts_with("/validate/"))
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaBundleNotPem => f.write_str("caBundle holds no PEM certificate"),
            Self::Proxied { because, .. } => {
                write!(f, "the API server calls it through a proxy: {because}")
            }
            Self::ServiceMissing => f.write_str("its Service does not exist"),
            Self::PortMissing { called, .. } => write!(f, "its Service has no port {called}"),
            Self::ServiceType(type_) => {
                write!(f, "the API server cannot route to a {type_} Service")
            }
            Self::NoEndpoints { unready: 0 } => f.write_str("its Service has no endpoints"),
            Self::NoEndpoints { unready } => write!(f, "none of {unready} endpoints is ready"),
            Self::WrongPods(pods) => {
                write!(f, "its Service leads to {}, not istiod", pods.join(", "))
            }
            Self::TargetPort { actual, expected } => {
                write!(
                    f,
                    "its endpoints are on port {actual}, istiod serves on {expected}"
                )
            }
            Self::CaBundleEmpty => f.write_str("caBundle is empty"),
            Self::CertificateExpired(why)
            | Self::CaBundleMismatch(why)
            | Self::CertificateName(why)
            | Self::Failing(why) => f.write_str(why),
            Self::NotServing(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for NotServing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "istiod serves /inject, not {path}"),
            Self::Disabled => {
                f.write_str("istiod runs with INJECT_ENABLED=false and serves no injector")
            }
            Self::ConfigMap(name) => write!(
                f,
                "istiod serves no injector: ConfigMap {name} was absent when it started"
            ),
        }
    }
}
