//! The private process tree that everything runs in: when its first process goes, all go. And in it a private network
//! for each cluster.

use std::env;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use nix::sched::{CloneFlags, unshare};

use crate::SKIP_VARIABLE;
use crate::tools::{Tools, cache_folder};
use crate::user_ids;

/// Set in the private process tree only: the programs' folder.
const TOOLS_VARIABLE: &str = "INJDOCTOR_CLUSTER_INSIDE";

/// To be root over one's own network takes a user namespace.
const USER: [&str; 2] = ["--user", "--map-root-user"];

/// The other namespaces of the process tree.
const UNSHARE: [&str; 4] = ["--pid", "--fork", "--kill-child", "--mount-proc"];

/// Runs the program as a child: as process 1 itself, it would be deaf to Ctrl-C.
const CHILD: &str = r#"code=0; "$@" || code=$?; exit $code"#;

/// Makes every address of the services, the pods and the node a local one, with room for rules that lead elsewhere before
/// (see `firewall.rs`), and gives the cluster a folder in memory that vanishes with the namespace.
const SETUP: &str = r#"
ip link set lo up
for range in 10.96.0.0/16 10.244.0.0/16 172.18.0.0/16; do ip route add local $range dev lo; done
ip route add default dev lo table 100
ip rule add pref 100 lookup local
ip rule del pref 0
echo 0 2>/dev/null >/proc/sys/net/ipv4/ip_forward || true
mount -t tmpfs testcluster "$1"
"#;

/// A variable of whoever runs the tests that would send requests to a proxy which cannot be reached from inside.
const PROXY_VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// What a process in the private process tree starts a cluster from.
#[derive(Clone, Debug)]
pub struct Inside {
    pub(crate) tools: Tools,
    pub(crate) folder: PathBuf,
}

impl Inside {
    /// Moves this thread, and with it the threads and processes that it starts from now on, into a network of its own with
    /// an empty folder of its own at `folder`. By their IPC namespace they are told from those of other clusters.
    pub(crate) fn use_own_network(&self) -> Result<()> {
        let own = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC;
        unshare(own).context("cannot make a network of its own")?;
        let setup = Command::new("sh")
            .args(["-ec", SETUP, "sh"])
            .arg(&self.folder)
            .status();
        let setup = setup.context("cannot run sh")?;
        ensure!(setup.success(), "cannot set up a network: {setup}");
        Ok(())
    }
}

/// Moves this program into a private process tree: builds the tools if need be, then starts the program anew with the
/// same arguments. Call it first thing in `main`; only the new run gets past it.
pub fn enter() -> Result<Inside> {
    let folder = cache_folder()?.join("run");
    if let Some(tools) = env::var_os(TOOLS_VARIABLE) {
        let tools = Tools::of(tools);
        return Ok(Inside { tools, folder });
    }
    check_namespaces()?;
    let tools = Tools::provide()?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;

    user_ids::become_root()?;
    let mut command = Command::new("unshare");
    command.args(UNSHARE).args(["--", "sh", "-ec", CHILD, "sh"]);
    command.arg(env::current_exe()?);
    command.args(env::args_os().skip(1));
    command.env(TOOLS_VARIABLE, tools.folder());
    for variable in PROXY_VARIABLES {
        command.env_remove(variable);
    }
    // Not as a child: who kills this process has to hit the one that the namespace hangs on.
    Err(anyhow!(command.exec()).context("cannot run unshare"))
}

/// Tries out what `unshare` would only say in its own words.
fn check_namespaces() -> Result<()> {
    let trial = Command::new("unshare")
        .args(USER)
        .args(UNSHARE)
        .args(["--net", "--", "ip", "link", "set", "lo", "up"])
        .stdin(Stdio::null())
        .output();
    let reason = match trial {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    bail!(
        "the test cluster needs a network of its own, which this system does not grant: {reason}\n\
         It takes Linux with util-linux (unshare), iproute2 (ip) and unprivileged user namespaces \
         (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0; \
         in a container: --privileged). Or set {SKIP_VARIABLE}=1 to leave these tests out"
    )
}
