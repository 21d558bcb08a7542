//! Why there is no way to an API server.

use crate::suggest::did_you_mean;

/// Why there is no way to an API server.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum ConnectError {
    #[error(
        "no kubeconfig: looked for {looked}, and this is not a pod with a ServiceAccount; \
         give one with --kubeconfig or KUBECONFIG, or record a snapshot elsewhere and read it with --from"
    )]
    NoKubeconfig { looked: String },
    #[error("cannot use kubeconfig {path}: {reason}")]
    Kubeconfig { path: String, reason: String },
    #[error(
        "the kubeconfig sets no current context; choose one with --context: {}",
        or_none(known)
    )]
    NoCurrentContext { known: String },
    #[error(
        "context {name:?} is not in the kubeconfig{}; known: {}",
        did_you_mean(name, known.split(", ")),
        or_none(known)
    )]
    UnknownContext { name: String, known: String },
    #[error("cluster {0:?} is not in the kubeconfig; see `kubectl config get-clusters`")]
    UnknownCluster(String),
    #[error("user {0:?} is not in the kubeconfig; see `kubectl config get-users`")]
    UnknownUser(String),
    #[error("--as-group and --as-uid need --as: give the user to act as")]
    ImpersonationWithoutUser,
    #[error("cannot use {what} of context {context:?}: {reason}")]
    Field {
        what: &'static str,
        context: String,
        reason: String,
    },
    #[error(
        "cannot connect with context {context:?}: {reason}; see `kubectl config view --minify`"
    )]
    Settings { context: String, reason: String },
    #[error("cannot get credentials for context {context:?}: {reason}")]
    Credentials { context: String, reason: String },
    #[error("cannot reach the API server at {server}: {reason}; {hint}")]
    Unreachable {
        server: String,
        reason: String,
        hint: &'static str,
    },
    #[error(
        "{server} does not answer like a Kubernetes API server: {reason}; check the address and the proxy with `kubectl config view --minify`"
    )]
    NotKubernetes { server: String, reason: String },
    #[error(
        "the API server at {server} does not accept the credentials of context {context:?}: {reason}; \
         they are wrong or have expired: log in again, then try `kubectl auth whoami`"
    )]
    Unauthorized {
        server: String,
        context: String,
        reason: String,
    },
}

fn or_none(list: &str) -> &str {
    if list.is_empty() { "none" } else { list }
}
