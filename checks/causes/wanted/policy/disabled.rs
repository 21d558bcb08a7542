//! The policy is disabled.

use crate::causes::fields::{severity_of_absence, template_field};
use crate::causes::wanted::policy::edit::set_policy;
use crate::causes::wanted::{configured, declined};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding};
use crate::way::Case;
use crate::way::{Declined, Outcome, names};

declare_check! {
    /// The injector's policy is disabled, and the pod does not ask explicitly.
    ///
    /// ## What it finds
    /// The webhook is called and istiod answers, but its ConfigMap `istio-sidecar-injector` has
    /// `policy: disabled`, and the pod template says nothing that istiod understands: neither
    /// `sidecar.istio.io/inject=true` nor a label that `alwaysInjectSelector` matches.
    ///
    /// ## Why it matters
    /// The label of a namespace only has the webhook called; whether a pod is injected that does not ask
    /// itself is for the policy to say. istiod lets it pass unchanged and leaves no trace.
    ///
    /// ## How to fix it
    /// Ask in a label of the pod template. Or set the policy: that changes what becomes of the pods of
    /// every labelled namespace of the revision.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    /// - Istio's Helm value `global.proxy.autoInject`
    "INJ304", "policy-disabled", Wanted, about Pods, rank Silence,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let (istiod, ()) = match declined(case, |reason| {
        (*reason == Declined::PolicyDisabled).then_some(())
    })? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let key = names::INJECT;
    let config_map = istiod.injector_config_map();
    let message = format!(
        "ConfigMap {config_map} of revision {} has policy: disabled, so istiod injects only pods that ask explicitly",
        istiod.revision
    );
    let ask = patch_template(
        case,
        &format!("ask in the pod template, by label {key}=true"),
        &[(Field::Labels, key, Some("true"))],
        "new pods get the sidecar, whatever the policy",
    )?;
    let effect = format!(
        "every pod made from now on in a namespace that asks for revision {} gets the sidecar, unless it opts out",
        istiod.revision
    );
    Ok(Verdict::of([Finding::new(
        severity_of_absence(case)?,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(
        configured(case, &istiod, "policy")?
            .actual("disabled")
            .expected("enabled"),
    )
    .evidence(template_field(case, Field::Labels, key)?.expected("true"))
    .fix(ask)
    .fix(set_policy(case, &istiod, "enabled", &effect)?)]))
}
