//! From kubectl's global flags to a client: `kubeconfig`, `credentials`, `proxy`, `limits` and
//! `transport`, put together.

mod credentials;
mod kubeconfig;
mod limits;
mod proxy;
mod transport;

use std::collections::BTreeMap;
use std::time::Duration;

use injdoctor_checks::facts::Connection;
use kube::config::{Cluster, Kubeconfig};
use kube::{Client, Config};

use kubeconfig::{Choice, Source};
pub use limits::{Limits, TimeoutError, parse_timeout};

/// kubectl's global flags, as the user gave them.
#[derive(Clone, Debug, Default)]
pub struct ConnectFlags {
    /// `--context`
    pub context: Option<String>,
    /// `--kubeconfig`
    pub kubeconfig: Option<String>,
    /// `--cluster`
    pub cluster: Option<String>,
    /// `--user`
    pub user: Option<String>,
    /// `--as`
    pub as_user: Option<String>,
    /// `--as-group`, once for each
    pub as_groups: Vec<String>,
    /// `--request-timeout`; zero waits for ever
    pub request_timeout: Option<Duration>,
    /// `-n`
    pub namespace: Option<String>,
}

/// A way to an API server. Nothing has been sent on it yet.
#[derive(Clone)]
pub struct Link {
    /// The client.
    pub client: Client,
    /// The namespace in force: `-n`, or the context's, or `default`.
    pub namespace: String,
    /// The API server's address.
    pub server: String,
    /// How long to wait.
    pub limits: Limits,
    /// What a snapshot keeps of it.
    pub connection: Connection,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("server", &self.server)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

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
    #[error("context {name:?} is not in the kubeconfig; known: {}", or_none(known))]
    UnknownContext { name: String, known: String },
    #[error("cluster {0:?} is not in the kubeconfig; see `kubectl config get-clusters`")]
    UnknownCluster(String),
    #[error("user {0:?} is not in the kubeconfig; see `kubectl config get-users`")]
    UnknownUser(String),
    #[error("--as-group needs --as: give the user to act as")]
    GroupsWithoutUser,
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

/// Prepares a client as kubectl would: by the flags, KUBECONFIG, the file in the home directory, or
/// from inside a pod. Runs the credential plugin, if there is one; sends nothing to the API server.
///
/// # Errors
/// [`ConnectError`], each with the way out.
pub async fn connect(flags: &ConnectFlags) -> Result<Link, ConnectError> {
    if flags.as_user.is_none() && !flags.as_groups.is_empty() {
        return Err(ConnectError::GroupsWithoutUser);
    }
    let list = std::env::var_os("KUBECONFIG");
    let source = Source::of(
        flags.kubeconfig.as_deref(),
        list.as_deref(),
        std::env::home_dir(),
    );
    let (context, (config, proxy)) = match source.read()? {
        Some(kubeconfig) if !is_empty(&kubeconfig) || flags.context.is_some() => {
            let choice = kubeconfig::choose(&kubeconfig, flags)?;
            (choice.context.clone(), from_choice(choice)?)
        }
        _ => ("in-cluster".to_owned(), (in_cluster(&source)?, None)),
    };
    finish(context, config, proxy.as_deref(), flags)
}

fn is_empty(kubeconfig: &Kubeconfig) -> bool {
    kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty()
}

fn in_cluster(source: &Source) -> Result<Config, ConnectError> {
    Config::incluster().map_err(|_| ConnectError::NoKubeconfig {
        looked: source.to_string(),
    })
}

/// The configuration, and the proxy on the way to the server.
///
/// kube's own way from kubeconfig to configuration compares NO_PROXY with the proxy instead of the
/// server, refuses what Go takes in these variables, and runs a credential plugin three times.
fn from_choice(choice: Choice) -> Result<(Config, Option<String>), ConnectError> {
    let Choice {
        context,
        namespace,
        cluster,
        mut user,
    } = choice;
    let field = |what: &'static str, reason: String| ConnectError::Field {
        what,
        context: context.clone(),
        reason,
    };
    credentials::resolve(&mut user, &cluster).map_err(|reason| ConnectError::Credentials {
        context: context.clone(),
        reason,
    })?;
    let server = server_url(&cluster)
        .ok_or_else(|| field("the cluster", "it has no server address".to_owned()))?;
    let url = server
        .parse()
        .map_err(|error| field("the server address", format!("{server:?}: {error}")))?;
    let mut config = Config::new(url);
    config.default_namespace = namespace.unwrap_or_else(|| "default".to_owned());
    config.root_cert =
        certificates(&cluster).map_err(|reason| field("the certificate authority", reason))?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.filter(|name| !name.is_empty());
    config.auth_info = user;
    let environment: BTreeMap<_, _> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let host = config.cluster_url.host().unwrap_or_default();
    let port = config.cluster_url.port_u16().unwrap_or(443);
    let proxy = proxy::choose(cluster.proxy_url.as_deref(), host, port, &environment);
    Ok((config, proxy))
}

/// client-go takes an address without a scheme, too: `DefaultServerURL` in `k8s.io/client-go/rest/url_utils.go`.
fn server_url(cluster: &Cluster) -> Option<String> {
    let server = cluster
        .server
        .as_deref()
        .filter(|server| !server.is_empty())?;
    if server.contains("://") {
        return Some(server.to_owned());
    }
    let by_tls = cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || cluster.insecure_skip_tls_verify == Some(true);
    let scheme = if by_tls { "https" } else { "http" };
    Some(format!("{scheme}://{server}"))
}

fn certificates(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let text = kube::config::ExecAuthCluster::try_from(cluster)
        .map_err(|error| error.to_string())?
        .certificate_authority_data;
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let certificates: Vec<_> = pem::parse_many(text)
        .map_err(|error| error.to_string())?
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(pem::Pem::into_contents)
        .collect();
    if certificates.is_empty() {
        return Err("it holds no PEM certificate".to_owned());
    }
    Ok(Some(certificates))
}

fn finish(
    context: String,
    mut config: Config,
    proxy: Option<&str>,
    flags: &ConnectFlags,
) -> Result<Link, ConnectError> {
    let limits = Limits::new(flags.request_timeout);
    let agent = concat!("injdoctor/", env!("CARGO_PKG_VERSION")).parse();
    config
        .headers
        .extend("user-agent".parse().ok().zip(agent.ok()));
    if flags.as_user.is_some() {
        config.auth_info.impersonate.clone_from(&flags.as_user);
        config.auth_info.impersonate_groups = Some(flags.as_groups.clone());
    }
    let namespace = flags
        .namespace
        .clone()
        .filter(|namespace| !namespace.is_empty());
    let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
    let server = config
        .cluster_url
        .to_string()
        .trim_end_matches('/')
        .to_owned();
    let client = transport::client(&config, proxy, limits.connect).map_err(|reason| {
        ConnectError::Settings {
            context: context.clone(),
            reason,
        }
    })?;
    Ok(Link {
        client,
        namespace,
        server,
        limits,
        connection: Connection {
            context,
            context_flag: flags.context.clone(),
            kubeconfig_flag: flags.kubeconfig.clone(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(text: &str) -> Cluster {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_address_without_a_scheme_gets_one() {
        let table = [
            (
                r#"{"server": "https://a:6443/k8s/x"}"#,
                Some("https://a:6443/k8s/x"),
            ),
            (
                r#"{"server": "10.0.0.1:8080"}"#,
                Some("http://10.0.0.1:8080"),
            ),
            (
                r#"{"server": "a", "certificate-authority": "/ca"}"#,
                Some("https://a"),
            ),
            (r#"{"server": ""}"#, None),
            ("{}", None),
        ];
        for (text, expected) in table {
            assert_eq!(server_url(&cluster(text)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_broken_certificate_authority_is_named() {
        let table = [
            (
                r#"{"server": "https://a", "certificate-authority-data": "%%"}"#,
                "base64",
            ),
            (
                r#"{"server": "https://a", "certificate-authority-data": "aGVsbG8="}"#,
                "no PEM certificate",
            ),
            (
                r#"{"server": "https://a", "certificate-authority": "/nonexistent/ca"}"#,
                "/nonexistent/ca",
            ),
            ("{}", "no server address"),
            (r#"{"server": "https://a b"}"#, "the server address"),
        ];
        for (text, expected) in table {
            let choice = Choice {
                context: "here".to_owned(),
                namespace: None,
                cluster: cluster(text),
                user: kube::config::AuthInfo::default(),
            };
            let error = from_choice(choice).unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("\"here\""),
                "{text}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn groups_need_a_user_and_a_file_must_be_there() {
        let flags = ConnectFlags {
            as_groups: vec!["g".into()],
            ..ConnectFlags::default()
        };
        assert!(matches!(
            connect(&flags).await,
            Err(ConnectError::GroupsWithoutUser)
        ));
        let flags = ConnectFlags {
            kubeconfig: Some("/nonexistent/config".into()),
            ..ConnectFlags::default()
        };
        let error = connect(&flags).await.unwrap_err().to_string();
        assert!(
            error.contains("/nonexistent/config: No such file"),
            "{error}"
        );
    }
}
