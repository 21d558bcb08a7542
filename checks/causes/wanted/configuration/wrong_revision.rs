//! Somebody edited the configuration of another revision.

use crate::causes::{Verdict, declare_check};
use crate::facts::{Missing, who_set};
use crate::report::{Effect, Evidence, Finding, Severity};
use crate::way::wanted::{by_config, config, excluded};
use crate::way::{Answer, Case, Istiod, JudgedPod, Wanted, istiod_container, names, revision};

declare_check! {
    /// The injector's ConfigMap that was edited belongs to another revision than the one that decides about the pod.
    ///
    /// ## What it finds
    /// The ConfigMap `istio-sidecar-injector` of another revision was last written by hand (`kubectl edit`, `patch` or `replace`,
    /// by its managedFields), and by what it says the pod would be injected where it is not, or the reverse.
    ///
    /// ## Why it matters
    /// Each revision has its own ConfigMap: `istio-sidecar-injector` without a revision, else `istio-sidecar-injector-REVISION`.
    /// An edited policy or selector has no effect on pods of another revision. That two revisions differ may be meant, as
    /// for an upgrade, so it is told for information.
    ///
    /// ## How to fix it
    /// If the edit was meant for this pod, make it in the ConfigMap of its revision, best by the values of that installation,
    /// and restart the workload.
    ///
    /// ## References
    /// - Istio, Canary upgrades: <https://istio.io/latest/docs/setup/upgrade/canary/>
    "INJ318", "injector-config-wrong-revision", Wanted, about Pods,
    run
}

/// The field managers of a person at work. What `kubectl apply` writes may be the installation.
const BY_HAND: [&str; 3] = ["kubectl-edit", "kubectl-patch", "kubectl-replace"];

fn run(case: &Case) -> Result<Verdict, Missing> {
    super::of_each_istiod(case, |istiod| {
        let pod = case.pod()?;
        if excluded(&pod).is_some() {
            return Ok(Vec::new());
        }
        let config = config(case, istiod)?;
        let own = by_config(&config, &istiod.version, &pod);
        let pods = case.istiod_pods(&istiod.namespace)?.iter();
        let mut revisions: Vec<_> = pods.filter_map(istiod_container).map(revision).collect();
        revisions.sort_unstable();
        revisions.dedup();
        let others = revisions.into_iter().filter(|one| *one != istiod.revision);
        let findings = others.map(|other| finding(case, istiod, &pod, &own, other));
        Ok(findings
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    })
}

fn finding(
    case: &Case,
    istiod: &Istiod,
    pod: &JudgedPod,
    own: &Wanted,
    other: &str,
) -> Result<Option<Finding>, Missing> {
    let namespace = &istiod.namespace;
    let name = names::with_revision(names::INJECTOR_CONFIG, other);
    let Some(config_map) = case.injector_config_map(namespace, &name)? else {
        return Ok(None);
    };
    let setter = who_set(&config_map.metadata, &["data", "config"]);
    let Some(setter) = setter.filter(|setter| BY_HAND.contains(&setter.manager.as_str())) else {
        return Ok(None);
    };
    let parsed = case.injector_config(namespace, &name)?;
    let Some(config) = parsed.and_then(|parsed| parsed.config.clone().ok()) else {
        return Ok(None);
    };
    let by_other = by_config(&config, &istiod.version, pod);
    let fate = match (own, &by_other) {
        (Answer::Yes(_), Answer::No(_)) => "would keep the pod from being injected",
        (Answer::No(_), Answer::Yes(_)) => "would have the pod injected",
        _ => return Ok(None),
    };
    let message = format!(
        "ConfigMap {name} was edited with {}, and {fate} ({by_other}), but revision {} decides about the pod, by its own ConfigMap {} ({own})",
        setter.manager,
        istiod.revision,
        istiod.injector_config_map()
    );
    let object = format!("configmap/{name} -n {namespace}");
    let evidence = Evidence::new(object, ".data.config")
        .actual(by_other.to_string())
        .set_in(&config_map.metadata, &["data", "config"]);
    Ok(Some(
        Finding::new(Severity::Info, Effect::Beside, message).evidence(evidence),
    ))
}
