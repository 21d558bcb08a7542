//! kubectl's global flags, as the user gave them.

use std::time::Duration;

use secrecy::SecretString;

use super::Size;
use crate::log::Log;

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
    /// `--as-uid`
    pub as_uid: Option<String>,
    /// `--request-timeout`; zero waits for ever
    pub request_timeout: Option<Duration>,
    /// `--max-read-size`
    pub max_read_size: Option<Size>,
    /// `--server`
    pub server: Option<String>,
    /// `--token`
    pub token: Option<SecretString>,
    /// `--insecure-skip-tls-verify`
    pub insecure_skip_tls_verify: Option<bool>,
    /// `-v`
    pub log: Log,
    /// `-n`
    pub namespace: Option<String>,
}
