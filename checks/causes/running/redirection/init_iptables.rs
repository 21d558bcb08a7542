//! istio-init, where iptables refuses its rules.

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{patch_template, restart};
use crate::report::{Command, Field, Fix, Risk};
use crate::way::Case;
use crate::way::running::{Unwell, node};

declare_check! {
    /// The container istio-init cannot redirect the traffic: rights, kernel modules, a lock, or a second run.
    ///
    /// ## What it finds
    /// The pod stays in Init with CrashLoopBackOff of istio-init, and its log names iptables.
    ///
    /// ## Why it matters
    /// No container of the pod starts before the traffic is redirected. What iptables says tells the reason:
    ///
    /// - `Permission denied (you must be root)`: istio-init does not run as root, or lacks NET_ADMIN.
    /// - `can't initialize iptables table`: the node lacks modules of the kernel, or has nftables only, or the runtime is a
    ///   sandbox such as gVisor.
    /// - `holding the xtables lock`: something else on the node changes rules at the same time.
    /// - `Chain already exists`: it ran a second time in the same network, after the kubelet removed its first container.
    /// - `invalid port/service`: an entry of `traffic.sidecar.istio.io/includeOutboundPorts` is no port; nothing checks
    ///   that before.
    ///
    /// ## How to fix it
    /// The printed command heals a port that is none, a lock and a second run. For the rest, load the modules on the
    /// nodes, or use the CNI plugin, which needs no istio-init.
    ///
    /// ```sh
    /// modprobe -a ip_tables iptable_nat xt_conntrack xt_REDIRECT xt_owner   # on each node
    /// helm install istio-cni istio/cni -n istio-system --wait
    /// helm upgrade istiod istio/istiod -n istio-system --reuse-values --set pilot.cni.enabled=true
    /// ```
    ///
    /// ## References
    /// - Istio, Platform prerequisites: <https://istio.io/latest/docs/ops/deployment/platform-requirements/>
    /// - Istio, Install the CNI node agent: <https://istio.io/latest/docs/setup/additional-setup/cni/>
    "INJ608", "init-iptables", Running, about Pods,
    run
}

/// The annotation that istio-init takes ports from, and istiod does not look at.
const PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";

/// Why iptables refuses the rules.
#[derive(Clone, Copy)]
enum Reason {
    Ports,
    Rights,
    Modules,
    /// It goes better in a new pod.
    Moment(&'static str),
    Untold,
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let said = unwell.cause().map_or("", |said| said.text.as_str());
        let reason = reason(case, said)?;
        let why = match reason {
            Reason::Ports => {
                format!("annotation {PORTS} of the pod template names something that is no port")
            }
            Reason::Rights => "it lacks the rights: user root, NET_ADMIN and NET_RAW".to_owned(),
            Reason::Modules => "the kernel of the node lacks what iptables needs".to_owned(),
            Reason::Moment(why) => why.to_owned(),
            Reason::Untold => "its log says what".to_owned(),
        };
        let message = format!(
            "{} of {} cannot start: iptables refuses the rules of container istio-init; {why}",
            pods_in_words(unwell),
            case.target(),
        );
        let finding = not_ready(case, message);
        Ok(finding.fix(match reason {
            Reason::Ports => patch_template(
                case,
                "remove the annotation",
                &[(Field::Annotations, PORTS, None)],
                "the sidecar takes the traffic of all ports",
            )?,
            Reason::Moment(_) => Fix::new(
                "restart the pods",
                Risk::RestartsPods,
                "istio-init sets up the network of new pods once",
            )
            .restart(restart(case)?),
            Reason::Rights | Reason::Modules | Reason::Untold => look(case, unwell),
        }))
    })
}

fn reason(case: &Case, said: &str) -> Result<Reason, Missing> {
    let annotations = case.workload()?.template.metadata.annotations.as_ref();
    let ports = annotations.and_then(|all| all.get(PORTS));
    let says = |words: &[&str]| words.iter().any(|one| said.contains(one));
    Ok(match () {
        () if ports.is_some_and(|ports| !are_ports(ports)) => Reason::Ports,
        () if says(&["you must be root", "Operation not permitted"]) => Reason::Rights,
        () if says(&["xtables lock"]) => {
            Reason::Moment("something else on the node held the lock of iptables")
        }
        () if says(&["already exists"]) => {
            Reason::Moment("it ran a second time in the network of the pod")
        }
        () if says(&["initialize", "Couldn't load", "insmod"]) => Reason::Modules,
        () => Reason::Untold,
    })
}

fn are_ports(list: &str) -> bool {
    let mut ports = list
        .split(',')
        .map(str::trim)
        .filter(|port| !port.is_empty());
    ports.all(|port| port.parse::<u16>().is_ok())
}

fn look(case: &Case, unwell: &Unwell) -> Fix {
    let (name, namespace) = (unwell.name(), case.target().namespace.as_str());
    let logs = [
        "logs",
        name,
        "-n",
        namespace,
        "-c",
        "istio-init",
        "--previous",
    ];
    let fix = Fix::new(
        "see what istio-init says, and what the node runs on",
        Risk::ReadOnly,
        "nothing: it shows why iptables refuses the rules",
    )
    .show(Command::kubectl(logs));
    match node(unwell.pod) {
        Some(node) => fix.show(Command::kubectl(["get", "node", node, "-o", "wide"])),
        None => fix,
    }
}
