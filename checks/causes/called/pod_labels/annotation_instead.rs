//! An annotation where only a label counts.

use crate::causes::called::uncalled;
use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::ask_by_label;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::asked::{Means, Place, Said};
use crate::way::relabelled::WhatIf;
use crate::way::{Case, Outcome};

declare_check! {
    /// Only an annotation asks for injection, and webhooks select by labels.
    ///
    /// ## What it finds
    /// The pod template has annotation `sidecar.istio.io/inject=true` or `istio.io/rev` and no such label,
    /// and nothing else gets a webhook called for it.
    ///
    /// ## Why it matters
    /// istiod honours annotation `sidecar.istio.io/inject`, but is never asked: the API server decides by
    /// labels alone.
    ///
    /// ## How to fix it
    /// Make the annotation a label of the pod template.
    ///
    /// ## References
    /// - Istio, Controlling the injection policy: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>
    "INJ113", "annotation-instead-of-label", Called, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    let said = case.said_of_pods()?;
    let Some(said) = said.iter().find(|one| is_meant(&what_if, one)) else {
        return Ok(Verdict::Passed);
    };
    let Some(label) = what_if.pod_label(case, said)? else {
        return Ok(Verdict::Passed);
    };
    if !what_if.is_called(&what_if.namespace, &what_if.pod_with(&label)) {
        return Ok(Verdict::Passed);
    }
    let (key, right) = (said.key.as_str(), label.1.as_str());
    let what = match said.means {
        Means::Revision => "a revision",
        Means::Inject | Means::OptOut => "injection",
    };
    let mut message =
        format!("the pod asks for {what} in annotation {key}, but webhooks select by labels only");
    if said.means == Means::Revision && said.value != right {
        let revision = said.value_in_words();
        let why = match what_if.revisions().contains(&said.value) {
            true => format!("revision {revision} is of a mesh that leaves the namespace out"),
            false => format!("none serves revision {revision}"),
        };
        message = format!("{message}, and {why}");
    }
    let finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(template_field(case, Field::Annotations, key)?)
    .evidence(template_field(case, Field::Labels, key)?.expected(right))
    .fix(ask_by_label(case, said, &label)?);
    Ok(Verdict::of([finding]))
}

/// Whether it is said in an annotation of the template, with a value that would count, and not in a label, too.
fn is_meant(what_if: &WhatIf, said: &Said) -> bool {
    let counts = said.means == Means::Revision || said.value == "true";
    counts
        && said.asks()
        && said.is_exact
        && (said.place, said.field) == (Place::Template, Field::Annotations)
        && !what_if.pod.labels.contains_key(&said.key)
}
