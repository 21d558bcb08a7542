//! alwaysInjectSelector takes the pod in.

use crate::causes::wanted::{configured, injected, selected};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::Case;
use crate::way::selector::in_words;
use crate::way::{Outcome, Wish, names, wanted};

declare_check! {
    /// alwaysInjectSelector injects the pod, although the policy is disabled.
    ///
    /// ## What it finds
    /// `policy` in the ConfigMap `istio-sidecar-injector` is `disabled`, the pod does not ask itself, but a
    /// selector of `alwaysInjectSelector` matches its labels.
    ///
    /// ## Why it matters
    /// The pod gets a sidecar where most others do not, and neither its template nor its namespace says
    /// why.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where it is intended. Else let the pod template opt out in a label.
    ///
    /// ## References
    /// - Istio, More control, adding exceptions: <https://istio.io/latest/docs/ops/configuration/mesh/injection-concepts/>
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    "INJ307", "always-inject-selector", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let always = |wish: &Wish| match wish {
        Wish::AlwaysInject(selector) => Some(selector.clone()),
        _ => None,
    };
    let (asked, selector) = match injected(case, |_, wish| always(wish))? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let istiod = asked.istiod;
    if wanted::config(case, &istiod)?.policy != "disabled" {
        return Ok(Verdict::Passed);
    }
    let words = in_words(&selector);
    let message = format!(
        "policy is disabled, but alwaysInjectSelector in ConfigMap {} of revision {} matches the pod: {words}",
        istiod.injector_config_map(),
        istiod.revision
    );
    let key = names::INJECT;
    let fix = patch_template(
        case,
        &format!("opt out in the pod template, by label {key}=false"),
        &[(Field::Labels, key, Some("false"))],
        "new pods go without the sidecar: the label goes before the selector",
    )?
    .without_sidecar();
    let mut finding = Finding::new(Severity::Info, Effect::Decides(Outcome::Injected), message)
        .evidence(configured(case, &istiod, "alwaysInjectSelector")?.actual(words))
        .evidence(configured(case, &istiod, "policy")?.actual("disabled"));
    for evidence in selected(case, &selector)? {
        finding = finding.evidence(evidence);
    }
    Ok(Verdict::of([finding.fix(fix)]))
}
