//! Nodes that stay for the volumes of sidecars.

use k8s_openapi::api::core::v1::Volume;

use crate::causes::fields::template_field;
use crate::causes::running::next_pod::injector;
use crate::causes::running::volumes::volumes_of_injection;
use crate::causes::wanted::configured;
use crate::causes::{Verdict, declare_check};
use crate::facts::kinds::Pod;
use crate::facts::{Evidence, Missing};
use crate::fixes::{patch_template, restart, see_injector_config};
use crate::report::{Effect, Field, Finding, Fix, Risk, Severity};
use crate::rules::drainability::{Annotations, SAFE_VOLUMES, blocking, decide, depends_on_volumes};
use crate::way::autoscaler::{Autoscaler, SPARES_LOCAL_STORAGE, autoscaler, autoscaler_lease};
use crate::way::running::{is_meant, node};
use crate::way::{Case, Istiod, Outcome, wanted};

declare_check! {
    /// The sidecar's volumes keep the cluster autoscaler from removing nodes.
    ///
    /// ## What it finds
    /// A pod in kube-system holds the Lease `cluster-autoscaler` there, and its command line does not say
    /// `--skip-nodes-with-local-storage=false`. A pod of the workload runs whose only volumes on the node's disk are those
    /// that the injection has brought, and no annotation says that they do not count. Pods that the autoscaler judges by
    /// something else are left out: those of DaemonSets, those that are over, and those without a controller, or with one that
    /// it does not know, which keep their node whatever volumes they have.
    ///
    /// It is found for pods and workloads that are asked about by name, and nothing is said where the autoscaler cannot be
    /// seen: one that a cloud runs beside its control plane, as on GKE and AKS, which may have another default for the flag;
    /// one in another namespace, or without leader election. There its log tells, `Node NODE cannot be removed: pod with local
    /// storage present: POD`, and on GKE Cloud Logging:
    ///
    /// ```sh
    /// kubectl logs deployment/cluster-autoscaler -n NAMESPACE | grep 'pod with local storage present'
    /// gcloud logging read 'log_id("container.googleapis.com/cluster-autoscaler-visibility") AND "no.scale.down.node.pod.has.local.storage"' --freshness=1d
    /// ```
    ///
    /// ## Why it matters
    /// Nodes stay although they are nearly empty. The pods work. The cluster autoscaler removes no node on which a replicated
    /// pod has local storage, as what is in there would be lost: volumes of kind hostPath, and of kind emptyDir but for those in
    /// memory. The sidecar has several, and needs nothing of what is in them after it has ended.
    ///
    /// ## How to fix it
    /// Name the sidecar's volumes in annotation `cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes`, as the printed
    /// command does: volumes that the application gets later still count. Annotation
    /// `cluster-autoscaler.kubernetes.io/safe-to-evict` with `"true"` says the same of all volumes. For a whole mesh,
    /// `sidecarInjectorWebhook.injectedAnnotations` of Istio's chart sets such an annotation in every injected pod; it is
    /// written over the pod's own.
    ///
    /// ## References
    /// - Kubernetes, Cluster Autoscaler, frequently asked questions, what types of pods can prevent CA from removing a node:
    ///   <https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md>
    /// - Cluster Autoscaler 1.37, `cluster-autoscaler/simulator/drainability/rules/localstorage/rule.go` and
    ///   `cluster-autoscaler/utils/drain/drain.go`, the same since 1.27:
    ///   <https://github.com/kubernetes/autoscaler/tree/cluster-autoscaler-release-1.37/cluster-autoscaler>
    "INJ640", "autoscaler-safe-to-evict", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let no = |why| Ok(Verdict::not_applicable(why));
    if !case.is_asked(&autoscaler_lease()) {
        return no("the cluster autoscaler is looked at where pods are asked about by name");
    }
    let kept = kept(case)?;
    let Some(first) = kept.first() else {
        return Ok(Verdict::Passed);
    };
    let Some(autoscaler) = autoscaler(case)? else {
        return no("no cluster autoscaler can be seen");
    };
    if !autoscaler.removes_nodes {
        return no("the cluster autoscaler removes no nodes");
    }
    if !autoscaler.spares_local_storage {
        return no("the cluster autoscaler removes nodes whatever volumes pods have");
    }
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        Outcome::NotInjected => return no("the next pod gets no sidecar"),
        Outcome::Rejected => return no("the next pod is refused"),
    }
    let next = Next::of(case)?;
    if decide(&next.annotations) {
        return no("an annotation decides about the next pod, whatever volumes it has");
    }
    let (why, field, fix) = explain(case, first, &kept, &next)?;
    let message = format!(
        "the cluster autoscaler, pod {} in kube-system, removes no node on which {} of {} runs: {} as local storage, and {why}",
        autoscaler.pod,
        pods_in_words(&kept),
        case.target(),
        volumes_in_words(first),
    );
    let finding = Finding::new(Severity::Info, Effect::Beside, message).evidence(field);
    let rest = evidence(first, &autoscaler).into_iter();
    Ok(Verdict::of([rest
        .fold(finding, Finding::evidence)
        .fix(fix)]))
}

/// A pod that keeps its node, and the volumes for which it does: they are all of its sidecar.
struct Kept<'a> {
    pod: &'a Pod,
    volumes: Vec<Volume>,
}

/// The pods that run and keep their nodes so.
fn kept<'a>(case: &Case<'a>) -> Result<Vec<Kept<'a>>, Missing> {
    let run = case.run()?;
    let pods = case.whole_pods()?.into_iter();
    let pods = pods.filter(|pod| {
        is_meant(case.target(), run, pod) && node(pod).is_some() && depends_on_volumes(pod)
    });
    Ok(pods.filter_map(Kept::of).collect())
}

impl<'a> Kept<'a> {
    fn of(pod: &'a Pod) -> Option<Self> {
        let of_sidecar = volumes_of_injection(pod)?;
        let all = pod.volumes()?;
        let volumes = blocking(&all, pod.metadata.annotations.as_ref()?);
        let is_of_sidecar = |volume: &&Volume| of_sidecar.contains(&volume.name);
        let is_kept = !volumes.is_empty() && volumes.iter().all(is_of_sidecar);
        is_kept.then(|| Self {
            pod,
            volumes: volumes.into_iter().cloned().collect(),
        })
    }

    fn name(&self) -> &'a str {
        self.pod.metadata.name.as_deref().unwrap_or_default()
    }

    /// The pod's own annotation that names volumes.
    fn annotation(&self) -> Evidence {
        let all = self.pod.metadata.annotations.as_ref();
        Evidence {
            actual: all.and_then(|all| all.get(SAFE_VOLUMES)).cloned(),
            ..Evidence::new(
                format!("pod/{}", self.name()),
                format!(".metadata.annotations['{SAFE_VOLUMES}']"),
            )
        }
    }
}

/// What the annotations of the next pod say.
struct Next {
    istiod: Istiod,
    annotations: Annotations,
    /// Whether its istiod writes the one that names volumes over that of the template.
    is_overwritten: bool,
}

impl Next {
    fn of(case: &Case) -> Result<Self, Missing> {
        let unseen = || Missing("which istiod injects the next pod is not known".to_owned());
        let istiod = injector(case)?.ok_or_else(unseen)?;
        let of_template = &case.workload()?.template.metadata.annotations;
        let mut annotations = of_template.clone().unwrap_or_default();
        let over = &wanted::config(case, &istiod)?.injected_annotations;
        annotations.extend(over.clone());
        Ok(Self {
            istiod,
            annotations,
            is_overwritten: over.contains_key(SAFE_VOLUMES),
        })
    }
}

/// Why the volumes count, the field that says so, and what helps.
fn explain(
    case: &Case,
    first: &Kept,
    kept: &[Kept],
    next: &Next,
) -> Result<(&'static str, Evidence, Fix), Missing> {
    let all: Vec<Volume> = kept.iter().flat_map(|one| one.volumes.clone()).collect();
    let unnamed = listed(blocking(&all, &next.annotations).into_iter());
    let named = next.annotations.get(SAFE_VOLUMES).map(String::as_str);
    let named = named.filter(|text| !text.is_empty());
    let whole: Vec<&str> = named.into_iter().chain(unnamed.iter().copied()).collect();
    let whole = whole.join(",");
    if unnamed.is_empty() {
        let fix = Fix::new(
            "restart the pods",
            Risk::RestartsPods,
            "the pods come back with the annotation, and keep no node for their sidecar",
        );
        let why = "the pod is older than the annotation that names them as safe to evict";
        let field = first.annotation().expected(&whole);
        return Ok((why, field, fix.restart(restart(case)?)));
    }
    if next.is_overwritten {
        let path = format!("injectedAnnotations['{SAFE_VOLUMES}']");
        let mut field = configured(case, &next.istiod, &path)?.expected(&whole);
        field.actual = named.map(str::to_owned);
        let title = "name these volumes in injectedAnnotations, too, then restart the pods";
        let why = "the annotation that istiod writes names others";
        return Ok((why, field, see_injector_config(&next.istiod, title)));
    }
    let field = template_field(case, Field::Annotations, SAFE_VOLUMES)?.expected(&whole);
    let fix = patch_template(
        case,
        "say that the sidecar's volumes do not count",
        &[(Field::Annotations, SAFE_VOLUMES, Some(&whole))],
        "the pods keep no node for their sidecar, which needs nothing of what is in these volumes after it has ended",
    )?;
    Ok(("no annotation names them as safe to evict", field, fix))
}

/// The names of volumes, each once.
fn listed<'v>(volumes: impl Iterator<Item = &'v Volume>) -> Vec<&'v str> {
    let mut names = Vec::new();
    for volume in volumes {
        if !names.contains(&volume.name.as_str()) {
            names.push(volume.name.as_str());
        }
    }
    names
}

fn pods_in_words(kept: &[Kept]) -> String {
    let first = kept.first().map_or("", Kept::name);
    match kept.len() {
        0 | 1 => format!("pod {first}"),
        2 => format!("pod {first} or another one"),
        all => format!("pod {first} or one of {} others", all - 1),
    }
}

fn volumes_in_words(kept: &Kept) -> String {
    match listed(kept.volumes.iter()).as_slice() {
        [one] => format!("volume {one} of its sidecar, and no other one, counts"),
        all => format!(
            "volumes {} of its sidecar, and no others, count",
            all.join(", ")
        ),
    }
}

/// What tells that the pod has these volumes, and that the autoscaler minds them.
fn evidence(kept: &Kept, autoscaler: &Autoscaler) -> [Evidence; 3] {
    let Autoscaler { pod, container, .. } = autoscaler;
    let volumes = Evidence::new(format!("pod/{}", kept.name()), ".spec.volumes");
    let lease = Evidence::new(
        "lease/cluster-autoscaler -n kube-system",
        ".spec.holderIdentity",
    );
    let flag = Evidence::new(
        format!("pod/{pod} -n kube-system"),
        format!(".spec.containers[?(@.name=='{container}')].command"),
    );
    let names = listed(kept.volumes.iter()).join(", ");
    let by_default = || format!("no {SPARES_LOCAL_STORAGE}, which is true by default");
    let says = autoscaler.says.map_or_else(by_default, str::to_owned);
    [
        volumes.actual(format!("local storage: {names}")),
        lease.actual(*pod),
        flag.actual(says),
    ]
}
