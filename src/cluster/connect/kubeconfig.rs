//! Which kubeconfig holds, as kubectl decides it.

use std::io::ErrorKind;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::time::Duration;

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, KubeconfigError};

use super::{ConnectError, ConnectFlags};
use crate::input;

/// A kubeconfig larger than this is none.
const MOST: u64 = 16 << 20;

/// Where the user's kubeconfig comes from: `--kubeconfig`, KUBECONFIG, or the home directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `--kubeconfig`: the file must be there.
    Flag(PathBuf),
    /// KUBECONFIG: files that are not there are passed over, as kubectl does.
    List(Vec<PathBuf>),
}

impl Source {
    /// The source that kubectl would take, given the flag, KUBECONFIG and the home directory.
    pub fn of(flag: Option<&str>, list: Option<&std::ffi::OsStr>, home: Option<PathBuf>) -> Self {
        if let Some(flag) = flag.filter(|flag| !flag.is_empty()) {
            return Self::Flag(PathBuf::from(flag));
        }
        let listed: Vec<_> = list
            .map(|list| std::env::split_paths(list).collect())
            .unwrap_or_default();
        let listed: Vec<PathBuf> = listed
            .into_iter()
            .filter(|path| *path != Path::new(""))
            .collect();
        if listed.is_empty() {
            return Self::List(
                home.map(|home| home.join(".kube/config"))
                    .into_iter()
                    .collect(),
            );
        }
        Self::List(listed)
    }

    /// Reads and merges the files; the first to set a value wins. `None` where there is no file. Where
    /// nothing comes out of a file for so long, it cannot be read.
    pub fn read(&self, wait: Option<Duration>) -> Result<Option<Kubeconfig>, ConnectError> {
        match self {
            Self::Flag(path) => read_file(path, wait).map(Some),
            Self::List(paths) => {
                let mut merged: Option<Kubeconfig> = None;
                for path in paths.iter().filter(|path| !is_missing(path)) {
                    let next = read_file(path, wait)?;
                    merged = Some(match merged {
                        Some(first) => (first.merge(next))
                            .map_err(|error| broken(path, without_excerpt(&error)))?,
                        None => next,
                    });
                }
                Ok(merged)
            }
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths = match self {
            Self::Flag(path) => std::slice::from_ref(path),
            Self::List(paths) => paths,
        };
        let shown: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        f.write_str(&shown.join(", "))
    }
}

fn is_missing(path: &Path) -> bool {
    std::fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read_file(path: &Path, wait: Option<Duration>) -> Result<Kubeconfig, ConnectError> {
    let bytes = input::bytes(path, MOST, wait).map_err(|error| broken(path, error.to_string()))?;
    let text = input::text(bytes).ok_or_else(|| broken(path, "it is not text".to_owned()))?;
    let mut config =
        Kubeconfig::from_yaml(&text).map_err(|error| broken(path, without_excerpt(&error)))?;
    if let Some(folder) = path.parent() {
        rebase(&mut config, folder);
    }
    Ok(config)
}

/// Paths in a kubeconfig begin at its folder, and so does a plugin that is not looked for in PATH.
///
/// Source: `ResolveLocalPaths` in `k8s.io/client-go/tools/clientcmd/loader.go` (v0.36).
fn rebase(config: &mut Kubeconfig, folder: &Path) {
    let clusters = config.clusters.iter_mut();
    let clusters = clusters.filter_map(|named| named.cluster.as_mut());
    let authorities = clusters.map(|cluster| &mut cluster.certificate_authority);
    let users = config.auth_infos.iter_mut();
    let users = users.filter_map(|named| named.auth_info.as_mut());
    let of_users = users.flat_map(|user| {
        let command = user.exec.as_mut().map(|exec| &mut exec.command);
        let command = command.filter(|command| {
            let command = command.as_deref().unwrap_or_default();
            command.contains(MAIN_SEPARATOR)
        });
        let files = [
            &mut user.client_certificate,
            &mut user.client_key,
            &mut user.token_file,
        ];
        files.into_iter().chain(command)
    });
    for path in authorities.chain(of_users).flatten() {
        if !path.is_empty() {
            *path = folder.join(&*path).to_string_lossy().into_owned();
        }
    }
}

/// The excerpt that the parser shows by default may hold a token.
fn without_excerpt(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => error.without_snippet().to_string(),
        error => error.to_string(),
    }
}

fn broken(path: &Path, reason: String) -> ConnectError {
    ConnectError::Kubeconfig {
        path: path.display().to_string(),
        reason,
    }
}

/// What a kubeconfig and the flags come to: whom to call, and as whom.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The context's name.
    pub context: String,
    /// The namespace it sets.
    pub namespace: Option<String>,
    /// The cluster's address and certificates.
    pub cluster: Cluster,
    /// The user's credentials.
    pub user: AuthInfo,
}

/// Picks context, cluster and user, by the flags where they are given.
pub fn choose(config: &Kubeconfig, flags: &ConnectFlags) -> Result<Choice, ConnectError> {
    let names = || {
        let names: Vec<_> = config
            .contexts
            .iter()
            .map(|context| context.name.clone())
            .collect();
        names.join(", ")
    };
    let current = config
        .current_context
        .as_ref()
        .filter(|name| !name.is_empty());
    let name = flags.context.as_ref().or(current);
    let context: Context = match name {
        Some(name) => config
            .contexts
            .iter()
            .find(|context| context.name == *name)
            .and_then(|context| context.context.clone())
            .ok_or_else(|| ConnectError::UnknownContext {
                name: name.clone(),
                known: names(),
            })?,
        // Whom to call is said without it.
        None if flags.cluster.is_some() || flags.server.is_some() => Context::default(),
        None => return Err(ConnectError::NoCurrentContext { known: names() }),
    };
    let cluster_name = flags.cluster.as_ref().unwrap_or(&context.cluster);
    let cluster = config
        .clusters
        .iter()
        .find(|cluster| cluster.name == *cluster_name)
        .and_then(|cluster| cluster.cluster.clone());
    let mut cluster = match cluster {
        Some(cluster) => cluster,
        None if flags.server.is_some() && cluster_name.is_empty() => Cluster::default(),
        None => return Err(ConnectError::UnknownCluster(cluster_name.clone())),
    };
    override_cluster(&mut cluster, flags);
    let user = match flags.user.as_ref().or(context.user.as_ref()) {
        Some(user) => config
            .auth_infos
            .iter()
            .find(|named| named.name == *user)
            .map(|named| named.auth_info.clone().unwrap_or_default()),
        None => Some(AuthInfo::default()),
    };
    let mut user = match (user, &flags.user) {
        (Some(user), _) => user,
        (None, Some(name)) => return Err(ConnectError::UnknownUser(name.clone())),
        // kubectl goes on without credentials where the context names a user that is not there.
        (None, None) => AuthInfo::default(),
    };
    override_user(&mut user, flags);
    Ok(Choice {
        context: name.cloned().unwrap_or_default(),
        namespace: context.namespace.filter(|namespace| !namespace.is_empty()),
        cluster,
        user,
    })
}

/// What `--server` and `--insecure-skip-tls-verify` replace: the name in the certificate belongs to the address, and what
/// is not verified needs no authority.
///
/// Source: `getCluster` in `k8s.io/client-go/tools/clientcmd/client_config.go` (v0.36).
fn override_cluster(cluster: &mut Cluster, flags: &ConnectFlags) {
    if let Some(server) = &flags.server {
        cluster.server = Some(server.clone());
        cluster.tls_server_name = None;
    }
    if let Some(insecure) = flags.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(insecure);
    }
    if flags.insecure_skip_tls_verify == Some(true) {
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = None;
    }
}

/// Puts the token of `--token` in the place of the user's own.
pub fn override_user(user: &mut AuthInfo, flags: &ConnectFlags) {
    if let Some(token) = &flags.token {
        user.token = Some(token.clone());
        user.token_file = None;
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn config() -> Kubeconfig {
        let text = "
current-context: one
clusters: [{name: a, cluster: {server: 'https://a'}}, {name: b, cluster: {server: 'https://b'}}]
contexts:
- {name: one, context: {cluster: a, user: gone, namespace: shop}}
- {name: two, context: {cluster: b, user: u, namespace: ''}}
- {name: broken, context: {cluster: c, user: u}}
users: [{name: u, user: {token: secret}}]";
        Kubeconfig::from_yaml(text).unwrap()
    }

    #[test]
    fn flags_come_before_the_current_context() {
        let chosen = choose(&config(), &ConnectFlags::default()).unwrap();
        assert_eq!(chosen.context, "one");
        assert_eq!(chosen.namespace.as_deref(), Some("shop"));
        let flags = ConnectFlags {
            context: Some("two".into()),
            cluster: Some("a".into()),
            ..ConnectFlags::default()
        };
        let chosen = choose(&config(), &flags).unwrap();
        assert_eq!(chosen.cluster.server.as_deref(), Some("https://a"));
        assert!(chosen.user.token.is_some());
        assert_eq!(chosen.namespace, None);
    }

    #[test]
    fn flags_replace_address_token_and_verification() {
        let flags = ConnectFlags {
            server: Some("https://other".into()),
            token: Some("given".to_owned().into()),
            insecure_skip_tls_verify: Some(true),
            ..ConnectFlags::default()
        };
        let text = "
current-context: one
clusters: [{name: a, cluster: {server: 'https://a', certificate-authority: ca, tls-server-name: a}}]
contexts: [{name: one, context: {cluster: a, user: u, namespace: shop}}]
users: [{name: u, user: {token: own, tokenFile: f}}]";
        let contexts = [(text, "one", Some("shop")), ("{}", "", None)];
        for (text, context, namespace) in contexts {
            let chosen = choose(&Kubeconfig::from_yaml(text).unwrap(), &flags).unwrap();
            assert_eq!(chosen.context, context);
            assert_eq!(chosen.namespace.as_deref(), namespace);
            assert_eq!(chosen.cluster.server.as_deref(), Some("https://other"));
            assert_eq!(chosen.cluster.insecure_skip_tls_verify, Some(true));
            assert_eq!(chosen.cluster.certificate_authority, None);
            assert_eq!(chosen.cluster.tls_server_name, None);
            let token = chosen.user.token.unwrap();
            assert_eq!(token.expose_secret(), "given");
            assert_eq!(chosen.user.token_file, None);
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let flags = |context: &str, user: Option<&str>| ConnectFlags {
            context: Some(context.into()),
            user: user.map(str::to_owned),
            ..ConnectFlags::default()
        };
        let table = [
            (flags("three", None), "one, two, broken"),
            (flags("broken", None), "\"c\""),
            (flags("one", Some("nobody")), "\"nobody\""),
        ];
        for (flags, expected) in table {
            let error = choose(&config(), &flags).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let mut without = config();
        without.current_context = Some(String::new());
        let error = choose(&without, &ConnectFlags::default()).unwrap_err();
        assert!(matches!(error, ConnectError::NoCurrentContext { .. }));
    }

    #[test]
    fn the_flag_comes_before_the_variable_and_the_variable_before_the_home() {
        let home = || Some(PathBuf::from("/home/me"));
        let list = Source::List(vec!["/a".into(), "/b".into()]);
        assert_eq!(
            Source::of(Some("/x"), Some("/a".as_ref()), home()),
            Source::Flag("/x".into())
        );
        assert_eq!(Source::of(None, Some(":/a::/b".as_ref()), home()), list);
        let in_home = Source::List(vec!["/home/me/.kube/config".into()]);
        assert_eq!(Source::of(None, Some("".as_ref()), home()), in_home);
        assert!(Source::of(None, None, None).read(None).unwrap().is_none());
    }

    #[test]
    fn a_broken_file_does_not_show_its_tokens() {
        let path = std::env::temp_dir().join(format!("injdoctor-broken-{}", std::process::id()));
        std::fs::write(
            &path,
            "users:\n- {name: u, user: {token: hush-hush}}\n- [\n",
        )
        .unwrap();
        let error = Source::Flag(path.clone())
            .read(None)
            .unwrap_err()
            .to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(
            error.contains("injdoctor-broken") && error.contains("line"),
            "{error}"
        );
        assert!(!error.contains("hush-hush"), "{error}");
    }

    #[test]
    fn a_file_is_read_in_the_encodings_that_shells_write_and_no_other() {
        let text = "current-context: aé\n";
        let wide = |mark: [u8; 2], unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = text.encode_utf16().flat_map(unit);
            mark.into_iter().chain(units).collect()
        };
        let little = wide([0xff, 0xfe], u16::to_le_bytes);
        let odd = little.iter().copied().chain([0]).collect();
        let table: [(Vec<u8>, bool); 7] = [
            (text.into(), true),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), true),
            (little, true),
            (wide([0xfe, 0xff], u16::to_be_bytes), true),
            (odd, false),
            (vec![0xff, 0xfe, b'a'], false),
            (vec![0xff, 0xfe, 0x00, 0xd8], false),
        ];
        let path = std::env::temp_dir().join(format!("injdoctor-wide-{}", std::process::id()));
        for (bytes, is_text) in table {
            std::fs::write(&path, &bytes).unwrap();
            match Source::Flag(path.clone()).read(None) {
                Ok(config) => {
                    assert!(is_text, "{bytes:?}");
                    let context = config.unwrap().current_context;
                    assert_eq!(context.as_deref(), Some("aé"), "{bytes:?}");
                }
                Err(error) => {
                    assert!(!is_text, "{bytes:?}");
                    assert!(error.to_string().contains("it is not text"), "{error}");
                }
            }
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn paths_in_a_kubeconfig_begin_at_its_folder() {
        let mut config = Kubeconfig::from_yaml(
            "
clusters: [{name: a, cluster: {certificate-authority: ca}}]
users:
- {name: u, user: {tokenFile: /token, client-certificate: '', client-key: k, exec: {command: bin/x}}}
- {name: v, user: {exec: {command: aws}}}",
        )
        .unwrap();
        rebase(&mut config, Path::new("/home/me"));
        let cluster = config.clusters[0].cluster.clone().unwrap();
        assert_eq!(
            cluster.certificate_authority.as_deref(),
            Some("/home/me/ca")
        );
        let user = |index: usize| config.auth_infos[index].auth_info.clone().unwrap();
        assert_eq!(user(0).token_file.as_deref(), Some("/token"));
        assert_eq!(user(0).client_certificate.as_deref(), Some(""));
        assert_eq!(user(0).client_key.as_deref(), Some("/home/me/k"));
        let command = |index: usize| user(index).exec.unwrap().command;
        assert_eq!(command(0).as_deref(), Some("/home/me/bin/x"));
        assert_eq!(command(1).as_deref(), Some("aws"));
    }

    #[test]
    fn missing_files_of_a_list_are_passed_over_but_not_the_one_of_the_flag() {
        let missing = PathBuf::from("/nonexistent/injdoctor");
        assert!(
            Source::List(vec![missing.clone()])
                .read(None)
                .unwrap()
                .is_none()
        );
        assert!(Source::Flag(missing).read(None).is_err());
    }
}
