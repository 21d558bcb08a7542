//! The network of a pod: a namespace with one link to the node's, in which the pod has its address.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::kubelet::NODE_IP;

/// What the pod sees as its router: like every address of pods and services, one of the node.
const ROUTER: &str = "10.244.0.1";

/// Runs in the namespace and keeps it alive.
const PAUSE: &str = "ip link set lo up; echo up; exec sleep infinity";

/// The node's end: `$1` is the process in the namespace, `$2` the link, `$3` the pod's address, `$4` the node's. What pods
/// send each other goes through the node.
const CONNECT: &str = r#"
ip link add "$2" type veth peer name eth0 netns "$1"
ip link set "$2" up
ip route add "$3/32" dev "$2" src "$4" table local
echo 1 >"/proc/sys/net/ipv4/conf/$2/forwarding"
"#;

/// The pod's end: `$1` is its address, `$2` its router.
const ADDRESS: &str = r#"
ip address add "$1/32" dev eth0
ip link set eth0 up
ip route add "$2" dev eth0
ip route add default via "$2"
"#;

/// The network of a pod; it goes with this value.
pub(super) enum Network {
    /// One of its own, kept alive by this process.
    Own(Child),
    /// The node's.
    Host,
}

impl Network {
    /// Makes a network in which the pod has this address.
    pub(super) fn create(ip: Ipv4Addr) -> Result<Self> {
        if ip == NODE_IP {
            return Ok(Self::Host);
        }
        let mut pause = Command::new("unshare")
            .args(["--net", "--", "sh", "-ec", PAUSE])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run unshare")?;
        let stdout = pause.stdout.take().context("no output")?;
        let network = Self::Own(pause);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(line.trim() == "up", "the network of a pod did not come up");

        let [.., third, fourth] = ip.octets();
        let (link, address) = (format!("pod{third}-{fourth}"), ip.to_string());
        let node = NODE_IP.to_string();
        let id = network.id().unwrap_or_default();
        let mut connect = Command::new("sh");
        connect.args(["-ec", CONNECT, "sh", &id, &link, &address, &node]);
        run(&mut connect)?;
        let mut inside = network.enter("sh");
        inside.args(["-ec", ADDRESS, "sh", &address, ROUTER]);
        run(&mut inside)?;
        Ok(network)
    }

    /// A command that runs in this network.
    pub(super) fn enter(&self, program: impl AsRef<OsStr>) -> Command {
        match self.id() {
            Some(id) => {
                let mut command = Command::new("nsenter");
                command.args(["--target", &id, "--net", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        }
    }

    /// Sets a parameter of the network's, `net.` and so on.
    pub(super) fn set(&self, parameter: &str, value: &str) -> Result<()> {
        let path = format!("/proc/sys/{}", parameter.replace('.', "/"));
        let mut set = self.enter("sh");
        run(set.args(["-ec", "echo \"$2\" >\"$1\"", "sh", &path, value]))
    }

    /// Runs a program of the node in this network.
    pub(super) fn run<'a>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        run(self.enter(program).args(arguments))
    }

    fn id(&self) -> Option<String> {
        match self {
            Self::Own(pause) => Some(pause.id().to_string()),
            Self::Host => None,
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if let Self::Own(pause) = self {
            // An error means that it has ended already.
            let _ = pause.kill();
            let _ = pause.wait();
        }
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", stderr.trim());
    Ok(())
}
