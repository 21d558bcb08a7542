//! From kubectl's `flags` to a client: the `kubeconfig`, the `files` that it names, `credentials` from
//! a `plugin`, the server's `address`, the `proxy` before it, how long (`limits`) and how much (`sizes`)
//! to read, and the `transport` below it all.

mod address;
mod credentials;
mod error;
mod files;
mod flags;
mod kubeconfig;
mod limits;
mod plugin;
mod proxy;
mod sizes;
mod transport;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::time::Duration;

use injdoctor_checks::facts::Connection;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::config::{AuthInfo, Cluster, Kubeconfig};
use kube::{Client, Config};

use crate::log::Log;

pub use error::ConnectError;
pub use flags::ConnectFlags;
use kubeconfig::{Choice, Source};
pub use limits::{Limits, TimeoutError, parse_timeout};
pub use sizes::{Size, SizeError, Sizes, parse_size};

/// How long a credential plugin may take where a person sits there, who may have to log in.
const LOG_IN: Duration = Duration::from_secs(180);

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
    /// Copies of the injector's ConfigMap that stand in for those that cannot be read, with the file they are from.
    pub injector: Option<(String, Vec<ConfigMap>)>,
    /// Who is told of each request.
    pub log: Log,
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

/// Prepares a client as kubectl would: by the flags, KUBECONFIG, the file in the home directory, or
/// from inside a pod. Runs the credential plugin, if there is one; sends nothing to the API server.
///
/// # Errors
/// [`ConnectError`], each with the way out.
pub async fn connect(flags: &ConnectFlags) -> Result<Link, ConnectError> {
    if flags.as_user.is_none() && (!flags.as_groups.is_empty() || flags.as_uid.is_some()) {
        return Err(ConnectError::ImpersonationWithoutUser);
    }
    let limits = Limits::new(flags.request_timeout, flags.max_read_size);
    let list = std::env::var_os("KUBECONFIG");
    let source = Source::of(
        flags.kubeconfig.as_deref(),
        list.as_deref(),
        std::env::home_dir(),
    );
    let kubeconfig = source.read(limits.total)?.unwrap_or_default();
    let chooses = [&flags.context, &flags.cluster, &flags.user, &flags.server];
    let (context, (config, proxy)) = match chooses.into_iter().any(Option::is_some) {
        chooses if chooses || !is_empty(&kubeconfig) => {
            let choice = kubeconfig::choose(&kubeconfig, flags)?;
            let plugin = match flags.request_timeout {
                None if io::stderr().is_terminal() => Some(LOG_IN),
                _ => limits.total,
            };
            let context = choice.context.clone();
            (context, from_choice(choice, limits.total, plugin).await?)
        }
        _ => (
            "in-cluster".to_owned(),
            (in_cluster(&source, flags, limits.total)?, None),
        ),
    };
    finish(context, config, proxy.as_deref(), limits, flags)
}

/// What the kubeconfig has names for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its contexts.
    pub contexts: Vec<String>,
    /// Its clusters.
    pub clusters: Vec<String>,
    /// Its users.
    pub users: Vec<String>,
}

/// The names in the kubeconfig that the flags lead to; none where it cannot be read.
pub fn known(flags: &ConnectFlags) -> Known {
    let list = std::env::var_os("KUBECONFIG");
    let home = std::env::home_dir();
    let source = Source::of(flags.kubeconfig.as_deref(), list.as_deref(), home);
    let limits = Limits::new(flags.request_timeout, None);
    let config = source.read(limits.total).ok().flatten().unwrap_or_default();
    Known {
        contexts: config.contexts.into_iter().map(|one| one.name).collect(),
        clusters: config.clusters.into_iter().map(|one| one.name).collect(),
        users: config.auth_infos.into_iter().map(|one| one.name).collect(),
    }
}

fn is_empty(kubeconfig: &Kubeconfig) -> bool {
    kubeconfig.contexts.is_empty() && kubeconfig.clusters.is_empty()
}

fn in_cluster(
    source: &Source,
    flags: &ConnectFlags,
    wait: Option<Duration>,
) -> Result<Config, ConnectError> {
    let mut config = Config::incluster().map_err(|_| ConnectError::NoKubeconfig {
        looked: source.to_string(),
    })?;
    config.accept_invalid_certs = flags.insecure_skip_tls_verify.unwrap_or(false);
    kubeconfig::override_user(&mut config.auth_info, flags);
    files::token(&mut config.auth_info, wait)
        .and_then(|()| files::check_token(&config.auth_info))
        .map_err(|reason| ConnectError::Credentials {
            context: "in-cluster".to_owned(),
            reason,
        })?;
    Ok(config)
}

/// The configuration, and the proxy on the way to the server. Reading a file may take so long, and the
/// credential plugin too.
///
/// kube's own way from kubeconfig to configuration compares NO_PROXY with the proxy instead of the
/// server, refuses what Go takes in these variables, and runs a credential plugin three times.
async fn from_choice(
    choice: Choice,
    wait: Option<Duration>,
    plugin: Option<Duration>,
) -> Result<(Config, Option<String>), ConnectError> {
    let Choice {
        context,
        namespace,
        mut cluster,
        mut user,
    } = choice;
    let field = |what: &'static str, reason: String| ConnectError::Field {
        what,
        context: context.clone(),
        reason,
    };
    let credentials = |reason: String| ConnectError::Credentials {
        context: context.clone(),
        reason,
    };
    let address = address::of(&cluster).map_err(|reason| field("the server address", reason))?;
    if let Some((name, password)) = address.user {
        user = AuthInfo {
            username: Some(name),
            password: Some(password.into()),
            ..AuthInfo::default()
        };
    }
    files::certificates(&mut cluster, &mut user, wait)
        .map_err(|reason| field("the certificates", reason))?;
    files::token(&mut user, wait).map_err(credentials)?;
    credentials::resolve(&mut user, &cluster, plugin)
        .await
        .map_err(credentials)?;
    files::check_token(&user).map_err(credentials)?;
    let mut config = Config::new(address.url);
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
    limits: Limits,
    flags: &ConnectFlags,
) -> Result<Link, ConnectError> {
    let agent = concat!("injdoctor/", env!("CARGO_PKG_VERSION")).parse();
    config
        .headers
        .extend("user-agent".parse().ok().zip(agent.ok()));
    if flags.as_user.is_some() {
        config.auth_info.impersonate.clone_from(&flags.as_user);
        config.auth_info.impersonate_groups = Some(flags.as_groups.clone());
        config.auth_info.impersonate_uid.clone_from(&flags.as_uid);
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
    let server_flag = flags.server.as_ref().map(|_| server.clone());
    Ok(Link {
        client,
        namespace,
        server,
        limits,
        injector: None,
        log: flags.log,
        connection: Connection {
            context,
            context_flag: flags.context.clone(),
            kubeconfig_flag: flags.kubeconfig.clone(),
            as_flag: flags.as_user.clone(),
            as_group_flags: flags.as_groups.clone(),
            as_uid_flag: flags.as_uid.clone(),
            cluster_flag: flags.cluster.clone(),
            user_flag: flags.user.clone(),
            server_flag,
            insecure_skip_tls_verify_flag: flags.insecure_skip_tls_verify,
            injector_config: None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(text: &str) -> Cluster {
        serde_json::from_str(text).unwrap()
    }

    #[tokio::test]
    async fn a_broken_certificate_authority_is_named() {
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
            ("{}", "the server address"),
            (r#"{"server": "https://a b"}"#, "the server address"),
        ];
        for (text, expected) in table {
            let choice = Choice {
                context: "here".to_owned(),
                namespace: None,
                cluster: cluster(text),
                user: kube::config::AuthInfo::default(),
            };
            let outcome = from_choice(choice, None, None).await;
            let error = outcome.unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("\"here\""),
                "{text}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn the_user_of_the_address_comes_before_any_other() {
        let choice = Choice {
            context: "here".to_owned(),
            namespace: None,
            cluster: cluster(r#"{"server": "https://me:hush@a:6443"}"#),
            user: serde_json::from_str(r#"{"token": "t"}"#).unwrap(),
        };
        let (config, _) = from_choice(choice, None, None).await.unwrap();
        assert_eq!(config.auth_info.username.as_deref(), Some("me"));
        assert!(config.auth_info.token.is_none());
        let flags = ConnectFlags::default();
        let link = finish("here".into(), config, None, Limits::new(None, None), &flags).unwrap();
        assert_eq!(link.server, "https://a:6443");
    }

    #[tokio::test]
    async fn groups_and_uid_need_a_user_and_a_file_must_be_there() {
        for (as_groups, as_uid) in [(vec!["g".into()], None), (Vec::new(), Some("1".into()))] {
            let flags = ConnectFlags {
                as_groups,
                as_uid,
                ..ConnectFlags::default()
            };
            assert!(matches!(
                connect(&flags).await,
                Err(ConnectError::ImpersonationWithoutUser)
            ));
        }
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
