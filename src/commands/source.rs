//! Where the facts come from: a live cluster, or a file.

use std::io;

use anyhow::{Context, bail};
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::plan::Question;

use crate::cli::ConnectionFlags;
use crate::cluster::{self, ConnectFlags, Link};
use crate::progress;
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
    runtime.block_on(async {
        // No spinner yet: a credential plugin may ask the user something, and manifests may be typed.
        let link = cluster::connect(&connect_flags(flags)).await?;
        let question = ask(&link)?;
        let reading = cluster::collect(&link, &question);
        Ok(progress::spin("reading the cluster", look.unicode, reading).await?)
    })
}

/// Reads a snapshot file. The flags that reach a cluster can stand before the command, where the
/// command line's own conflicts do not see them.
pub fn file(path: &str, flags: &ConnectionFlags) -> anyhow::Result<Snapshot> {
    let given = [
        ("--context", flags.context.is_some()),
        ("--kubeconfig", flags.kubeconfig.is_some()),
        ("--as", flags.as_user.is_some()),
        ("--as-group", !flags.as_groups.is_empty()),
        ("--request-timeout", flags.request_timeout.is_some()),
    ];
    if let Some((flag, _)) = given.into_iter().find(|(_, given)| *given) {
        bail!("--from reads a file, and {flag} is for a cluster; leave one of them out");
    }
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
