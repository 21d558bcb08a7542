//! The ConfigMap with the root certificate that istiod has not written.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::facts::kinds::Pod;
use crate::fixes::{relabelled, restart_istiod};
use crate::report::{Evidence, Field, Fix, Risk};
use crate::way::discovery::{discovery_selectors, leaves_out};
use crate::way::observe::revision_of;
use crate::way::{Case, istiod_container_of, names, revision};

declare_check! {
    /// ConfigMap `istio-ca-root-cert` is not in the namespace, so that the pod's volumes cannot be mounted.
    ///
    /// ## What it finds
    /// The injected pod stays in ContainerCreating or Init: `MountVolume.SetUp failed for volume "istiod-ca-cert" :
    /// configmap "istio-ca-root-cert" not found`. The check says whether `discoverySelectors` leave the namespace out.
    ///
    /// ## Why it matters
    /// istiod writes the ConfigMap into every namespace that it discovers, and no injected pod starts without it. It does
    /// not where `discoverySelectors` leave the namespace out, in `kube-public`, `kube-node-lease` and
    /// `local-path-storage`, where it lacks the permission, where no replica leads, and in a remote cluster that it was
    /// not told to serve.
    ///
    /// ## How to fix it
    /// Give the namespace the label that the selectors want; else restart istiod, so that another replica leads. The
    /// printed command does the one that fits. In a remote cluster, name the clusters that serve it:
    ///
    /// ```sh
    /// kubectl annotate namespace istio-system topology.istio.io/controlPlaneClusters=CLUSTER
    /// ```
    ///
    /// ## References
    /// - Istio, Discovery selectors: <https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/>
    /// - Istio, Install primary-remote: <https://istio.io/latest/docs/setup/install/multicluster/primary-remote/>
    "INJ607", "root-certificate-missing", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let namespace = case.target().namespace.as_str();
        let left_out = left_out(case, unwell.pod)?;
        let why = match &left_out {
            Some((config_map, _)) => format!(
                "discoverySelectors in ConfigMap {} leave the namespace out",
                config_map.metadata.name.as_deref().unwrap_or_default()
            ),
            None => "istiod has not written it".to_owned(),
        };
        let message = format!(
            "{} of {} cannot start: ConfigMap {} is not in namespace {namespace}; {why}",
            pods_in_words(unwell),
            case.target(),
            names::ROOT_CERTIFICATE,
        );
        let mut finding = not_ready(case, message);
        if let Some((config_map, selectors)) = &left_out {
            let metadata = &config_map.metadata;
            let object = format!(
                "configmap/{} -n {}",
                metadata.name.as_deref().unwrap_or_default(),
                metadata.namespace.as_deref().unwrap_or_default()
            );
            finding = finding.evidence(Evidence::new(object, ".data.mesh"));
            finding.fixes.push(let_in(case, selectors)?);
        } else if let Some(istiod) = istiod(case, unwell.pod)? {
            let fix = Fix::new(
                "restart istiod, so that another replica leads",
                Risk::MeshWide,
                "the istiod that leads writes the ConfigMap into every namespace, and the kubelet goes on by itself",
            );
            finding.fixes.push(restart_istiod(fix, istiod));
        }
        Ok(finding)
    })
}

/// The selectors that leave the target's namespace out, and where they stand: those of the istiod that has injected the
/// pod.
fn left_out<'a>(
    case: &Case<'a>,
    pod: &Pod,
) -> Result<Option<(&'a ConfigMap, Vec<LabelSelector>)>, Missing> {
    let namespace = case.namespace()?;
    let labels = namespace.and_then(|namespace| namespace.metadata.labels.clone());
    let labels = labels.unwrap_or_default();
    let revision = revision_of(&pod.metadata).unwrap_or_default();
    let name = names::with_revision(names::MESH_CONFIG, &revision);
    for istios in case.istio_namespaces()? {
        let Some(config_map) = case.mesh_config_map(&istios, &name)? else {
            continue;
        };
        let selectors = discovery_selectors(config_map);
        if leaves_out(&selectors, &labels) {
            return Ok(Some((config_map, selectors)));
        }
    }
    Ok(None)
}

/// Lets the selectors select the namespace: by labels where these alone decide.
fn let_in(case: &Case, selectors: &[LabelSelector]) -> Result<Fix, Missing> {
    let by_labels = selectors.iter().find_map(|selector| {
        let is_plain = selector.match_expressions.iter().flatten().count() == 0;
        selector.match_labels.as_ref().filter(|_| is_plain)
    });
    let effect = "istiod writes the ConfigMap, and the kubelet goes on by itself";
    let Some(labels) = by_labels else {
        let title = "let discoverySelectors select the namespace: with its labels, or by hand in the mesh's configuration";
        return Ok(Fix::new(title, Risk::MeshWide, effect));
    };
    let entries: Vec<_> = labels
        .iter()
        .map(|(key, value)| (key.as_str(), Some(value.as_str())))
        .collect();
    let fix = Fix::new(
        "give the namespace the labels that discoverySelectors want",
        Risk::Safe,
        effect,
    );
    relabelled(case, fix, Field::Labels, &entries)
}

/// The istiod that has injected a pod.
fn istiod<'a>(case: &Case<'a>, pod: &Pod) -> Result<Option<&'a Deployment>, Missing> {
    let wanted = revision_of(&pod.metadata);
    for namespace in case.istio_namespaces()? {
        let mut all = case.istiod_deployments(&namespace)?.iter();
        let found = all.find(|one| {
            let spec = one
                .spec
                .as_ref()
                .and_then(|spec| spec.template.spec.as_ref());
            let container = spec.and_then(istiod_container_of);
            container.is_some_and(|container| wanted.as_deref() == Some(revision(container)))
        });
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
