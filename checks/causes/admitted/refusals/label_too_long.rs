//! Pods with a label that the injection makes of a name that is too long for one.

use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Missing, Workload};
use crate::fixes::patch_template;
use crate::report::{Command, Field, Finding, Fix, Risk};
use crate::texts::{Found, Key};
use crate::way::{Case, names};

/// Bytes that the value of a label may have.
/// Source: `k8s.io/apimachinery/pkg/api/validate/content` (v0.36), `LabelValueMaxLength`.
const LONGEST: usize = 63;

declare_check! {
    /// A label that the injection derives from the workload's name is longer than 63 characters.
    ///
    /// ## What it finds
    /// Pods are refused with `metadata.labels: Invalid value: ...: must be no more than 63 bytes`, or `63 characters` by
    /// older API servers, and the template of the pods was not changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. Label `service.istio.io/canonical-name` takes the value of a label of the pod, or the name of
    /// its workload. A Deployment may have a longer name than a label may have a value. The template for sidecars cuts it
    /// to 63 characters since 1.21; the one for gateways does not, up to Istio 1.31.
    ///
    /// ## How to fix it
    /// Set the label yourself, or give the workload a shorter name:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"labels":{"service.istio.io/canonical-name":"SHORT"}}}}}'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Labels, syntax and character set:
    ///   <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
    /// - Istio, Resource labels: <https://istio.io/latest/docs/reference/config/labels/>
    "INJ513", "label-too-long", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| explain(case, found))
}

fn explain(case: &Case, found: &Found) -> Result<Finding, Missing> {
    let value = found.value(Key::Value).unwrap_or_default();
    let is_named_so = |one: &Workload| one.metadata.name.as_deref() == Some(value);
    let Some(named) = case.chain()?.iter().find(|one| is_named_so(one)) else {
        let message = format!(
            "a label of the pods of {} has the value {value}, and none may have more than {LONGEST} characters",
            case.target()
        );
        return Ok(rejected(message).fix(see_template(case)?));
    };
    let message = format!(
        "label {} of the pods of {} is the name of its {}, which has {} characters, and none may have more than {LONGEST}: {value}",
        names::CANONICAL_NAME,
        case.target(),
        named.kind.name(),
        value.len()
    );
    let fix = patch_template(
        case,
        &format!("set label {} in the template", names::CANONICAL_NAME),
        &[(
            Field::Labels,
            names::CANONICAL_NAME,
            Some(&shortened(value)),
        )],
        "the injection keeps the label of the pod; metrics and traces show the pods by this name",
    )?;
    Ok(rejected(message).fix(fix))
}

/// What of a name can be the value of a label, which ends in a letter or digit.
fn shortened(name: &str) -> String {
    let short: String = name.chars().take(LONGEST).collect();
    short
        .trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
        .to_owned()
}

fn see_template(case: &Case) -> Result<Fix, Missing> {
    let reference = case.workload()?.reference();
    let namespace = case.target().namespace.as_str();
    let words = ["get", &reference, "-n", namespace, "-o", "yaml"];
    Ok(Fix::new(
        "see the labels of the template, and what the injection makes labels of",
        Risk::ReadOnly,
        "nothing: it shows the fields; shorten what is too long where it is set",
    )
    .show(Command::kubectl(words)))
}
