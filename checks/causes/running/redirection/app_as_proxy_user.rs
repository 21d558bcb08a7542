//! Applications whose traffic goes by the sidecar, as they run as its user.

use serde_json::json;

use crate::causes::running::next_pod::templates;
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing, Workload};
use crate::fixes::{patch_lists, patch_spec};
use crate::report::{Effect, Finding, Fix, Operation, Severity};
use crate::way::Case;
use crate::way::rendered::containers::is_istios;

declare_check! {
    /// The application runs as user or group 1337, and its traffic goes by the proxy.
    ///
    /// ## What it finds
    /// The next pod gets a sidecar, and `runAsUser` or `runAsGroup` of the pod or of a container of the application is
    /// 1337. A number that the image sets is not visible here. `fsGroup` and `supplementalGroups` do no harm.
    ///
    /// ## Why it matters
    /// The redirection leaves out what user 1337 or group 1337 sends, because this is the proxy. What such an application
    /// sends is outside of the mesh: no mutual TLS, no policies, no metrics.
    ///
    /// ## How to fix it
    /// Give the application another user, as the printed commands do. Of a container that runs, this command shows what it
    /// has:
    ///
    /// ```sh
    /// kubectl exec POD -n NAMESPACE -c APPLICATION -- id
    /// ```
    ///
    /// ## References
    /// - Istio, Application requirements:
    ///   <https://istio.io/latest/docs/ops/deployment/application-requirements/#pod-requirements>
    /// - Istio, IST0144: <https://istio.io/latest/docs/reference/config/analysis/ist0144/>
    "INJ630", "app-as-proxy-user", Running, about Pods,
    run
}

/// The user and the group of the proxy.
/// Source: Istio 1.31, `tools/istio-iptables/pkg/capture/run.go`: `--uid-owner`, `--gid-owner`.
const PROXY_USER: i64 = 1337;
/// Any other that is not root.
const OTHER_USER: i64 = 1000;
/// The template that has traffic redirected.
const SIDECAR: &str = "sidecar";

/// A field of a securityContext, in the pod or in the container at an index.
type Place = (Option<usize>, &'static str);

fn run(case: &Case) -> Result<Verdict, Missing> {
    let workload = case.workload()?;
    let places = places(workload);
    if places.is_empty() {
        return Ok(Verdict::Passed);
    }
    match templates(case)? {
        Some(templates) if templates.iter().any(|one| one == SIDECAR) => {}
        _ => return Ok(Verdict::not_applicable("the next pod gets no sidecar")),
    }
    let message = format!(
        "the application of {} runs as {PROXY_USER}, the user and group of the sidecar: what it sends goes by the sidecar",
        case.target(),
    );
    let mut finding = Finding::new(Severity::Warning, Effect::Beside, message);
    for (container, field) in &places {
        let of = container.map_or(String::new(), |index| format!(".containers[{index}]"));
        let path = format!(
            "{}.spec{of}.securityContext.{field}",
            workload.template_path()
        );
        let evidence = Evidence::new(workload.reference(), path);
        finding = finding.evidence(evidence.actual(PROXY_USER.to_string()));
    }
    Ok(Verdict::of([finding.fix(fix(case, &places)?)]))
}

/// Where the template says that the application runs as the proxy.
fn places(workload: &Workload) -> Vec<Place> {
    let spec = &workload.template.spec;
    let pod = spec.security_context.as_ref();
    let (user, group) = (
        pod.and_then(|pod| pod.run_as_user),
        pod.and_then(|pod| pod.run_as_group),
    );
    let containers = spec.containers.iter().enumerate();
    let own = containers.filter(|(_, one)| !is_istios(&one.name));
    let mut places: Vec<Place> = Vec::new();
    for (index, container) in own {
        let context = container.security_context.as_ref();
        let set = [
            ("runAsUser", context.and_then(|one| one.run_as_user), user),
            (
                "runAsGroup",
                context.and_then(|one| one.run_as_group),
                group,
            ),
        ];
        for (field, own, of_pod) in set {
            let place = match (own, of_pod) {
                (Some(PROXY_USER), _) => (Some(index), field),
                (None, Some(PROXY_USER)) => (None, field),
                _ => continue,
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

fn fix(case: &Case, places: &[Place]) -> Result<Fix, Missing> {
    let title = "give the application another user";
    let effect = "what the application sends is led through the sidecar";
    if places.iter().all(|(container, _)| container.is_none()) {
        let fields: serde_json::Map<_, _> = places
            .iter()
            .map(|(_, field)| ((*field).to_owned(), json!(OTHER_USER)))
            .collect();
        let patch = json!({ "spec": { "securityContext": fields } });
        return patch_spec(case, title, patch, effect);
    }
    let operations = places.iter().flat_map(|(container, field)| {
        let of = container.map_or(String::new(), |index| format!("/containers/{index}"));
        let path = format!("/spec{of}/securityContext/{field}");
        [
            Operation::Test(path.clone(), json!(PROXY_USER)),
            Operation::Add(path, json!(OTHER_USER)),
        ]
    });
    patch_lists(case, title, operations.collect(), effect)
}
