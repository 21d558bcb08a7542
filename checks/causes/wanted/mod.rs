//! Stage 3: does the istiod that is asked want to inject the pod?

mod configuration;
mod exclusions;
mod opt_out;
mod policy;
mod selectors;
mod surprises;

use crate::causes::fields::template_field;
use crate::causes::{Check, Verdict};
use crate::facts::Missing;
use crate::report::{Evidence, Field};
use crate::way::Case;
use crate::way::selector::Requirement;
use crate::way::{Answer, Arrival, Declined, Istiod, Outcome, Rendered, Wanted, Wish};

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[
    exclusions::CHECKS,
    opt_out::CHECKS,
    configuration::CHECKS,
    policy::CHECKS,
    selectors::CHECKS,
    surprises::CHECKS,
];

/// An istiod that is asked about the pod.
struct Asked {
    /// Configuration and entry of the webhook that calls it.
    webhook: (String, String),
    istiod: Istiod,
    wanted: Wanted,
    rendered: Option<Rendered>,
}

/// Every istiod that is asked about the pod, in call order. Where it cannot be told whether one is,
/// or what it answers, the missing fact stands in its place.
fn asked(case: &Case) -> Vec<Result<Asked, Missing>> {
    let prediction = case.prediction();
    let mut asked = Vec::new();
    let unknown = || Missing(prediction.because.clone());
    for call in prediction.calls.iter().filter(|call| call.injector) {
        let arrival = match (&call.called, &call.reached) {
            (Answer::Unknown(missing), _) | (_, Some(Answer::Unknown(missing))) => {
                asked.push(Err(missing.clone()));
                continue;
            }
            (Answer::Yes(_), Some(Answer::Yes(Arrival::Istiod(istiod)))) => istiod,
            // The walk ended at an earlier call: with a rejection, or not knowing.
            (Answer::Yes(_), None) if prediction.outcome == Outcome::Unknown => {
                asked.push(Err(unknown()));
                continue;
            }
            _ => continue,
        };
        asked.push(match &call.wanted {
            Some(wanted) => wanted.known().map(|wanted| Asked {
                webhook: (call.configuration.clone(), call.entry.clone()),
                istiod: arrival.clone(),
                wanted: wanted.clone(),
                rendered: call.rendered.clone(),
            }),
            None => Err(unknown()),
        });
    }
    if asked.is_empty() && prediction.outcome == Outcome::Unknown {
        asked.push(Err(unknown()));
    }
    asked
}

/// The first istiod whose answer is as wanted; or what to answer where there is none.
///
/// # Errors
/// [`Missing`] where there may be one.
fn first<T>(
    case: &Case,
    matches: impl Fn(&Asked) -> Result<Option<T>, Missing>,
) -> Result<Result<(Asked, T), Verdict>, Missing> {
    let asked = asked(case);
    if asked.is_empty() {
        let verdict = Verdict::not_applicable("no istiod is asked about the pod");
        return Ok(Err(verdict));
    }
    let mut doubt = None;
    for one in asked {
        match one {
            Ok(asked) => match matches(&asked) {
                Ok(Some(found)) => return Ok(Ok((asked, found))),
                Ok(None) => {}
                Err(missing) => doubt = doubt.or(Some(missing)),
            },
            Err(missing) => doubt = doubt.or(Some(missing)),
        }
    }
    doubt.map_or(Ok(Err(Verdict::Passed)), Err)
}

/// What matches the reasons of all versions that an istiod may be.
///
/// # Errors
/// [`Missing`] where it matches those of some.
fn by_version<R, T>(
    asked: &Asked,
    reasons: &[R],
    matches: impl Fn(&R) -> Option<T>,
) -> Result<Option<T>, Missing> {
    let mut found: Vec<_> = reasons.iter().filter_map(matches).collect();
    match found.len() {
        0 => Ok(None),
        number if number == reasons.len() => Ok(found.pop()),
        _ => Err(asked.istiod.version.missing()),
    }
}

/// The istiod that declines the pod for such a reason, unless another injects it all the same.
///
/// # Errors
/// [`Missing`] where it cannot be told.
pub(in crate::causes) fn declined<T>(
    case: &Case,
    matches: impl Fn(&Declined) -> Option<T>,
) -> Result<Result<(Istiod, T), Verdict>, Missing> {
    if case.prediction().outcome == Outcome::Injected {
        return Ok(Err(Verdict::Passed));
    }
    let found = first(case, |asked| match &asked.wanted {
        Answer::No(Declined::ByVersion(all)) => by_version(asked, all, &matches),
        wanted => Ok(wanted.no().and_then(&matches)),
    })?;
    Ok(found.map(|(asked, found)| (asked.istiod, found)))
}

/// The istiod that injects the pod for such a reason.
///
/// # Errors
/// [`Missing`] where it cannot be told.
fn injected<T>(
    case: &Case,
    matches: impl Fn(&Asked, &Wish) -> Option<T>,
) -> Result<Result<(Asked, T), Verdict>, Missing> {
    let wish = |asked: &Asked| match &asked.wanted {
        Answer::Yes(Wish::ByVersion(all)) => by_version(asked, all, |wish| matches(asked, wish)),
        Answer::Yes(wish) => Ok(matches(asked, wish)),
        _ => Ok(None),
    };
    let found = first(case, |asked| {
        match asked.rendered.as_ref().is_some_and(Answer::is_yes) {
            true => wish(asked),
            false => Ok(None),
        }
    })?;
    let doubt = asked(case).into_iter().flatten().find_map(|asked| {
        if matches!(wish(&asked), Ok(None)) {
            return None;
        }
        asked.rendered?.known().err()
    });
    match (found, doubt) {
        (Err(_), Some(missing)) => Err(missing),
        (found, _) => Ok(found),
    }
}

/// A field of the injector's configuration, with who wrote it.
///
/// # Errors
/// [`Missing`] where the ConfigMap was not read.
pub(super) fn configured(case: &Case, istiod: &Istiod, field: &str) -> Result<Evidence, Missing> {
    in_injector(case, istiod, "config", &format!(".data.config {field}"))
}

/// A place in a key of the injector's ConfigMap, with who wrote the key.
///
/// # Errors
/// [`Missing`] where the ConfigMap was not read.
fn in_injector(case: &Case, istiod: &Istiod, key: &str, path: &str) -> Result<Evidence, Missing> {
    let name = istiod.injector_config_map();
    let object = format!("configmap/{name} -n {}", istiod.namespace);
    let evidence = Evidence::new(object, path);
    let config_map = case.injector_config_map(&istiod.namespace, &name)?;
    Ok(match config_map {
        Some(config_map) => evidence.set_in(&config_map.metadata, &["data", key]),
        None => evidence,
    })
}

/// The labels of the pod that a selector looks at; those that a controller adds are in no template.
///
/// # Errors
/// [`Missing`] where the target was not read.
fn selected(case: &Case, selector: &[Requirement]) -> Result<Vec<Evidence>, Missing> {
    let (workload, pod) = (case.workload()?, case.pod()?);
    let own = workload.template.metadata.labels.as_ref();
    let looked_at = selector
        .iter()
        .filter(|one| pod.labels.contains_key(&one.key));
    looked_at
        .map(|requirement| {
            let key = requirement.key.as_str();
            if own.is_some_and(|labels| labels.contains_key(key)) {
                return template_field(case, Field::Labels, key);
            }
            let object = format!("pods of {}", workload.reference());
            let path = format!(".metadata.labels['{key}']");
            Ok(Evidence::new(object, path).actual("added by the controller"))
        })
        .collect()
}
