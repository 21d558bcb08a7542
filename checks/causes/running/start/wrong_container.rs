//! Webhooks that change the sidecar in the place of the application.

use std::collections::BTreeSet;

use crate::causes::called::{Side, changers};
use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::running::volumes::volumes_of_injection;
use crate::causes::{Verdict, declare_check};
use crate::facts::kinds::Pod;
use crate::facts::{Evidence, Missing};
use crate::fixes::{container_of_template, sidecar_first};
use crate::report::{Command, Finding, Fix, Risk};
use crate::way::Case;
use crate::way::rendered::containers::PROXY;
use crate::way::running::{Container, Unwell};
use k8s_openapi::api::core::v1::Container as Spec;

declare_check! {
    /// Another webhook addresses containers by their number, and hits the sidecar's.
    ///
    /// ## What it finds
    /// A pod is not ready and nothing else tells why, and its istio-proxy mounts a volume that no other container of it
    /// mounts, although neither the injection has brought that volume nor the pod template has it for the sidecar.
    ///
    /// ## Why it matters
    /// The other webhook writes patches such as `/spec/containers/0/volumeMounts/-`. The number was the application's until
    /// the injector put a container before it, as it does where the application waits for a classic sidecar
    /// (`holdApplicationUntilProxyStarts`). What the application needs, the sidecar has: mounts, mostly together with
    /// environment variables.
    ///
    /// ## How to fix it
    /// Make the sidecar a native one, as the printed command does: it stands among the init containers, and the
    /// application comes first again. Or let the other webhook run before the injector, by a configuration whose name comes
    /// before `istio-`, or have it go by names. See what the sidecar has of the application's:
    ///
    /// ```sh
    /// kubectl get pod POD -n NAMESPACE -o jsonpath='{range .spec.containers[*]}{.name}{"\t"}{.image}{"\t"}{.env[*].name}{"\t"}{.volumeMounts[*].name}{"\n"}{end}'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Admission webhook good practices:
    ///   <https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/>
    "INJ644", "other-webhook-patches-wrong-container", Running, about Pods,
    run
}

/// How the volumes are called that the API server mounts into each container.
/// Source: Kubernetes 1.36, `plugin/pkg/admission/serviceaccount/admission.go`.
const TOKEN: &str = "kube-api-access-";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let unwell = case.unwell()?;
    let open = unwell.iter().filter(|one| one.cause().is_none());
    let mut findings = Vec::new();
    for one in open {
        let Some(volume) = misplaced(case, one.pod)? else {
            continue;
        };
        // The log of who fails may tell another cause.
        if let Some(missing) = &one.unread {
            return Err(missing.clone());
        }
        findings.push(finding(case, one, volume)?);
    }
    Ok(Verdict::of(findings))
}

/// The first volume that the sidecar mounts, and should not.
fn misplaced<'a>(case: &Case, pod: &'a Pod) -> Result<Option<&'a str>, Missing> {
    let brought = container_of_template(case.workload()?, PROXY);
    let Some(of_injection) = volumes_of_injection(pod) else {
        return Ok(None);
    };
    let containers = Container::of(pod);
    let Some(proxy) = containers.iter().find(|one| one.is_proxy()) else {
        return Ok(None);
    };
    let others = containers.iter().filter(|one| !one.is_of_istio());
    let others = others.flat_map(|one| mounts(one.spec));
    let own = brought.iter().flat_map(|(_, one)| mounts(one));
    let rightly: BTreeSet<&str> = others.chain(own).collect();
    let is_misplaced = |volume: &&str| {
        !of_injection.iter().any(|one| one == volume)
            && !rightly.contains(volume)
            && !volume.starts_with(TOKEN)
    };
    Ok(mounts(proxy.spec).find(is_misplaced))
}

fn mounts(container: &Spec) -> impl Iterator<Item = &str> {
    let mounts = container.volume_mounts.iter().flatten();
    mounts.map(|mount| mount.name.as_str())
}

fn finding(case: &Case, unwell: &Unwell, volume: &str) -> Result<Finding, Missing> {
    let changers = changers(case, Side::After)?;
    let who = match changers.as_slice() {
        [] => "something that is not known here".to_owned(),
        [one] => one.clone(),
        all => format!("one of {}", all.join(", ")),
    };
    let message = format!(
        "{} of {}: {who} has changed container {PROXY} in the place of the application: volume {volume} is mounted there and in no other container",
        pods_in_words(unwell),
        case.target(),
    );
    let pod = format!("pod/{}", unwell.name());
    // A classic sidecar is what stands before the application.
    let containers = Container::of(unwell.pod);
    let is_classic = containers.iter().any(|one| one.is_proxy() && !one.is_init);
    let list = match is_classic {
        true => "containers",
        false => "initContainers",
    };
    let path =
        format!(".spec.{list}[?(@.name=='{PROXY}')].volumeMounts[?(@.name=='{volume}')].name");
    let mut finding = not_ready(case, message).evidence(Evidence::new(pod, path).actual(volume));
    for object in &changers {
        finding
            .evidence
            .push(Evidence::new(object, ".metadata.name"));
    }
    if is_classic {
        finding.fixes.extend(sidecar_first(case)?);
    }
    Ok(finding.fix(look(&changers)))
}

fn look(changers: &[String]) -> Fix {
    let fix = Fix::new(
        "see who changes pods after the injection",
        Risk::ReadOnly,
        "nothing: it shows for which pods they are called; exclude the namespace or the pods, or call them before Istio's",
    );
    let show = |fix: Fix, object: &str| fix.show(Command::kubectl(["get", object, "-o", "yaml"]));
    match changers.is_empty() {
        true => show(fix, "mutatingwebhookconfigurations"),
        false => changers.iter().fold(fix, |fix, object| show(fix, object)),
    }
}
