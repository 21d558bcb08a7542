//! Gateways with the sidecar of a workload, and workloads with the proxy of a gateway.

use k8s_openapi::api::core::v1::PodSpec;

use crate::causes::fields::template_field;
use crate::causes::running::next_pod::templates;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::rendered::containers::{GATEWAY, PROXY, is_gateway};
use crate::way::{Case, Outcome, names};

declare_check! {
    /// A gateway is injected with the template for sidecars, or a workload with that for gateways.
    ///
    /// ## What it finds
    /// The pod template has nothing but a container istio-proxy with image `auto`, as gateways have, and the pod is not
    /// injected with template `gateway`. Or it has containers of its own and no istio-proxy, and annotation
    /// `inject.istio.io/templates` asks for template `gateway` alone.
    ///
    /// ## Why it matters
    /// A gateway with a sidecar's template captures its own traffic, and istiod sends it the listeners of a sidecar: it
    /// does not serve its ports. A workload with a gateway's proxy goes without redirection: nothing captures its
    /// traffic. In both, the pods get ready. With a native sidecar, the API server refuses a gateway with a sidecar's template,
    /// as it has no container but init containers.
    ///
    /// ## How to fix it
    /// Set the annotation for a gateway, or remove it from a workload, as the printed command does. The proxy of a gateway
    /// has `router` in its arguments, and no istio-init or istio-validation before it.
    ///
    /// ## References
    /// - Istio, Installing gateways: <https://istio.io/latest/docs/setup/additional-setup/gateway/>
    "INJ610", "gateway-template", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(templates) = templates(case)? else {
        return Ok(Verdict::not_applicable("the next pod is not injected"));
    };
    let spec = &case.workload()?.template.spec;
    let has_gateways = templates.iter().any(|one| one == GATEWAY);
    let (message, title, value, effect) = match has_gateways {
        false if is_gateway(spec) => (
            format!(
                "the pods of {} are a gateway's, and get the proxy of a sidecar: istiod renders template {}",
                case.target(),
                templates.join(", ")
            ),
            "ask for the template of gateways",
            Some(GATEWAY),
            "new pods get the proxy of a gateway",
        ),
        true if templates.len() == 1 && !brings_proxy(spec) => (
            format!(
                "the pods of {} get the proxy of a gateway, which captures nothing of their traffic: annotation {} asks for template {GATEWAY}",
                case.target(),
                names::TEMPLATES
            ),
            "remove the annotation",
            None,
            "new pods get the proxy of a sidecar",
        ),
        _ => return Ok(Verdict::Passed),
    };
    let entry = (Field::Annotations, names::TEMPLATES, value);
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::Injected),
        message,
    )
    .evidence(template_field(case, Field::Annotations, names::TEMPLATES)?)
    .fix(patch_template(case, title, &[entry], effect)?)]))
}

fn brings_proxy(spec: &PodSpec) -> bool {
    spec.containers.iter().any(|one| one.name == PROXY)
}
