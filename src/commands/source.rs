//! Where the facts come from: a live cluster, or a file.

use std::{io, thread};

use anyhow::{Context, bail};
use injdoctor_checks::facts::{Read, Snapshot};
use injdoctor_checks::plan::Question;
use tokio::runtime::Runtime;

use crate::cli::ConnectionFlags;
use crate::cluster::{self, ConnectFlags, Known, Limits, Link};
use crate::input::Input;
use crate::log::Log;
use crate::progress;
use crate::snapshot_file;
use crate::terminal::Look;

/// Threads that read answers; there are never more requests under way than this.
const THREADS: usize = 16;

/// Reads the cluster. What to ask can depend on the connection: the namespace in force comes from
/// the kubeconfig's context.
pub fn live(
    flags: &ConnectionFlags,
    look: Look,
    ask: impl FnOnce(&Link) -> anyhow::Result<Question>,
) -> anyhow::Result<Snapshot> {
    live_and(
        flags,
        look,
        |link| ask(link),
        async |_, _, snapshot| Ok(snapshot),
    )
}

/// Reads the cluster, and goes on from there while the way to it is open.
pub fn live_and(
    flags: &ConnectionFlags,
    look: Look,
    ask: impl FnOnce(&mut Link) -> anyhow::Result<Question>,
    go_on: impl AsyncFnOnce(&Link, &Question, Snapshot) -> anyhow::Result<Snapshot>,
) -> anyhow::Result<Snapshot> {
    runtime()?.block_on(async {
        // No spinner yet: a credential plugin may ask the user something, and manifests may be typed.
        let mut link = cluster::connect(&connect_flags(flags)).await?;
        let question = ask(&mut link)?;
        let reading = cluster::collect(&link, &question);
        // Lines about each request and a spinner would run into each other.
        let snapshot = match link.log.is_on() {
            true => reading.await,
            false => progress::spin("reading the cluster", look.unicode, reading).await,
        };
        go_on(&link, &question, snapshot?).await
    })
}

/// Names of objects, for a person who types; none where anything is in the way.
pub fn names(flags: &ConnectionFlags, read: impl FnOnce(&Link) -> Option<Read>) -> Vec<String> {
    let Ok(runtime) = runtime() else {
        return Vec::new();
    };
    runtime.block_on(async {
        match cluster::connect(&connect_flags(flags)).await {
            Ok(link) => match read(&link) {
                Some(read) => cluster::names(&link, read).await,
                None => Vec::new(),
            },
            Err(_) => Vec::new(),
        }
    })
}

/// The names in the kubeconfig.
pub fn known(flags: &ConnectionFlags) -> Known {
    cluster::known(&connect_flags(flags))
}

fn runtime() -> anyhow::Result<Runtime> {
    enough_files().context("too few files may be open at once; raise the limit with ulimit -n")?;
    tokio::runtime::Builder::new_multi_thread()
        // Without a number, tokio takes TOKIO_WORKER_THREADS, and panics where that is none.
        .worker_threads(
            thread::available_parallelism()
                .map_or(2, usize::from)
                .min(THREADS),
        )
        .enable_all()
        .build()
        .context("cannot start the runtime that talks to the cluster")
}

/// Whether the files can be opened that tokio takes for itself: it panics where one cannot.
fn enough_files() -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::fd::{AsFd, OwnedFd};
        let stderr = io::stderr();
        let files = (0..THREADS).map(|_| stderr.as_fd().try_clone_to_owned());
        files.collect::<io::Result<Vec<OwnedFd>>>()?;
    }
    Ok(())
}

/// Reads a snapshot file. The flags that reach a cluster can stand before the command, where the
/// command line's own conflicts do not see them.
pub fn file(path: &str, flags: &ConnectionFlags) -> anyhow::Result<Snapshot> {
    if let Some(flag) = flags.reaching() {
        bail!("--from reads a file, and {flag} is for a cluster; leave one of them out");
    }
    let mut stdin = io::stdin().lock();
    let mut input = Input {
        stdin: &mut stdin,
        wait: Limits::new(flags.request_timeout, None).total,
    };
    Ok(snapshot_file::read(path, &mut input)?)
}

fn connect_flags(flags: &ConnectionFlags) -> ConnectFlags {
    ConnectFlags {
        context: flags.context.clone(),
        kubeconfig: flags.kubeconfig.clone(),
        as_user: flags.as_user.clone(),
        as_groups: flags.as_groups.clone(),
        request_timeout: flags.request_timeout,
        max_read_size: flags.max_read_size,
        namespace: flags.namespace.clone(),
        cluster: flags.cluster.clone(),
        user: flags.user.clone(),
        server: flags.server.clone(),
        token: flags.token.clone(),
        insecure_skip_tls_verify: flags.insecure_skip_tls_verify,
        as_uid: flags.as_uid.clone(),
        log: Log::new(flags.verbose),
    }
}
