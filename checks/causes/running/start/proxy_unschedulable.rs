//! Pods that would fit a node without their sidecar.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::fixes::{Entry, patch_template};
use crate::report::{Evidence, Field, Finding, Fix};
use crate::rules::annotations::amount;
use crate::way::Case;
use crate::way::rendered::resources::RESOURCES;
use crate::way::running::{Container, Step, Unwell};

declare_check! {
    /// No node has room for what the sidecar asks for.
    ///
    /// ## What it finds
    /// The pod stays Pending: `Insufficient cpu` or `Insufficient memory`. With its sidecar it asks for more than the
    /// largest node has, and without it for less. Where the nodes are full of other pods, that is not told here.
    ///
    /// ## Why it matters
    /// The sidecar's requests count to those of the pod.
    ///
    /// ## How to fix it
    /// Lower the requests, as the printed command does, or add larger nodes. Who sets one of the four annotations has to
    /// set them all: the injector's values count no more.
    ///
    /// ## References
    /// - Kubernetes, Resource management for pods and containers:
    ///   <https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/>
    /// - Istio, Performance and scalability: <https://istio.io/latest/docs/ops/deployment/performance-and-scalability/>
    "INJ609", "proxy-unschedulable", Running, about Pods,
    run
}

/// What the sidecar is to ask for where no annotation says: less than the chart's values, with room above.
const LESS: [&str; 4] = ["20m", "500m", "64Mi", "256Mi"];

fn run(case: &Case) -> Result<Verdict, Missing> {
    let unwell = case.unwell()?;
    let waiting = unwell.iter().filter(|one| one.step == Step::Node);
    let mut findings = Vec::new();
    for one in waiting {
        let nodes = case.nodes()?;
        for (resource, ..) in RESOURCES {
            findings.extend(finding(case, one, nodes, resource)?);
        }
    }
    Ok(Verdict::of(findings))
}

fn finding(
    case: &Case,
    unwell: &Unwell,
    nodes: &[Node],
    resource: &str,
) -> Result<Option<Finding>, Missing> {
    let words = format!("Insufficient {resource}");
    let Some(said) = unwell
        .said
        .iter()
        .rev()
        .find(|one| one.text.contains(&words))
    else {
        return Ok(None);
    };
    let largest = nodes.iter().filter_map(|node| {
        let has = node.status.as_ref()?.allocatable.as_ref()?.get(resource)?;
        Some((amount(&has.0)?, has.0.as_str(), node))
    });
    let largest = largest.max_by(|(one, ..), (other, ..)| one.total_cmp(other));
    let Some((room, in_words, node)) = largest else {
        return Ok(None);
    };
    let fits = |counts: &dyn Fn(&Container) -> bool| asked(unwell.pod, resource, counts) <= room;
    if fits(&|_| true) || !fits(&|one| !one.is_of_istio()) {
        return Ok(None);
    }
    let message = format!(
        "{} of {}: no node has the {resource} that it asks for with its sidecar; without it, it would fit the largest one, which has {in_words}",
        pods_in_words(unwell),
        case.target(),
    );
    let name = node.metadata.name.as_deref().unwrap_or_default();
    let path = format!(".status.allocatable.{resource}");
    let evidence = Evidence::new(format!("node/{name}"), path).actual(in_words);
    let finding = not_ready(case, message)
        .evidence(evidence)
        .evidence(said.evidence(unwell.name()));
    Ok(Some(finding.fix(lower(case)?)))
}

/// How much of a resource a pod asks for by the containers that count: those that run together, or an init container beside
/// the sidecars before it.
/// Source: Kubernetes 1.36, `staging/src/k8s.io/component-helpers/resource/helpers.go` (`PodRequests`).
fn asked(pod: &Pod, resource: &str, counts: &dyn Fn(&Container) -> bool) -> f64 {
    let (mut together, mut most) = (0.0, 0.0_f64);
    for one in Container::of(pod).iter().filter(|one| counts(one)) {
        let resources = one.spec.resources.as_ref();
        let asks = of(resources.and_then(|all| all.requests.as_ref()), resource);
        match one.goes_on() {
            true => together += asks,
            false => most = most.max(together + asks),
        }
    }
    most.max(together)
}

fn of(quantities: Option<&BTreeMap<String, Quantity>>, resource: &str) -> f64 {
    let quantity = quantities.and_then(|all| all.get(resource));
    quantity.and_then(|one| amount(&one.0)).unwrap_or_default()
}

/// Takes the annotations away that ask for so much, or sets them.
fn lower(case: &Case) -> Result<Fix, Missing> {
    let names = RESOURCES
        .iter()
        .flat_map(|(_, request, limit)| [*request, *limit]);
    let annotations = case.workload()?.template.metadata.annotations.as_ref();
    let is_there = |name: &str| annotations.is_some_and(|all| all.contains_key(name));
    let there: Vec<Entry> = names
        .clone()
        .filter(|name| is_there(name))
        .map(|name| (Field::Annotations, name, None))
        .collect();
    if !there.is_empty() {
        return patch_template(
            case,
            "remove the annotations that ask for so much",
            &there,
            "the sidecar asks for what the injector's values say",
        );
    }
    let all: Vec<Entry> = names
        .zip(LESS)
        .map(|(name, less)| (Field::Annotations, name, Some(less)))
        .collect();
    patch_template(
        case,
        "let the sidecar ask for less",
        &all,
        "the sidecar asks for less than the injector's values say",
    )
}
