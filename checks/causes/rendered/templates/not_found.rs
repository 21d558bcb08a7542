//! A template that istiod does not have.

use crate::causes::fields::template_field;
use crate::causes::rendered::refused;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Evidence, Field, Finding, Severity};
use crate::way::Case;
use crate::way::{Config, Istiod, Outcome, Refusal, names, wanted};

declare_check! {
    /// The pod asks for an injection template that its revision does not have.
    ///
    /// ## What it finds
    /// Annotation `inject.istio.io/templates` of the pod template names a template that is not in the
    /// ConfigMap `istio-sidecar-injector` of the revision: misspelt, never added, or gone with an upgrade.
    /// An empty annotation and a trailing comma ask for a template without a name. Or the ConfigMap's own
    /// `defaultTemplates` or `aliases` name one that it does not have.
    ///
    /// ## Why it matters
    /// istiod refuses the pod, and so does the API server, whatever failurePolicy says: no pod is made.
    ///
    /// ## How to fix it
    /// Name templates that there are. Without the annotation, the default ones are rendered.
    ///
    /// ## References
    /// - Istio, Customizing injection: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection>
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `selectTemplates`
    "INJ401", "template-not-found", Rendered, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let unknown = |refusal: &Refusal| match refusal {
        Refusal::TemplateMissing { wanted, has } => Some((wanted.clone(), has.clone())),
        _ => None,
    };
    let (istiod, (wanted, has)) = match refused(case, unknown)? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let config = wanted::config(case, &istiod)?;
    let pod = case.pod()?;
    let annotation = pod.annotations.get(names::TEMPLATES).map(String::as_str);
    let finding = |message: String| {
        Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message)
    };
    let lists = has.join(", ");
    let template = if wanted.is_empty() {
        "a template without a name".to_owned()
    } else {
        format!("template {wanted:?}")
    };
    let revision = &istiod.revision;
    let Some(annotation) = annotation.filter(|names| !alias_misses(names, &config, &wanted)) else {
        let message = format!(
            "the injector's configuration of revision {revision} names {template}, which it does not have: istiod refuses the pod"
        );
        return Ok(Verdict::of([of_configuration(
            case,
            finding(message),
            &istiod,
            &config,
            &lists,
        )?]));
    };
    let key = names::TEMPLATES;
    let message = format!(
        "annotation {key} asks for {template}, which revision {revision} does not have: istiod refuses the pod"
    );
    let mut finding = finding(message)
        .evidence(
            template_field(case, Field::Annotations, key)?.expected(format!("of these: {lists}")),
        )
        .evidence(has_templates(&istiod, &lists));
    if let Some(corrected) = corrected(annotation, &config) {
        finding = finding.fix(patch_template(
            case,
            &format!("ask for {corrected} in the pod template"),
            &[(Field::Annotations, key, Some(&corrected))],
            "new pods are made, with a sidecar of these templates",
        )?);
    }
    let defaults = config.default_templates.join(", ");
    let fix = patch_template(
        case,
        "take the annotation out of the pod template",
        &[(Field::Annotations, key, None)],
        &format!("new pods are made, with a sidecar of the default: {defaults}"),
    )?;
    Ok(Verdict::of([finding.fix(fix)]))
}

fn has_templates(istiod: &Istiod, lists: &str) -> Evidence {
    let object = format!(
        "configmap/{} -n {}",
        istiod.injector_config_map(),
        istiod.namespace
    );
    Evidence::new(object, ".data.config templates").actual(lists)
}

/// Whether the name that is missing comes from the configuration's own aliases, and not from the annotation.
fn alias_misses(names: &str, config: &Config, wanted: &str) -> bool {
    !names
        .split(',')
        .any(|name| name.trim() == wanted && !config.aliases.contains_key(wanted))
}

/// The pod asks for nothing wrong: the configuration does.
fn of_configuration(
    case: &Case,
    finding: Finding,
    istiod: &Istiod,
    config: &Config,
    lists: &str,
) -> Result<Finding, Missing> {
    let object = format!(
        "configmap/{} -n {}",
        istiod.injector_config_map(),
        istiod.namespace
    );
    let config_map = case.injector_config_map(&istiod.namespace, &istiod.injector_config_map())?;
    let mut evidence = Evidence::new(object, ".data.config defaultTemplates")
        .actual(config.default_templates.join(", "))
        .expected(format!("of these: {lists}"));
    if let Some(config_map) = config_map {
        evidence = evidence.set_in(&config_map.metadata, &["data", "config"]);
    }
    let finding = finding.evidence(evidence);
    let stock = "sidecar";
    if !config.templates.contains_key(stock) {
        return Ok(finding);
    }
    Ok(finding.fix(patch_template(
        case,
        &format!("ask for template {stock} in the pod template"),
        &[(Field::Annotations, names::TEMPLATES, Some(stock))],
        "new pods are made, with a sidecar of this template; the other pods of the mesh are refused until the injector's configuration is put right",
    )?))
}

/// The annotation with names that there are: misspelt ones put right, others left out. None where nothing is left.
pub(crate) fn corrected(annotation: &str, config: &Config) -> Option<String> {
    let known =
        |name: &str| config.templates.contains_key(name) || config.aliases.contains_key(name);
    let names = annotation
        .split(',')
        .map(str::trim)
        .filter_map(|name| match known(name) {
            true => Some(name),
            false => nearest(name, config),
        });
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    (!kept.is_empty()).then(|| kept.join(","))
}

/// The template whose name is close enough to be meant.
fn nearest<'a>(name: &str, config: &'a Config) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let names = config.templates.keys().chain(config.aliases.keys());
    names
        .map(|known| (strsim::damerau_levenshtein(&lower, known), known.as_str()))
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len() / 2)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_are_put_right_and_others_left_out() {
        let config = Config {
            templates: ["sidecar", "gateway", "grpc-agent"]
                .map(|name| (name.to_owned(), String::new()))
                .into(),
            aliases: [("both".to_owned(), vec!["sidecar".to_owned()])].into(),
            ..Config::default()
        };
        let table = [
            ("gatway", Some("gateway")),
            ("Sidecar", Some("sidecar")),
            ("sidecar,", Some("sidecar")),
            ("sidecar, custom", Some("sidecar")),
            ("sidecars,sidecar", Some("sidecar")),
            ("both,grpc_agent", Some("both,grpc-agent")),
            ("custom", None),
            ("", None),
            (",", None),
        ];
        for (annotation, expected) in table {
            assert_eq!(
                corrected(annotation, &config).as_deref(),
                expected,
                "{annotation:?}"
            );
        }
    }
}
