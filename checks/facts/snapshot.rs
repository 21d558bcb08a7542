//! Everything that was read, in one immutable and serialisable piece.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Fact, Store, Target, Workload};

/// Everything one run read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Snapshot {
    /// Version of this format: [`Snapshot::API_VERSION`].
    pub api_version: String,
    /// Always `Snapshot`.
    pub kind: String,
    /// When the reads were done. The checks' only clock.
    pub recorded_at: Timestamp,
    /// How the user reached the cluster; the printed commands repeat it.
    pub connection: Connection,
    /// The API server's `gitVersion`, such as `v1.36.3`.
    pub server_version: Fact<String>,
    /// What was asked about, in the order given.
    pub subjects: Vec<Subject>,
    /// What was read.
    pub reads: Store,
}

impl Snapshot {
    /// The version of the format that this program writes and reads.
    pub const API_VERSION: &str = "injdoctor.dev/v1alpha2";
    /// The kind that marks a file as a snapshot.
    pub const KIND: &str = "Snapshot";
}

/// How the user reached the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// The context in use, for display.
    #[serde(default)]
    pub context: String,
    /// `--context` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_flag: Option<String>,
    /// `--kubeconfig` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig_flag: Option<String>,
    /// `--as` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_flag: Option<String>,
    /// `--as-group` as the user gave it, once for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub as_group_flags: Vec<String>,
    /// `--as-uid` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_uid_flag: Option<String>,
    /// `--cluster` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_flag: Option<String>,
    /// `--user` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_flag: Option<String>,
    /// `--server` as the user gave it, without user and password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_flag: Option<String>,
    /// `--insecure-skip-tls-verify` as the user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insecure_skip_tls_verify_flag: Option<bool>,
    /// The file whose copy of the injector's ConfigMap stands in for one that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injector_config: Option<String>,
}

/// One object the user asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subject {
    /// What the user pointed at; without a name it stands for all objects of a kind that could not be
    /// listed.
    pub target: Target,
    /// The manifest it comes from; none for an object of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
}

/// An object that is not in the cluster yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The file; `-` for standard input.
    pub file: String,
    /// What it holds.
    pub object: Workload,
}
