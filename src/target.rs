//! What the user points at: TARGET words as kubectl takes them.

use injdoctor_checks::facts::Kind;
use injdoctor_checks::facts::ownership::OwnerName;
use injdoctor_checks::plan::{Question, Sweep};

use crate::suggest::did_you_mean;

/// One thing that the words ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One object by its name.
    Named(Kind, String),
    /// All objects of a kind.
    All(Kind),
    /// What an object of another kind owns.
    OwnedBy(OwnerName),
}

/// Words that name nothing `check` can look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum TargetError {
    #[error("unknown kind {0:?}{similar}; known: {known}", similar = similar(.0), known = known_kinds())]
    UnknownKind(String),
    #[error("unknown kind {0:?}{similar}; known: {known}; several pods are `pod {0} NAME...`, and what an object of another kind owns is `{0}/NAME`", similar = similar(.0), known = known_kinds())]
    NotAKind(String),
    #[error("{0:?} is checked by `injdoctor webhook [NAME]`")]
    Webhook(String),
    #[error("{0:?} names no kind; write TYPE/NAME, such as deploy/reviews")]
    NoKind(String),
    #[error(
        "{0:?} names no object; write TYPE/NAME, such as deploy/reviews, or the TYPE alone for all"
    )]
    NoName(String),
    #[error("{0:?} has more than one slash; write TYPE/NAME, such as deploy/reviews")]
    Slashes(String),
    #[error("{0:?} names several kinds before a slash; write one TYPE/NAME for each")]
    SeveralKinds(String),
    #[error(
        "{0:?} is not TYPE/NAME as the others are; write all as TYPE/NAME, or one TYPE followed by names"
    )]
    Mixed(String),
    #[error("{0:?} cannot be a name: names are made of lower-case letters, digits, `-` and `.`")]
    Name(String),
    #[error("{0} is of a kind that injdoctor does not know; ask for what it owns alone")]
    NotAlone(OwnerName),
    #[error("names and -A exclude each other; give the namespace with -n")]
    NamesEverywhere,
    #[error("names and a label selector exclude each other; leave one out")]
    NamesAndSelector,
}

/// Objects of the cluster: those named, or all of some kinds, or, without any words, everything that
/// is owned by nothing known. No namespace stands for all of them.
///
/// # Errors
/// [`TargetError`] where names meet all namespaces or a label selector.
pub fn question(
    wanted: Vec<Wanted>,
    namespace: Option<String>,
    selector: Option<String>,
) -> Result<Question, TargetError> {
    let (mut objects, mut kinds) = (Vec::new(), Vec::new());
    if let [Wanted::OwnedBy(owner)] = wanted.as_slice() {
        return match namespace {
            None => Err(TargetError::NamesEverywhere),
            Some(_) if selector.is_some() => Err(TargetError::NamesAndSelector),
            namespace => Ok(Question::Sweep(Sweep {
                namespace,
                kinds,
                selector,
                owner: Some(owner.clone()),
            })),
        };
    }
    for wanted in wanted {
        match wanted {
            Wanted::Named(kind, name) => objects.push((kind, name)),
            Wanted::All(kind) => kinds.push(kind),
            Wanted::OwnedBy(owner) => return Err(TargetError::NotAlone(owner)),
        }
    }
    Ok(match namespace {
        namespace if objects.is_empty() => Question::Sweep(Sweep {
            namespace,
            kinds,
            selector,
            owner: None,
        }),
        None => return Err(TargetError::NamesEverywhere),
        Some(_) if selector.is_some() => return Err(TargetError::NamesAndSelector),
        Some(namespace) => Question::Named { namespace, objects },
    })
}

/// Reads TARGET words: `TYPE/NAME...`, `TYPE NAME...`, `TYPE[,TYPE...]`, or `NAME` alone for a pod.
/// No words ask for nothing in particular.
///
/// # Errors
/// [`TargetError`] for words that kubectl would refuse as well.
pub fn parse(words: &[String]) -> Result<Vec<Wanted>, TargetError> {
    if words.iter().any(|word| word.contains('/')) {
        return words.iter().map(|word| with_slash(word)).collect();
    }
    let Some((first, names)) = words.split_first() else {
        return Ok(Vec::new());
    };
    match (kinds(first), names) {
        (Ok(kinds), []) => Ok(kinds.into_iter().map(Wanted::All).collect()),
        (Ok(kinds), names) => named(&kinds, names),
        (Err(TargetError::UnknownKind(word)), []) if word == *first => {
            Ok(vec![Wanted::Named(Kind::Pod, name(first)?)])
        }
        (Err(TargetError::UnknownKind(word)), _) if word == *first => {
            Err(TargetError::NotAKind(word))
        }
        (Err(error), _) => Err(error),
    }
}

fn named(kinds: &[Kind], names: &[String]) -> Result<Vec<Wanted>, TargetError> {
    let mut wanted = Vec::with_capacity(kinds.len() * names.len());
    for kind in kinds {
        for word in names {
            wanted.push(Wanted::Named(*kind, name(word)?));
        }
    }
    Ok(wanted)
}

fn with_slash(word: &str) -> Result<Wanted, TargetError> {
    let Some((kind_word, name_word)) = word.split_once('/') else {
        return Err(TargetError::Mixed(word.to_owned()));
    };
    if name_word.contains('/') {
        return Err(TargetError::Slashes(word.to_owned()));
    }
    if kind_word.is_empty() {
        return Err(TargetError::NoKind(word.to_owned()));
    }
    if name_word.is_empty() {
        return Err(TargetError::NoName(word.to_owned()));
    }
    if kind_word.contains(',') {
        return Err(TargetError::SeveralKinds(word.to_owned()));
    }
    match kind(kind_word) {
        Ok(kind) => Ok(Wanted::Named(kind, name(name_word)?)),
        Err(TargetError::UnknownKind(word)) if may_own_pods(&word) => {
            Ok(Wanted::OwnedBy(OwnerName {
                kind: word.to_lowercase(),
                name: name(name_word)?,
            }))
        }
        Err(error) => Err(error),
    }
}

/// Kinds of Kubernetes that own no pods, by the words that kubectl takes.
const OWN_NO_PODS: [&str; 25] = [
    "service",
    "services",
    "svc",
    "configmap",
    "configmaps",
    "cm",
    "secret",
    "secrets",
    "serviceaccount",
    "serviceaccounts",
    "sa",
    "namespace",
    "namespaces",
    "ns",
    "ingress",
    "ingresses",
    "ing",
    "endpoints",
    "ep",
    "endpointslice",
    "endpointslices",
    "event",
    "events",
    "networkpolicy",
    "networkpolicies",
];

/// Whether a word can be a kind of which nothing is known, and that may own pods: an operator's as a rule.
fn may_own_pods(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let lower = word.to_lowercase();
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(fits)
        && !OWN_NO_PODS.contains(&lower.as_str())
}

fn kinds(word: &str) -> Result<Vec<Kind>, TargetError> {
    word.split(',').map(kind).collect()
}

/// A kind by its singular, plural or short name, with or without version and group:
/// `deployments.apps`, `deployments.v1.apps`.
fn kind(word: &str) -> Result<Kind, TargetError> {
    let lower = word.to_lowercase();
    let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
    let is_named = |kind: Kind| {
        resource == kind.singular()
            || resource == kind.plural()
            || kind.short_names().contains(&resource)
    };
    let is_grouped = |kind: Kind| {
        group.is_empty() || group == kind.group() || group.strip_prefix("v1.") == Some(kind.group())
    };
    if is_named(Kind::MutatingWebhookConfiguration) {
        return Err(TargetError::Webhook(word.to_owned()));
    }
    Kind::WORKLOADS
        .into_iter()
        .find(|kind| is_named(*kind) && is_grouped(*kind))
        .ok_or_else(|| TargetError::UnknownKind(word.to_owned()))
}

/// A name that an object can have; anything else would only be sent to be not found.
fn name(word: &str) -> Result<String, TargetError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if word.is_empty() {
        return Err(TargetError::NoName(word.to_owned()));
    }
    if word.chars().all(fits) && word.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(word.to_owned());
    }
    Err(TargetError::Name(word.to_owned()))
}

/// The kind that a word names, if it is one of which objects are judged.
pub fn one_kind(word: &str) -> Option<Kind> {
    kind(word).ok()
}

/// The kind that may have been meant by a word, as the end of a sentence.
pub fn similar(word: &str) -> String {
    let names = Kind::WORKLOADS.map(Kind::singular);
    did_you_mean(word, names.iter().map(String::as_str))
}

/// The kinds of which objects are judged, with their short names.
pub fn known_kinds() -> String {
    let kinds = Kind::WORKLOADS
        .into_iter()
        .map(|kind| match kind.short_names() {
            [] => kind.singular(),
            short => format!("{} ({})", kind.singular(), short.join(", ")),
        });
    kinds.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn one(kind: Kind, name: &str) -> Wanted {
        Wanted::Named(kind, name.to_owned())
    }

    #[test]
    fn what_kubectl_takes_is_taken() {
        use Kind::{CronJob, DaemonSet, Deployment, Job, Pod, ReplicaSet, StatefulSet};
        let table = [
            ("", vec![]),
            ("foo", vec![one(Pod, "foo")]),
            ("foo.v1-0", vec![one(Pod, "foo.v1-0")]),
            ("pod/foo", vec![one(Pod, "foo")]),
            ("po/foo", vec![one(Pod, "foo")]),
            ("Pods foo bar", vec![one(Pod, "foo"), one(Pod, "bar")]),
            ("deploy/x", vec![one(Deployment, "x")]),
            (
                "deploy x y",
                vec![one(Deployment, "x"), one(Deployment, "y")],
            ),
            ("deployments.apps/x", vec![one(Deployment, "x")]),
            ("deployment.v1.apps/x", vec![one(Deployment, "x")]),
            (
                "sts/x ds/y rs/z",
                vec![
                    one(StatefulSet, "x"),
                    one(DaemonSet, "y"),
                    one(ReplicaSet, "z"),
                ],
            ),
            ("job/x cj/y", vec![one(Job, "x"), one(CronJob, "y")]),
            ("cronjobs.batch y", vec![one(CronJob, "y")]),
            (
                "Rollouts.argoproj.io/web",
                vec![Wanted::OwnedBy(OwnerName {
                    kind: "rollouts.argoproj.io".to_owned(),
                    name: "web".to_owned(),
                })],
            ),
            ("deploy", vec![Wanted::All(Deployment)]),
            (
                "deploy,sts",
                vec![Wanted::All(Deployment), Wanted::All(StatefulSet)],
            ),
            (
                "deploy,sts x",
                vec![one(Deployment, "x"), one(StatefulSet, "x")],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(parse(&words(text)), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_kubectl_refuses_is_refused() {
        let table = [
            (
                "svc/x",
                "unknown kind \"svc\"; known: pod (po), deployment (deploy), ",
            ),
            ("foo bar", "several pods are `pod foo NAME...`"),
            ("r_x/x", "unknown kind"),
            ("deploy,svc", "unknown kind \"svc\""),
            (
                "deplyoment,sts",
                "unknown kind \"deplyoment\"; did you mean deployment?; known",
            ),
            ("statefullset web", "did you mean statefulset?"),
            ("deploy, x", "unknown kind \"\""),
            ("deploy/", "names no object"),
            ("/x", "names no kind"),
            ("deploy/x/y", "more than one slash"),
            ("deploy,sts/x", "several kinds before a slash"),
            ("deploy deploy/x", "not TYPE/NAME as the others"),
            ("deploy/x y", "not TYPE/NAME as the others"),
            ("deploy X_Y", "cannot be a name"),
            ("../secrets", "unknown kind"),
            ("rollout/X", "cannot be a name"),
            ("pod/..", "cannot be a name"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("mutatingwebhookconfiguration/x", "injdoctor webhook"),
            ("mutatingwebhookconfigurations", "injdoctor webhook"),
        ];
        for (text, expected) in table {
            let error = parse(&words(text)).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert_eq!(
            parse(&[String::new()]),
            Err(TargetError::NoName(String::new()))
        );
    }

    proptest! {
        #[test]
        fn no_words_make_it_panic(words in proptest::collection::vec("[a-z/.,\\PC]{0,12}", 0..4)) {
            let _ = parse(&words);
        }

        #[test]
        fn every_name_comes_back(name in "[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?") {
            for kind in Kind::WORKLOADS {
                let slash = parse(&[format!("{}/{name}", kind.singular())]);
                prop_assert_eq!(slash, Ok(vec![Wanted::Named(kind, name.clone())]));
                let spaced = parse(&[kind.plural().to_owned(), name.clone()]);
                prop_assert_eq!(spaced, Ok(vec![Wanted::Named(kind, name.clone())]));
            }
        }
    }
}
