//! Where the facts come from: a live cluster, or a file.

use std::io;

use anyhow::Context;
use injdoctor_checks::facts::Snapshot;

use crate::cli::ConnectionFlags;
use crate::cluster::{self, ConnectFlags, Link, Question};
use crate::snapshot_file;
use crate::terminal::Look;

/// Reads the cluster. What to ask can depend on the connection: the namespace in force comes from
/// the kubeconfig's context.
pub fn live(
    flags: &ConnectionFlags,
    look: Look,
    ask: impl FnOnce(&Link) -> anyhow::Result<Question>,
) -> anyhow::Result<Snapshot> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime that talks to the cluster")?;
    let reading = async {
        let link = cluster::connect(&connect_flags(flags)).await?;
        let question = ask(&link)?;
        Ok(cluster::collect(&link, &question).await?)
    };
    runtime.block_on(crate::progress::spin(
        "reading the cluster",
        look.unicode,
        reading,
    ))
}

/// Reads a snapshot file.
pub fn file(path: &str) -> anyhow::Result<Snapshot> {
    Ok(snapshot_file::read(path, &mut io::stdin().lock())?)
}

fn connect_flags(flags: &ConnectionFlags) -> ConnectFlags {
    ConnectFlags {
        context: flags.context.clone(),
        kubeconfig: flags.kubeconfig.clone(),
        as_user: flags.as_user.clone(),
        as_groups: flags.as_groups.clone(),
        request_timeout: flags.request_timeout,
        namespace: flags.namespace.clone(),
        ..ConnectFlags::default()
    }
}
