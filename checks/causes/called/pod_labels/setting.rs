//! Annotations that are to set up the sidecar, and do not.

use crate::causes::fields::template_field;
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Evidence, Field, Finding, Severity};
use crate::rules::istio_keys::as_of_sidecars;
use crate::way::selector::Labels;
use crate::way::wanted::config;
use crate::way::{Answer, Arrival, Case, Outcome};

/// A label or annotation that is meant to be an annotation of the pod.
struct Setting<'a> {
    is_template: bool,
    field: Field,
    key: &'a str,
    value: &'a str,
    /// The annotation that it is meant to be.
    meant: &'static str,
}

/// A finding for each of them, where a sidecar is injected that would look at it.
pub fn findings(case: &Case) -> Result<Vec<Finding>, Missing> {
    let workload = case.workload()?;
    let template = &workload.template.metadata;
    let mut places = vec![
        (true, Field::Labels, template.labels.as_ref()),
        (true, Field::Annotations, template.annotations.as_ref()),
    ];
    if !workload.template_path().is_empty() {
        let own = &workload.metadata;
        places.push((false, Field::Labels, own.labels.as_ref()));
        places.push((false, Field::Annotations, own.annotations.as_ref()));
    }
    let mut settings: Vec<Setting> = Vec::new();
    for (is_template, field, map) in places {
        for (key, value) in map.into_iter().flat_map(Labels::iter) {
            let is_in_place = is_template && field == Field::Annotations;
            let Some(meant) = meant(case, key, is_in_place) else {
                continue;
            };
            let is_set = template
                .annotations
                .as_ref()
                .is_some_and(|all| all.contains_key(meant));
            if !is_set && settings.iter().all(|other| other.meant != meant) {
                settings.push(Setting {
                    is_template,
                    field,
                    key,
                    value,
                    meant,
                });
            }
        }
    }
    if settings.is_empty() {
        return Ok(Vec::new());
    }
    let Some(templates) = templates(case)? else {
        return Ok(Vec::new());
    };
    // Of keys that are right, the templates name the annotation.
    let is_named = |one: &&Setting| {
        let is_misspelt = one.is_template && one.key != one.meant;
        is_misspelt && templates.iter().any(|text| text.contains(one.key))
    };
    let ignored = settings.iter().filter(|one| !is_named(one));
    ignored.map(|one| finding(case, one)).collect()
}

/// The annotation that a key is meant to be; none where it is one, in its place.
fn meant(case: &Case, key: &str, is_in_place: bool) -> Option<&'static str> {
    match as_of_sidecars(key) {
        Some(known) => (!is_in_place).then_some(known),
        None => case.meant_of_sidecars(key),
    }
}

/// The templates of the istiods that inject the pod: what they name is looked at, whoever knows it. None where
/// no sidecar is injected, so that nothing is set up at all.
fn templates(case: &Case) -> Result<Option<Vec<String>>, Missing> {
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        Outcome::NotInjected | Outcome::Rejected => return Ok(None),
    }
    let mut texts = Vec::new();
    for call in prediction
        .calls
        .iter()
        .filter(|call| call.rendered.is_some())
    {
        if let Some(Answer::Yes(Arrival::Istiod(istiod))) = &call.reached {
            texts.extend(config(case, istiod)?.templates.values().cloned());
        }
    }
    Ok(Some(texts))
}

fn finding(case: &Case, one: &Setting) -> Result<Finding, Missing> {
    let (key, meant, value) = (one.key, one.meant, one.value);
    let what = one.field.name().trim_end_matches('s');
    let workload = case.workload()?;
    let (evidence, place) = match one.is_template {
        true => (
            template_field(case, one.field, key)?,
            "the pod template".to_owned(),
        ),
        false => {
            let path = format!(".metadata.{}['{key}']", one.field.name());
            let evidence = Evidence::new(workload.reference(), path).actual(value);
            let steps = ["metadata", one.field.name(), key];
            (
                evidence.set_in(&workload.metadata, &steps),
                workload.reference(),
            )
        }
    };
    let message = format!(
        "{what} {key} of {place} is ignored: istiod reads annotation {meant} of the pod template"
    );
    let right = (Field::Annotations, meant, Some(value));
    let wrong = one.is_template.then_some((one.field, key, None));
    let entries: Vec<_> = std::iter::once(right).chain(wrong).collect();
    let title = format!("set annotation {meant} in the pod template");
    let fix = patch_template(case, &title, &entries, "new pods have a sidecar as it says")?;
    Ok(Finding::new(Severity::Warning, Effect::Beside, message)
        .evidence(evidence)
        .evidence(template_field(case, Field::Annotations, meant)?.expected(value))
        .fix(fix))
}
