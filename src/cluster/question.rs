//! What the user wants to know.

use injdoctor_checks::facts::Kind;

use super::sweep::Sweep;
use crate::manifest::Manifests;
use crate::target::{TargetError, Wanted};

/// What the user wants to know.
#[derive(Clone, Debug)]
pub struct Question(pub(super) Asked);

/// The questions there are.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// These objects of a namespace.
    Named {
        namespace: String,
        objects: Vec<(Kind, String)>,
    },
    /// Whatever these lists hold.
    Sweep(Sweep),
    /// What is not there yet.
    Manifests(Manifests),
    /// The injection webhooks, or the one of this name.
    Webhooks(Option<String>),
}

impl Question {
    /// Objects of the cluster: those named, or all of some kinds, or, without any words, everything
    /// that is owned by nothing known. No namespace stands for all of them.
    ///
    /// # Errors
    /// [`TargetError`] where names meet all namespaces or a label selector.
    pub fn live(
        wanted: Vec<Wanted>,
        namespace: Option<String>,
        selector: Option<String>,
    ) -> Result<Self, TargetError> {
        let (mut objects, mut kinds) = (Vec::new(), Vec::new());
        for wanted in wanted {
            match wanted {
                Wanted::Named(kind, name) => objects.push((kind, name)),
                Wanted::All(kind) => kinds.push(kind),
            }
        }
        let asked = match namespace {
            namespace if objects.is_empty() => Asked::Sweep(Sweep {
                namespace,
                kinds,
                selector,
            }),
            None => return Err(TargetError::NamesEverywhere),
            Some(_) if selector.is_some() => return Err(TargetError::NamesAndSelector),
            Some(namespace) => Asked::Named { namespace, objects },
        };
        Ok(Self(asked))
    }

    /// Manifests, judged against the live cluster before they are applied.
    pub fn manifests(manifests: Manifests) -> Self {
        Self(Asked::Manifests(manifests))
    }

    /// The injection webhooks, or the one configuration of this name.
    pub fn webhooks(name: Option<String>) -> Self {
        Self(Asked::Webhooks(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_exclude_selectors_and_all_namespaces() {
        let wanted = vec![Wanted::Named(Kind::Pod, "x".to_owned())];
        let error = Question::live(wanted.clone(), None, None).unwrap_err();
        assert_eq!(error, TargetError::NamesEverywhere);
        let error = Question::live(wanted, Some("shop".into()), Some("a=b".into())).unwrap_err();
        assert_eq!(error, TargetError::NamesAndSelector);
    }
}
