//! An application whose container is called as the sidecar.

use k8s_openapi::api::core::v1::Container as Spec;
use serde_json::json;

use crate::causes::fields::template_spec;
use crate::causes::running::told::{not_ready, pods_in_words};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Missing, Workload};
use crate::fixes::{container_of_template, patch_lists};
use crate::report::{Finding, Fix, Operation};
use crate::way::Case;
use crate::way::observe::status_of_template;
use crate::way::rendered::containers::PROXY;
use crate::way::running::{Step, Unwell};

declare_check! {
    /// The application's own container is called istio-proxy, so that the sidecar runs the application's image.
    ///
    /// ## What it finds
    /// The pod template has a container istio-proxy with an image of its own that is none of Istio's (`auto`, `proxyv2`), and
    /// the container that comes of it in the pods is not ready, while nothing else tells why.
    ///
    /// ## Why it matters
    /// istiod takes a container of this name for changes to the sidecar and merges both: image and command are the
    /// pod's, arguments, user and probes the sidecar's. The application does not run as it should, and there is no
    /// proxy. Where the pod has no other container and the sidecar is a native one, no container is left, and the API
    /// server refuses the pod: `spec.containers: Required value`.
    ///
    /// ## How to fix it
    /// Call the container otherwise, as the printed command does.
    ///
    /// ## References
    /// - Istio, Customizing injection:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection>
    "INJ641", "app-named-istio-proxy", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let workload = case.workload()?;
    let brought = container_of_template(workload, PROXY).filter(|(_, one)| is_application(one));
    // What `istioctl kube-inject` has written is the sidecar's, whatever its image is called.
    let Some((place, container)) = brought.filter(|_| matches!(status_of_template(case), Ok(None)))
    else {
        return Ok(Verdict::Passed);
    };
    let unwell = case.unwell()?;
    let open = unwell.iter().filter(|one| one.cause().is_none());
    let findings = open.filter(|one| matches!(one.step, Step::Proxy(_)));
    let findings = findings.map(|one| match &one.unread {
        // A proxy of somebody's own may tell what is wrong with it.
        Some(missing) => Err(missing.clone()),
        None => finding(case, one, &place, container),
    });
    Ok(Verdict::of(findings.collect::<Result<Vec<_>, _>>()?))
}

fn is_application(container: &Spec) -> bool {
    let image = container.image.as_deref().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    !matches!(image, "" | "auto") && !name.starts_with("proxyv2")
}

fn finding(
    case: &Case,
    unwell: &Unwell,
    place: &str,
    container: &Spec,
) -> Result<Finding, Missing> {
    let image = container.image.as_deref().unwrap_or_default();
    let message = format!(
        "{} of {}: the pod template has a container istio-proxy with image {image}, which istiod takes for the sidecar: that runs this image, and there is no proxy",
        pods_in_words(unwell),
        case.target(),
    );
    let workload = case.workload()?;
    let path = format!("{}[?(@.name=='{PROXY}')].image", list(place));
    let evidence = template_spec(workload, &path).actual(image);
    Ok(not_ready(case, message)
        .evidence(evidence)
        .fix(rename(case, workload, place)?))
}

fn list(place: &str) -> &str {
    match place.starts_with("/spec/init") {
        true => "initContainers",
        false => "containers",
    }
}

fn rename(case: &Case, workload: &Workload, place: &str) -> Result<Fix, Missing> {
    let own = workload.metadata.name.as_deref().unwrap_or("app");
    // Names of containers have no dots.
    let name = own.split('.').next().unwrap_or("app");
    let name = match container_of_template(workload, name) {
        Some(_) => "app",
        None => name,
    };
    let path = format!("{place}/name");
    patch_lists(
        case,
        "call the container otherwise",
        vec![
            Operation::Test(path.clone(), json!(PROXY)),
            Operation::Add(path, json!(name)),
        ],
        "the application runs beside a sidecar of its own",
    )
}
