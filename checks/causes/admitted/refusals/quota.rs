//! Pods that a ResourceQuota refuses.

use serde_json::{Map, Value, json};

use crate::causes::told_refusal::{pod_in_words, rejected, show, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Missing, Resource};
use crate::fixes::{Entry, patch_template, restart};
use crate::report::{Change, Evidence, Field, Fix, Object, Patch, Risk};
use crate::rules::annotations::sum;
use crate::texts::{Denied, Found, Key, What};
use crate::way::Case;

declare_check! {
    /// A ResourceQuota of the namespace leaves no room for the pod, or asks for requests or limits that it lacks.
    ///
    /// ## What it finds
    /// Pods are refused with `exceeded quota`, or with `failed quota: ... must specify limits.cpu for: istio-proxy`, and
    /// the template of the pods was not changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. The sidecar's requests and limits count as those of any container: a quota that was
    /// enough for the application alone is too small for it with its sidecar. A quota on limits wants every container
    /// to have them. Setting one of the four annotations for the proxy's resources drops the others of the
    /// installation.
    ///
    /// ## How to fix it
    /// Raise the quota: the printed figure is what was used at the refusal and what the pods ask for that are missing,
    /// with one more for a rollout. Or give the sidecar less by the annotations `sidecar.istio.io/proxyCPU`,
    /// `proxyCPULimit`, `proxyMemory` and `proxyMemoryLimit`, all four of them. They set what a quota asks for, too;
    /// for the whole mesh that is `global.proxy.resources` in the values of the installation.
    ///
    /// ## References
    /// - Kubernetes, Resource quotas: <https://kubernetes.io/docs/concepts/policy/resource-quotas/>
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    "INJ502", "quota", Admitted, about Pods,
    run
}

/// The resources of the proxy in a stock installation.
/// Source: Istio 1.31, `global.proxy.resources` in `values.yaml` of the chart istiod.
const STOCK: [Entry; 4] = [
    (
        Field::Annotations,
        "sidecar.istio.io/proxyCPU",
        Some("100m"),
    ),
    (
        Field::Annotations,
        "sidecar.istio.io/proxyCPULimit",
        Some("2000m"),
    ),
    (
        Field::Annotations,
        "sidecar.istio.io/proxyMemory",
        Some("128Mi"),
    ),
    (
        Field::Annotations,
        "sidecar.istio.io/proxyMemoryLimit",
        Some("1024Mi"),
    ),
];

/// A resource whose quota is exceeded, with the figures of the text.
struct Figures<'t> {
    resource: &'t str,
    requested: &'t str,
    used: &'t str,
    limited: &'t str,
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let name = found.value(Key::Quota).unwrap_or_default();
        let figures = figures(found);
        let quota = format!(
            "resourcequota/{name} of namespace {}",
            case.target().namespace
        );
        let message = match found.what {
            What::Denied(Denied::QuotaWants) => format!(
                "{quota} asks for what {} does not specify: {}",
                pod_in_words(case),
                found.value(Key::Missing).unwrap_or_default()
            ),
            What::Denied(Denied::QuotaUnknown) => {
                format!("the use of {quota} is not known yet, so that no pod is admitted")
            }
            _ if figures.is_empty() => format!("{quota} leaves no room for {}", pod_in_words(case)),
            _ => format!(
                "{quota} leaves no room for {}: {}",
                pod_in_words(case),
                figures.iter().map(in_words).collect::<Vec<_>>().join("; ")
            ),
        };
        let mut finding = rejected(message);
        for one in &figures {
            let path = format!(".spec.hard['{}']", one.resource);
            let evidence = Evidence::new(format!("resourcequota/{name}"), path);
            finding = finding.evidence(evidence.actual(one.limited));
        }
        let is_there = is_there(case, name);
        if is_there && let Some(fix) = raise(case, name, &figures)? {
            finding = finding.fix(fix);
        }
        let missing = found.value(Key::Missing).unwrap_or_default();
        if missing.contains("istio-") {
            finding = finding.fix(patch_template(
                case,
                "give the sidecar the requests and limits of a stock installation",
                &STOCK,
                "the sidecar has requests and limits for CPU and memory",
            )?);
        }
        let names: &[&str] = if is_there { &[name] } else { &[] };
        let shows = "nothing: it shows what the quota allows and what is used";
        Ok(finding.fix(show(case, "resourcequota", names, shows)))
    })
}

fn in_words(one: &Figures) -> String {
    format!(
        "it allows {}={}, of which {} is used, and the pod asks for {}",
        one.resource, one.limited, one.used, one.requested
    )
}

/// The figures of each resource; empty where the text does not have all of them.
fn figures(found: &Found) -> Vec<Figures<'_>> {
    let pairs = |key| pairs(found.value(key).unwrap_or_default());
    let (used, limited) = (pairs(Key::Used), pairs(Key::Limited));
    let of = |all: &[(&str, &'_ str)], resource: &str| {
        all.iter().position(|(name, _)| *name == resource)
    };
    let requested = pairs(Key::Requested);
    let all = requested.into_iter().map(|(resource, requested)| {
        Some(Figures {
            resource,
            requested,
            used: used.get(of(&used, resource)?)?.1,
            limited: limited.get(of(&limited, resource)?)?.1,
        })
    });
    all.collect::<Option<_>>().unwrap_or_default()
}

/// `cpu=1,memory=2Gi`
fn pairs(text: &str) -> Vec<(&str, &str)> {
    text.split(',')
        .filter_map(|one| one.trim().split_once('='))
        .collect()
}

/// Whether the namespace has a quota of this name, which else is only what a text says.
fn is_there(case: &Case, name: &str) -> bool {
    let quotas = case.limits(Resource::ResourceQuota).unwrap_or_default();
    quotas.iter().any(|one| one.name.as_deref() == Some(name))
}

/// Raises the quota for the pods that are missing, and one more: a rollout makes new pods beside the old ones.
fn raise(case: &Case, name: &str, figures: &[Figures]) -> Result<Option<Fix>, Missing> {
    let have = i32::try_from(case.pods()?.len()).unwrap_or(i32::MAX);
    let wanted = case.workload()?.replicas.unwrap_or(1);
    let room = wanted.saturating_sub(have).max(1).saturating_add(1);
    let times = u32::try_from(room).unwrap_or(1);
    let mut hard = Map::new();
    let mut before = Map::new();
    for one in figures {
        let Some(needed) = sum(&[(one.used, 1), (one.requested, times)]) else {
            return Ok(None);
        };
        hard.insert(one.resource.to_owned(), needed.into());
        before.insert(one.resource.to_owned(), one.limited.into());
    }
    if hard.is_empty() {
        return Ok(None);
    }
    let of = |hard: Map<String, Value>| json!({ "spec": { "hard": hard } });
    let object = Object::new("ResourceQuota", &case.target().namespace, name);
    let fix = Fix::new(
        format!("raise resourcequota/{name}, then restart the pods"),
        Risk::RestartsPods,
        format!("the quota has room for {room} pods more than were there at the refusal"),
    );
    let change = Change::new(object, Patch::Merge(of(hard)));
    Ok(Some(
        fix.change(change, &of(before)).restart(restart(case)?),
    ))
}
