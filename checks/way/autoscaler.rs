//! The cluster autoscaler, which removes nodes that are nearly empty, and what it is told about local storage.
//!
//! While it runs it holds a Lease, under the name of its pod. One that a cloud runs beside its control plane has no pod
//! here, and may have other defaults: nothing is known of it.
//!
//! Source: Cluster Autoscaler 1.37, `cluster-autoscaler/main.go` (`leaderElectionConfiguration`; the holder is `os.Hostname`,
//! the namespace that of `--namespace`) and `cluster-autoscaler/config/flags/flags.go`.

use std::time::Duration;

use k8s_openapi::api::core::v1::Container;

use super::Case;
use crate::advice::is_name;
use crate::facts::kinds::{Lease, Pod};
use crate::facts::{Index, Missing, Read, Resource};

const NAMESPACE: &str = "kube-system";
/// Of the Lease, and of the program.
pub const NAME: &str = "cluster-autoscaler";

/// The flag for nodes on which a pod has local storage: whether these stay.
pub const SPARES_LOCAL_STORAGE: &str = "--skip-nodes-with-local-storage";
/// The flag for whether nodes are removed at all.
const REMOVES_NODES: &str = "--scale-down-enabled";

/// How far the clocks of two machines may be apart: a Lease that is overdue for longer is renewed by nobody.
const CLOCKS: Duration = Duration::from_secs(5 * 60);
/// How long a Lease lasts that does not say so.
const LASTS: i32 = 15;

/// A cluster autoscaler that runs in the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Autoscaler<'a> {
    /// The name of its pod, in kube-system.
    pub pod: &'a str,
    /// Its container.
    pub container: &'a str,
    /// Whether it removes nodes.
    pub removes_nodes: bool,
    /// Whether it leaves those on which a pod has local storage.
    pub spares_local_storage: bool,
    /// The word of its command line that says so; none where it is so by default.
    pub says: Option<&'a str>,
}

/// The read of the Lease.
pub fn autoscaler_lease() -> Read {
    Read::get(Resource::Lease, Some(NAMESPACE), NAME)
}

/// Looks up all that tells of the autoscaler, for what is to be read.
pub fn look_for_autoscaler(index: &Index) {
    let lease = index.get::<Lease>(Some(NAMESPACE), NAME);
    if let Some(holder) = lease.got().copied().and_then(holder) {
        index.get::<Pod>(Some(NAMESPACE), holder);
    }
}

/// The cluster autoscaler that runs; none where none can be seen.
///
/// # Errors
/// [`Missing`] where its Lease or its pod was not read, or where its command line does not tell.
pub fn autoscaler<'a>(case: &Case<'a>) -> Result<Option<Autoscaler<'a>>, Missing> {
    let lease = case.object_named::<Lease>(NAMESPACE, NAME)?;
    let Some(holder) = lease
        .filter(|lease| is_renewed(case, lease))
        .and_then(holder)
    else {
        return Ok(None);
    };
    match case.object_named::<Pod>(NAMESPACE, holder)? {
        Some(pod) if is_running(pod) => told(holder, pod).map(Some),
        _ => Ok(None),
    }
}

/// Who holds a Lease. One that ends as it should gives it back.
fn holder(lease: &Lease) -> Option<&str> {
    let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
    is_name(holder).then_some(holder)
}

fn is_renewed(case: &Case, lease: &Lease) -> bool {
    let Some(spec) = &lease.spec else {
        return false;
    };
    let seconds = spec.lease_duration_seconds.unwrap_or(LASTS);
    let lasts = CLOCKS + Duration::from_secs(seconds.unsigned_abs().into());
    let renewed = spec.renew_time.as_ref().map(|time| time.0);
    renewed.is_some_and(|at| at.checked_add(lasts).is_ok_and(|end| end >= case.now()))
}

fn is_running(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|one| one.phase.as_deref());
    phase == Some("Running") && pod.metadata.deletion_timestamp.is_none()
}

fn told<'a>(name: &'a str, pod: &'a Pod) -> Result<Autoscaler<'a>, Missing> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut own = containers.filter(|one| words(one).next().is_some_and(is_program));
    let Some(container) = own.next() else {
        return Err(Missing(format!(
            "pod {name} in {NAMESPACE} holds the Lease {NAME}, and its command line does not show the flags"
        )));
    };
    let flag = |flag: &str| {
        let unreadable = || {
            Missing(format!(
                "the command line of pod {name} in {NAMESPACE} does not show what {flag} is"
            ))
        };
        flag_of(container, flag).ok_or_else(unreadable)
    };
    let (removes_nodes, _) = flag(REMOVES_NODES)?;
    let (spares_local_storage, says) = flag(SPARES_LOCAL_STORAGE)?;
    Ok(Autoscaler {
        pod: name,
        container: &container.name,
        removes_nodes,
        spares_local_storage,
        says,
    })
}

/// The command line of a container, as far as it does not stand in its image.
fn words(container: &Container) -> impl Iterator<Item = &str> {
    let lists = [&container.command, &container.args];
    let words = lists.into_iter().flatten().flatten();
    words.map(String::as_str)
}

/// Whether a word of a command line is the autoscaler's program.
pub fn is_program(word: &str) -> bool {
    word.rsplit('/').next() == Some(NAME)
}

/// Whether a word of a command line is a flag that decides here.
pub fn is_deciding_flag(word: &str) -> bool {
    [SPARES_LOCAL_STORAGE, REMOVES_NODES]
        .iter()
        .any(|flag| value_of(word, flag).is_some())
}

/// What a flag says that is on by default, with the word that says it; none where its value cannot be read. Of several the
/// last counts, and one that has no value says yes: the next word is none of it.
/// Source: `github.com/spf13/pflag`, `bool.go` and `golangflag.go`.
fn flag_of<'c>(container: &'c Container, flag: &str) -> Option<(bool, Option<&'c str>)> {
    let words = words(container).filter_map(|word| Some((word, value_of(word, flag)?)));
    match words.last() {
        Some((word, value)) => Some((truth(value)?, Some(word))),
        None => Some((true, None)),
    }
}

/// The value that a word gives a flag, whose words may be joined by underscores.
/// Source: Kubernetes 1.36, `WordSepNormalizeFunc` in `k8s.io/component-base/cli/flag/flags.go`.
fn value_of<'w>(word: &'w str, flag: &str) -> Option<&'w str> {
    let (name, value) = word.split_once('=').unwrap_or((word, "true"));
    (name.replace('_', "-") == flag).then_some(value)
}

/// Source: Go 1.26, `strconv.ParseBool`.
fn truth(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flag_is_read_as_the_autoscaler_reads_it() {
        for (args, expected) in [
            (json!(null), Some(true)),
            (
                json!(["--v=4", "--skip-nodes-with-system-pods=false"]),
                Some(true),
            ),
            (
                json!(["--skip-nodes-with-local-storage=false"]),
                Some(false),
            ),
            (json!(["--skip_nodes_with_local_storage=f"]), Some(false)),
            (
                json!(["--skip-nodes-with-local-storage=0", "--v=4"]),
                Some(false),
            ),
            (json!(["--skip-nodes-with-local-storage"]), Some(true)),
            (
                json!(["--skip-nodes-with-local-storage", "false"]),
                Some(true),
            ),
            (
                json!([
                    "--skip-nodes-with-local-storage=false",
                    "--skip-nodes-with-local-storage=true"
                ]),
                Some(true),
            ),
            (json!(["--skip-nodes-with-local-storage=$(SKIP)"]), None),
            (json!(["--skip-nodes-with-local-storage="]), None),
        ] {
            let container = json!({"name": "a", "command": ["./cluster-autoscaler"], "args": args});
            let container: Container = serde_json::from_value(container).unwrap();
            let found = flag_of(&container, SPARES_LOCAL_STORAGE);
            assert_eq!(found.map(|(is_on, _)| is_on), expected, "{args}");
        }
    }

    #[test]
    fn a_program_is_told_by_the_end_of_its_path() {
        for (word, expected) in [
            ("cluster-autoscaler", true),
            ("./cluster-autoscaler", true),
            ("/usr/bin/cluster-autoscaler", true),
            ("cluster-autoscaler-status", false),
            ("./cluster-autoscaler --v=4", false),
            ("/bin/sh", false),
        ] {
            assert_eq!(is_program(word), expected, "{word}");
        }
    }
}
