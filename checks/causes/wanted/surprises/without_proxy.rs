//! A pod that is injected, and has no proxy.

use crate::causes::fields::template_field;
use crate::causes::wanted::{Asked, configured, injected};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::rendered::containers::PROXY;
use crate::way::{Answer, Case, Outcome, Wish, names, wanted};

declare_check! {
    /// The pod is injected with a template that has no proxy container.
    ///
    /// ## What it finds
    /// None of the templates that istiod renders for the pod has a container `istio-proxy`, and the pod has none itself. With
    /// `grpc-simple`, where the application is its own proxy, that is as designed, and told for information.
    ///
    /// ## Why it matters
    /// The pod has the annotation `sidecar.istio.io/status`, and looks injected, but its traffic goes past the mesh. Annotation
    /// `inject.istio.io/templates` names templates in the place of the default ones, and not beside them.
    ///
    /// ## How to fix it
    /// Name the template with the proxy first, and others after it: `sidecar,CUSTOM`.
    ///
    /// ## References
    /// - Istio, Custom templates:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#custom-templates-experimental>
    "INJ319", "template-without-proxy", Wanted, about Pods,
    run
}

const STOCK: &str = "sidecar";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let without = |asked: &Asked, _: &Wish| match &asked.rendered {
        Some(Answer::Yes(sidecar)) if sidecar.proxies.is_empty() => Some(sidecar.templates.clone()),
        _ => None,
    };
    let (asked, templates) = match injected(case, without)? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let pod = case.pod()?;
    if pod.spec.containers.iter().any(|one| one.name == PROXY) {
        return Ok(Verdict::Passed);
    }
    let listed = templates.join(",");
    let message = format!("the pod is injected with {listed}, and gets no container {PROXY}");
    let is_meant = templates.iter().all(|name| name.starts_with("grpc"));
    let mut finding = match is_meant {
        true => Finding::new(Severity::Info, Effect::Beside, message),
        false => Finding::new(
            Severity::Warning,
            Effect::Decides(Outcome::Injected),
            message,
        ),
    };
    let key = names::TEMPLATES;
    finding = finding.evidence(match pod.annotations.contains_key(key) {
        true => template_field(case, Field::Annotations, key)?,
        false => configured(case, &asked.istiod, "defaultTemplates")?.actual(&listed),
    });
    let config = wanted::config(case, &asked.istiod)?;
    Ok(Verdict::of([match config.templates.contains_key(STOCK) {
        true => finding.fix(patch_template(
            case,
            "name the template with the proxy, too",
            &[(Field::Annotations, key, Some(&format!("{STOCK},{listed}")))],
            "new pods get the sidecar, and what the other templates add",
        )?),
        false => finding,
    }]))
}
