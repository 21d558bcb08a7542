//! Which version an istiod is of, and what tells.
//!
//! The image that runs is the truth, and as a rule its tag names the version. Where the tag is one of somebody's own
//! (`latest`, a mirror's), or there is a digest only, what the charts write beside it tells: labels, and the tag of the
//! proxies. These may lag behind the image, so they count only where they do not contradict each other.
//!
//! Sources: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates` (`zzz_profile.yaml`, `deployment.yaml`,
//! `istiod-injector-configmap.yaml`) and `operator/pkg/manifest/name.go`.

mod beside;
mod number;
mod read;
mod sources;

use std::fmt;

use crate::facts::Missing;

pub use beside::Beside;
pub use number::Number;
use number::POSSIBLE;
pub use read::{version_of_deployment, version_of_pod};
pub use sources::{has_image_of, version_of_proxies, version_of_proxy};

/// What tells a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The tag of the image that runs.
    Image,
    /// A label of istiod's pod.
    PodLabel(&'static str),
    /// A label of the pod's Deployment.
    DeploymentLabel(&'static str),
    /// The tag of the proxies in the values of the injector's ConfigMap, of this name.
    Values(String),
    /// The image of a proxy that it injected: that of the pod of this name.
    Proxy(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image => f.write_str("image tag"),
            Self::PodLabel(key) => write!(f, "label {key} of the pod"),
            Self::DeploymentLabel(key) => write!(f, "label {key} of the Deployment"),
            Self::Values(name) => write!(f, "global.tag in ConfigMap {name}"),
            Self::Proxy(pod) => write!(f, "proxy image of pod {pod}"),
        }
    }
}

/// A version, and what tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The version.
    pub number: Number,
    /// What tells it.
    pub from: Source,
}

/// The version of an istiod, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// Those of the istiods that answer in turn: as a rule one.
    Told(Vec<Told>),
    /// Nothing tells, or not the same: why.
    Untold(String),
}

impl Version {
    /// That of an image with this tag, and nothing beside it.
    #[cfg(test)]
    pub fn of(tag: &str) -> Self {
        let container = k8s_openapi::api::core::v1::Container {
            image: Some(format!("pilot:{tag}")),
            ..Default::default()
        };
        read::version(&container, sources::Sources::default)
    }

    /// The one version that is told.
    pub fn one(&self) -> Option<&Told> {
        match self {
            Self::Told(all) if all.len() == 1 => all.first(),
            _ => None,
        }
    }

    /// The versions that it may be.
    fn possible(&self) -> Vec<Number> {
        match self {
            Self::Told(all) => all.iter().map(|one| one.number.clone()).collect(),
            Self::Untold(_) => POSSIBLE.map(Number::of_minor).collect(),
        }
    }

    /// What comes of each version that it may be, each answer once.
    pub fn answers<T: PartialEq>(&self, of: impl Fn(&Number) -> T) -> Vec<T> {
        let mut answers = Vec::new();
        for answer in self.possible().iter().map(of) {
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
        answers
    }

    /// What comes of it, where the same comes of all versions that it may be.
    ///
    /// # Errors
    /// [`Missing`] where the version decides.
    pub fn agreed<T: PartialEq>(&self, of: impl Fn(&Number) -> T) -> Result<T, Missing> {
        let mut answers = self.answers(of);
        match (answers.pop(), answers.is_empty()) {
            (Some(answer), true) => Ok(answer),
            _ => Err(self.missing()),
        }
    }

    /// That the version decides, and why it is not known.
    pub fn missing(&self) -> Missing {
        Missing(match self {
            Self::Told(all) => {
                let words: Vec<_> = all.iter().map(|one| one.number.text.as_str()).collect();
                format!(
                    "the version of istiod decides, and istiods of versions {} answer in turn",
                    words.join(" and ")
                )
            }
            Self::Untold(why) => {
                format!("the version of istiod decides, and cannot be read: {why}")
            }
        })
    }

    /// The versions of istiods that answer in turn.
    pub fn together(self, other: Self) -> Self {
        match (self, other) {
            (Self::Told(mut all), Self::Told(more)) => {
                for one in more {
                    let is_it = |known: &Told| known.number == one.number;
                    if !all.iter().any(is_it) {
                        all.push(one);
                    }
                }
                all.sort();
                Self::Told(all)
            }
            (untold @ Self::Untold(_), _) | (_, untold) => untold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_versions_agree_on_is_decided() {
        let told = |texts: &[&str]| {
            let all = texts.iter().map(|text| Told {
                number: Number::parse(text).unwrap(),
                from: Source::Image,
            });
            Version::Told(all.collect())
        };
        let since_27 = |number: &Number| number.minor >= 27;
        let both = told(&["1.26.4"]).together(told(&["1.27.0"]));
        for (version, expected) in [
            (told(&["1.26.4"]), Ok(false)),
            (told(&["1.31.0"]), Ok(true)),
            (told(&["1.30.2"]).together(told(&["1.31.0"])), Ok(true)),
            (both.clone(), Err("istiods of versions 1.26.4 and 1.27.0")),
            (
                both.together(Version::Untold("no tag".to_owned())),
                Err("cannot be read: no tag"),
            ),
        ] {
            match (version.agreed(since_27), expected) {
                (Ok(answer), Ok(expected)) => assert_eq!(answer, expected, "{version:?}"),
                (Err(Missing(why)), Err(words)) => assert!(why.contains(words), "{why}"),
                (answer, _) => panic!("{version:?}: {answer:?}"),
            }
            assert_eq!(version.agreed(|number| number.minor > 2), Ok(true));
        }
    }
}
