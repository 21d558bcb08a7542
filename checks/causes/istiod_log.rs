//! What istiod has logged about pods that fare otherwise than expected, as evidence, and the commands that show more.

use crate::facts::Evidence;
use crate::facts::kinds::Pod;
use crate::report::{Command, Fix, Risk};
use crate::way::istiod_log::{Heard, about, heard, level, replicas};
use crate::way::{Case, istiod_container};

/// The newest line about such a pod, or that there is none; nothing where that is not known.
pub fn evidence(case: &Case) -> Option<Evidence> {
    Some(match heard(case).ok()?? {
        Heard::Said { by, line } => {
            let (name, namespace) = named(by);
            let log = format!("log of pod/{name} -n {namespace}");
            let mut evidence = Evidence::new(log, "").actual(Heard::words(line));
            evidence.set_at = line.at.as_ref().map(|at| at.0);
            evidence
        }
        Heard::Nothing { replicas, about } => {
            let names: Vec<_> = replicas.iter().map(|pod| named(pod).0).collect();
            let (_, namespace) = replicas.first().map(|pod| named(pod)).unwrap_or_default();
            let log = format!("log of pod/{} -n {namespace}", names.join(", pod/"));
            Evidence::new(log, "").actual(format!("no line about {about}: it was not asked"))
        }
    })
}

/// How to see what istiod logs about the pods, and how to have it log more; nothing where it is not known which istiod is
/// asked.
pub fn fixes(case: &Case) -> Vec<Fix> {
    let (Ok(replicas), Ok(about)) = (replicas(case), about(case)) else {
        return Vec::new();
    };
    match replicas.is_empty() {
        true => Vec::new(),
        false => vec![look(&replicas, &about), raise(&replicas)],
    }
}

fn look(replicas: &[&Pod], about: &str) -> Fix {
    let fix = Fix::new(
        "see what istiod has logged about the pods",
        Risk::ReadOnly,
        "nothing: an istiod that was asked about a pod has a line about it, and one more where it did not inject it",
    );
    replicas.iter().fold(fix, |fix, pod| {
        let (name, namespace) = named(pod);
        let log = Command::kubectl(["logs", name, "-n", namespace, "--since=1h"]);
        fix.show(Command::pipeline([log, Command::grep(about)], None))
    })
}

/// The injector logs in the scope `default`.
fn raise(replicas: &[&Pod]) -> Fix {
    let fix = Fix::new(
        "have istiod log more for a while, and put that back",
        Risk::MeshWide,
        "istiod logs each new pod of the mesh as a whole, with all that its environment holds, until this is undone or istiod starts again",
    );
    replicas.iter().fold(fix, |fix, pod| {
        let (name, namespace) = named(pod);
        let set = |level: &str| {
            let level = format!("default:{level}");
            Command::istioctl(["admin", "log", name, "-i", namespace, "--level", &level])
        };
        let before = istiod_container(pod).map_or("info", level);
        fix.show(set("debug")).undo(set(before))
    })
}

fn named(pod: &Pod) -> (&str, &str) {
    let metadata = &pod.metadata;
    (
        metadata.name.as_deref().unwrap_or_default(),
        metadata.namespace.as_deref().unwrap_or_default(),
    )
}
