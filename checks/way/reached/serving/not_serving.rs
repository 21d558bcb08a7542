//! istiod answers, but nobody serves the path that is called.

use std::fmt;

/// Why istiod answers with 404.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotServing {
    /// The webhook calls another path than that of the injector.
    Path {
        /// The webhook configuration.
        webhook: String,
        /// The path that it calls.
        path: String,
    },
    /// istiod runs with `INJECT_ENABLED=false`.
    Disabled,
    /// This ConfigMap was absent when istiod started.
    ConfigMap(String),
}

impl NotServing {
    /// Whether it is a no to the pod, so that failurePolicy does not matter: istiod's validation of its own resources
    /// knows no pods, and says so.
    /// Source: Istio 1.31, `pkg/webhooks/validation/server/server.go` (`validate`).
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Path { path, .. } if path == "/validate" || path.starts_with("/validate/"))
    }
}

impl fmt::Display for NotServing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { webhook, path } => write!(
                f,
                "{webhook} calls path {path} of istiod, which serves the injector at /inject"
            ),
            Self::Disabled => {
                f.write_str("istiod runs with INJECT_ENABLED=false and serves no injector")
            }
            Self::ConfigMap(name) => write!(
                f,
                "istiod serves no injector because ConfigMap {name} was absent when it started"
            ),
        }
    }
}
