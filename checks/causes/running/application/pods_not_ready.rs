//! Pods that are not ready, and nothing of the mesh is known to be the cause.

use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::report::{Command, Fix, Risk};
use crate::way::Case;
use crate::way::running::{Container, Place, Said, Step, Unwell, has_failed};

declare_check! {
    /// Pods with a sidecar are not ready, and no other check tells why.
    ///
    /// ## What it finds
    /// A pod with a sidecar had more than 30 seconds to get ready and is not, or it has failed. The check names the step
    /// at which it stands: the node, the volumes and the network, an init container, the sidecar, or the application;
    /// and whether its sidecar is well. Of a CronJob it looks at the newest Job. Failed pods that others have replaced,
    /// and pods that were evicted, are no finding.
    ///
    /// ## Why it matters
    /// Services send no traffic to a pod that is not ready. Where the sidecar is ready and the application is not, the
    /// failure is mostly the application's own.
    ///
    /// ## How to fix it
    /// The printed commands show what the kubelet and the container say.
    ///
    /// ## References
    /// - Kubernetes, Debug Pods: <https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/>
    "INJ601", "pods-not-ready", Running, about Pods, rank Silence,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let unwell = case.unwell()?;
    let open = || unwell.iter().filter(|one| one.cause().is_none());
    // What a log might tell is another check's.
    if let Some((one, unread)) = open().find_map(|one| Some((one, one.unread.as_ref()?))) {
        let state = format!("{}: {}", pods_in_words(one), in_words(one));
        return Err(Missing(format!("{state}; {}", unread.0)));
    }
    let findings = open().map(|one| {
        let message = format!(
            "{} of {}: {}",
            pods_in_words(one),
            case.target(),
            in_words(one)
        );
        let mut finding = not_ready(case, message);
        finding.evidence.push(state(one));
        // That it waits to be started again says nothing about why.
        let backs_off = |said: &&Said| said.place == Place::Event("BackOff".to_owned());
        let newest = one.said.iter().rfind(|said| !backs_off(said));
        finding
            .evidence
            .extend(newest.map(|said| said.evidence(one.name())));
        finding.fix(look(case, one))
    });
    Ok(Verdict::of(findings))
}

/// Why the pod is not ready, as far as its status tells.
fn in_words(unwell: &Unwell) -> String {
    let sidecar = Container::of(unwell.pod);
    let sidecar = sidecar.iter().find(|one| one.is_proxy());
    match unwell.step {
        Step::Node => "no node takes it".to_owned(),
        Step::Sandbox => {
            "it waits for its volumes or its network; no container was started".to_owned()
        }
        Step::Init(one) => format!("init container {} {}", one.name(), fares(&one)),
        Step::Proxy(one) => format!("its sidecar {}", fares(&one)),
        Step::Application(one) => {
            let failure = format!("container {} {}", one.name(), fares(&one));
            match sidecar.is_some_and(Container::is_ready) {
                true => format!(
                    "{failure}, while its sidecar is ready: the failure is mostly the application's own"
                ),
                false if has_failed(unwell.pod) => {
                    format!("{failure}, and the pod has failed, as it is not started again")
                }
                false => failure,
            }
        }
    }
}

/// How a container fares: `was started 3 times and ended with exit code 1 (CrashLoopBackOff)`.
fn fares(container: &Container) -> String {
    let waits = container.waiting().and_then(|one| one.reason.as_deref());
    let ended = container.ended_last();
    match (ended, waits) {
        (Some(ended), _) if !container.is_running() => {
            let reason = ended.reason.as_deref().unwrap_or("Error");
            let again = match container.restarts() {
                0 => String::new(),
                1 => ", started again once".to_owned(),
                times => format!(", started again {times} times"),
            };
            let code = ended.exit_code;
            format!("ended with exit code {code} ({reason}){again}")
        }
        (_, Some(reason)) => format!("does not start: {reason}"),
        _ if container.is_running() => "runs and is not ready: its probe fails".to_owned(),
        _ => "has not started".to_owned(),
    }
}

/// The field of the pod that says so.
fn state(unwell: &Unwell) -> Evidence {
    let pod = format!("pod/{}", unwell.name());
    match unwell.step.container() {
        Some(one) => {
            let path = format!("{}.ready", one.status_path());
            Evidence::new(pod, path).actual(one.is_ready().to_string())
        }
        None => Evidence::new(pod, ".status.conditions[?(@.type=='Ready')].status").actual("False"),
    }
}

fn look(case: &Case, unwell: &Unwell) -> Fix {
    let (name, namespace) = (unwell.name(), case.target().namespace.as_str());
    let fix = Fix::new(
        "see what the kubelet and the container say",
        Risk::ReadOnly,
        "nothing: it shows why the pod is not ready",
    )
    .show(Command::kubectl(["describe", "pod", name, "-n", namespace]));
    match unwell.step.container() {
        Some(one) if one.ended_last().is_some() || one.is_running() => {
            let mut words = vec!["logs", name, "-n", namespace, "-c", one.name(), "--tail=50"];
            if one.ended_before().is_some() {
                words.push("--previous");
            }
            fix.show(Command::kubectl(words))
        }
        _ => fix,
    }
}
