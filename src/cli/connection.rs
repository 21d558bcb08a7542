//! How the cluster is reached.

use std::time::Duration;

use clap::{ArgAction, Args};
use clap_complete::engine::ArgValueCandidates;
use secrecy::SecretString;

use crate::cluster::{Size, parse_size, parse_timeout};
use crate::complete;

/// kubectl's flags for reaching the cluster.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub struct ConnectionFlags {
    /// Namespace to look in
    #[arg(
        short = 'n',
        long,
        global = true,
        value_name = "NAMESPACE",
        add = ArgValueCandidates::new(complete::namespaces)
    )]
    pub namespace: Option<String>,
    /// Context of the kubeconfig to use
    #[arg(
        long,
        global = true,
        value_name = "CONTEXT",
        add = ArgValueCandidates::new(complete::contexts)
    )]
    pub context: Option<String>,
    /// Path of the kubeconfig; else KUBECONFIG, else ~/.kube/config, else the pod's service account
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// Cluster of the kubeconfig to use
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::clusters)
    )]
    pub cluster: Option<String>,
    /// User of the kubeconfig to use
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::users)
    )]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short = 's', long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// Bearer token for the API server; the commands that are printed do not repeat it
    #[arg(long, global = true, value_name = "TOKEN")]
    pub token: Option<SecretString>,
    /// Do not verify the API server's certificate: whoever is on the way can answer in its place
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub insecure_skip_tls_verify: Option<bool>,
    /// User to impersonate
    #[arg(id = "as_user", long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(
        id = "as_groups",
        long = "as-group",
        global = true,
        value_name = "GROUP"
    )]
    pub as_groups: Vec<String>,
    /// Uid to impersonate
    #[arg(long, global = true, value_name = "UID")]
    pub as_uid: Option<String>,
    /// Time that one request may take, such as 5s or 1m; 0 waits for ever
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_timeout)]
    pub request_timeout: Option<Duration>,
    /// Bytes that one answer may have, such as 256Mi; else 16Mi for an object, 64Mi for a page of a list
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size)]
    pub max_read_size: Option<Size>,
    /// Tell each request on standard error, with status, bytes and milliseconds; -vv also what was
    /// planned, and for which checks
    #[arg(short = 'v', long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl ConnectionFlags {
    /// A flag that is given and is for a cluster alone; none where none is.
    pub fn reaching(&self) -> Option<&'static str> {
        let flags = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--cluster", self.cluster.is_some()),
            ("--user", self.user.is_some()),
            ("--server", self.server.is_some()),
            ("--token", self.token.is_some()),
            (
                "--insecure-skip-tls-verify",
                self.insecure_skip_tls_verify.is_some(),
            ),
            ("--as", self.as_user.is_some()),
            ("--as-group", !self.as_groups.is_empty()),
            ("--as-uid", self.as_uid.is_some()),
            ("--max-read-size", self.max_read_size.is_some()),
            ("-v", self.verbose > 0),
        ];
        flags
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag))
    }

    /// A flag that is given and means nothing where no cluster is reached and nothing is read.
    pub fn any(&self) -> Option<&'static str> {
        let flags = [
            ("-n", self.namespace.is_some()),
            ("--request-timeout", self.request_timeout.is_some()),
        ];
        let others = flags
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag));
        self.reaching().or(others)
    }
}
