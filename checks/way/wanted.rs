//! Does istiod want to inject the pod?
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`injectRequired`), in its order.

use std::fmt;
use std::rc::Rc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::reached::Istiod;
use super::selector::{Labels, Requirement, in_words, requirements};
use super::{Answer, Config, InjectorConfig, JudgedPod, Version, names};
use crate::facts::Missing;
use crate::way::Case;

/// Whether istiod wants to inject the pod.
pub type Wanted = Answer<Wish, Declined>;

/// Why istiod wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The pod asks for it, in a label or an annotation.
    Asked(Ask),
    /// A selector of alwaysInjectSelector matches the pod.
    AlwaysInject(Vec<Requirement>),
    /// The policy is enabled, and the pod says nothing that istiod understands.
    Policy,
    /// Each version of istiod that it may be has its own reason to.
    ByVersion(Vec<Self>),
}

/// Why istiod does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declined {
    /// The pod shares the host's network.
    HostNetwork,
    /// The namespace is one that istiod never injects.
    IgnoredNamespace(String),
    /// The pod opts out, in a label or an annotation.
    OptedOut(Ask),
    /// A selector of neverInjectSelector matches the pod.
    NeverInject(Vec<Requirement>),
    /// The policy is disabled, and the pod does not ask explicitly.
    PolicyDisabled,
    /// The policy is none that istiod knows.
    PolicyIllegal(String),
    /// Each version of istiod that it may be has its own reason not to.
    ByVersion(Vec<Self>),
}

/// Where a pod says what it wants, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// `label` or `annotation`.
    pub by: &'static str,
    /// The value.
    pub value: String,
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(ask) => write!(f, "{} {} is {:?}", ask.by, names::INJECT, ask.value),
            Self::AlwaysInject(selector) => {
                write!(f, "alwaysInjectSelector matches {}", in_words(selector))
            }
            Self::Policy => f.write_str("policy is enabled"),
            Self::ByVersion(all) => by_version(f, all),
        }
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostNetwork => f.write_str("hostNetwork is true"),
            Self::IgnoredNamespace(name) => write!(f, "istiod never injects {name}"),
            Self::OptedOut(ask) => write!(f, "{} {} is {:?}", ask.by, names::INJECT, ask.value),
            Self::NeverInject(selector) => {
                write!(f, "neverInjectSelector matches {}", in_words(selector))
            }
            Self::PolicyDisabled => f.write_str("policy is disabled, and the pod does not ask"),
            Self::PolicyIllegal(policy) => {
                write!(f, "policy {policy:?} is neither enabled nor disabled")
            }
            Self::ByVersion(all) => by_version(f, all),
        }
    }
}

/// The reasons of the versions that an istiod may be.
fn by_version(f: &mut fmt::Formatter<'_>, all: &[impl fmt::Display]) -> fmt::Result {
    let words: Vec<_> = all.iter().map(ToString::to_string).collect();
    write!(
        f,
        "by the version of istiod, which is not known, {}",
        words.join(", or ")
    )
}

/// What a pod's label, or else its annotation, says: the label wins even where it is empty.
pub fn ask(labels: &Labels, annotations: &Labels) -> Option<Ask> {
    let found = [
        ("label", labels.get(names::INJECT)),
        ("annotation", annotations.get(names::INJECT)),
    ];
    found.into_iter().find_map(|(by, value)| {
        Some(Ask {
            by,
            value: value?.clone(),
        })
    })
}

/// What istiod makes of the value: inject, don't, or nothing at all.
///
/// 1.27 and later take `true` and `false` exactly; earlier ones take `y`, `yes`, `true` and `on` in
/// any case for yes, the empty string for nothing, and all else for no.
pub fn understood(value: &str, istiod_minor: u32) -> Option<bool> {
    let exact = istiod_minor >= 27;
    match value {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        _ if exact => None,
        other => Some(matches!(
            other.to_lowercase().as_str(),
            "y" | "yes" | "true" | "on"
        )),
    }
}

/// Whether the istiod that is called wants to inject the pod.
pub fn wanted(case: &Case, istiod: &Istiod, pod: &JudgedPod) -> Wanted {
    if let Some(declined) = excluded(pod) {
        return Answer::No(declined);
    }
    match config(case, istiod) {
        Ok(config) => by_config(&config, &istiod.version, pod),
        Err(missing) => Answer::Unknown(missing),
    }
}

/// Why istiod leaves the pod alone, whatever its configuration says.
pub fn excluded(pod: &JudgedPod) -> Option<Declined> {
    if pod.spec.host_network == Some(true) {
        return Some(Declined::HostNetwork);
    }
    let is_ignored = names::IGNORED_NAMESPACES.contains(&pod.namespace.as_str());
    is_ignored.then(|| Declined::IgnoredNamespace(pod.namespace.clone()))
}

/// The ConfigMap that an istiod injects by, as it reads it.
///
/// # Errors
/// [`Missing`] where it was not read or is absent.
pub fn injector_config(case: &Case, istiod: &Istiod) -> Result<Rc<InjectorConfig>, Missing> {
    let name = istiod.injector_config_map();
    let config = case.injector_config(&istiod.namespace, &name)?;
    config.ok_or_else(|| {
        Missing(format!(
            "ConfigMap {name} is absent from {}",
            istiod.namespace
        ))
    })
}

/// The configuration that an istiod injects by.
///
/// # Errors
/// [`Missing`] where it was not read, is absent, or is not what istiod could have read.
pub fn config(case: &Case, istiod: &Istiod) -> Result<Rc<Config>, Missing> {
    let parsed = injector_config(case, istiod)?;
    parsed.config.clone().map_err(|error| {
        Missing(format!(
            "istiod keeps an older configuration, as ConfigMap {} does not parse: {error}",
            istiod.injector_config_map()
        ))
    })
}

/// What istiod makes of a pod that it may inject at all, by its configuration.
pub fn by_config(config: &Config, version: &Version, pod: &JudgedPod) -> Wanted {
    let answers = version.answers(|number| by_minor(config, number.minor, pod));
    if let [answer] = answers.as_slice() {
        return answer.clone();
    }
    let (mut wishes, mut declined) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Answer::Yes(wish) => wishes.push(wish),
            Answer::No(reason) => declined.push(reason),
            unknown @ Answer::Unknown(_) => return unknown,
        }
    }
    match (wishes.is_empty(), declined.is_empty()) {
        (false, true) => Answer::Yes(Wish::ByVersion(wishes)),
        (true, false) => Answer::No(Declined::ByVersion(declined)),
        _ => Answer::Unknown(version.missing()),
    }
}

fn by_minor(config: &Config, istiod_minor: u32, pod: &JudgedPod) -> Wanted {
    if !matches!(config.policy.as_str(), "enabled" | "disabled") {
        return Answer::No(Declined::PolicyIllegal(config.policy.clone()));
    }
    if let Some(ask) = ask(&pod.labels, &pod.annotations) {
        match understood(&ask.value, istiod_minor) {
            Some(true) => return Answer::Yes(Wish::Asked(ask)),
            Some(false) => return Answer::No(Declined::OptedOut(ask)),
            None => {}
        }
    }
    if let Some(selector) = first_match(&config.never_inject_selector, &pod.labels) {
        return Answer::No(Declined::NeverInject(selector));
    }
    if let Some(selector) = first_match(&config.always_inject_selector, &pod.labels) {
        return Answer::Yes(Wish::AlwaysInject(selector));
    }
    match config.policy.as_str() {
        "enabled" => Answer::Yes(Wish::Policy),
        _ => Answer::No(Declined::PolicyDisabled),
    }
}

/// The first selector that matches. Unlike a webhook's, an empty one matches nothing, and one that
/// does not parse is passed over.
fn first_match(selectors: &[LabelSelector], labels: &Labels) -> Option<Vec<Requirement>> {
    selectors.iter().find_map(|selector| {
        let requirements = requirements(Some(selector)).ok()?;
        let matches =
            !requirements.is_empty() && requirements.iter().all(|one| one.is_met_by(labels));
        matches.then_some(requirements)
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::PodSpec;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_words_for_yes_and_no_have_changed_with_1_27() {
        let table = [
            ("true", Some(true), Some(true)),
            ("false", Some(false), Some(false)),
            ("", None, None),
            ("True", Some(true), None),
            ("yes", Some(true), None),
            ("Y", Some(true), None),
            ("ON", Some(true), None),
            ("False", Some(false), None),
            ("no", Some(false), None),
            ("0", Some(false), None),
            ("1", Some(false), None),
            ("t", Some(false), None),
            ("enabled", Some(false), None),
            (" true", Some(false), None),
        ];
        for (value, before, since) in table {
            assert_eq!(understood(value, 26), before, "{value:?} in 1.26");
            assert_eq!(understood(value, 27), since, "{value:?} in 1.27");
        }
    }

    fn pod(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> JudgedPod {
        let map = |pairs: &[(&str, &str)]| {
            let owned = pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            owned.collect::<Labels>()
        };
        JudgedPod {
            namespace: "shop".to_owned(),
            labels: map(labels),
            annotations: map(annotations),
            spec: PodSpec::default(),
            name: None,
            generate_name: None,
        }
    }

    fn config(policy: &str) -> Config {
        let selector = |label: &str| {
            vec![
                LabelSelector::default(),
                serde_json::from_value(
                    json!({ "matchExpressions": [{ "key": "a", "operator": "Bogus" }] }),
                )
                .unwrap(),
                serde_json::from_value(json!({ "matchLabels": { label: "yes" } })).unwrap(),
            ]
        };
        Config {
            policy: policy.to_owned(),
            never_inject_selector: selector("never"),
            always_inject_selector: selector("always"),
            ..Config::default()
        }
    }

    /// What the pod says, and what istiod answers by each policy: each row seen on a real one.
    #[test]
    fn the_pod_the_selectors_and_the_policy_decide_in_this_order() {
        let says = |value| (names::INJECT, value);
        let (never, always) = (("never", "yes"), ("always", "yes"));
        let table: [(JudgedPod, bool, bool); 14] = [
            (pod(&[], &[]), true, false),
            (pod(&[says("true")], &[]), true, true),
            (pod(&[says("false")], &[]), false, false),
            (pod(&[], &[says("true")]), true, true),
            (pod(&[], &[says("false")]), false, false),
            (pod(&[says("true")], &[says("false")]), true, true),
            (pod(&[says("false")], &[says("true")]), false, false),
            (pod(&[says("")], &[says("false")]), true, false),
            (pod(&[says("maybe")], &[says("true")]), true, false),
            (pod(&[never], &[]), false, false),
            (pod(&[always], &[]), true, true),
            (pod(&[never, always], &[]), false, false),
            (pod(&[never, says("true")], &[]), true, true),
            (pod(&[always], &[says("false")]), false, false),
        ];
        for (pod, enabled, disabled) in table {
            for (policy, expected) in [
                ("enabled", enabled),
                ("disabled", disabled),
                ("Enabled", false),
                ("", false),
            ] {
                let wanted = by_config(&config(policy), &Version::of("1.31.0"), &pod);
                assert_eq!(wanted.is_yes(), expected, "{policy:?} {pod:?}: {wanted}");
            }
        }
    }

    #[test]
    fn an_istiod_of_any_version_is_known_to_do_what_all_of_them_do() {
        let says = |value| (names::INJECT, value);
        for (pod, policy, expected) in [
            (pod(&[says("true")], &[]), "disabled", "yes"),
            (pod(&[says("false")], &[]), "enabled", "no"),
            (pod(&[], &[]), "enabled", "yes"),
            (pod(&[], &[says("yes")]), "enabled", "yes"),
            (pod(&[], &[says("yes")]), "disabled", "unknown"),
            (pod(&[], &[says("no")]), "disabled", "no"),
            (pod(&[], &[says("no")]), "enabled", "unknown"),
            (pod(&[("never", "yes")], &[says("no")]), "enabled", "no"),
            (pod(&[("always", "yes")], &[says("on")]), "disabled", "yes"),
        ] {
            let wanted = by_config(&config(policy), &Version::of("latest"), &pod);
            assert_eq!(wanted.word(), expected, "{policy:?} {pod:?}: {wanted}");
        }
    }
}
