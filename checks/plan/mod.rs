//! What to read next: worked out from what the user wants to know and what is known so far.
//!
//! The collector carries out the reads of a plan, all at once, and asks for the next plan, until
//! nothing more is to be read. A plan looks at what a judgement looks at, and asks for what is not
//! there yet.

mod contradicted;
mod manifests;
mod mesh;
mod named;
mod sweep;
mod unready;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace;

use crate::facts::kinds::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration};
use crate::facts::{Fact, Index, Kind, Read, Resource, Subject, Target};
use crate::way::{injectors, validators};

pub use contradicted::of_contradictions;
pub use manifests::apply;
pub use sweep::Sweep;

/// What the user wants to know.
#[derive(Clone, Debug)]
pub enum Question {
    /// These objects of a namespace.
    Named {
        /// The namespace.
        namespace: String,
        /// Kind and name of each.
        objects: Vec<(Kind, String)>,
    },
    /// Whatever these lists hold.
    Sweep(Sweep),
    /// What is not there yet.
    Manifests {
        /// What the files hold.
        subjects: Vec<Subject>,
        /// Namespaces, whose labels come over those of the live ones.
        namespaces: Vec<Namespace>,
    },
    /// The injection webhooks, or the one configuration of this name.
    Webhooks(Option<String>),
    /// Everything in these namespaces; none for all.
    Namespaces(BTreeSet<String>),
}

/// Everything in some namespaces; none for all.
fn sweeps(names: &BTreeSet<String>) -> Vec<Sweep> {
    let sweep = |namespace: Option<&String>| Sweep {
        namespace: namespace.cloned(),
        kinds: Vec::new(),
        selector: None,
        owner: None,
    };
    match names.is_empty() {
        true => vec![sweep(None)],
        false => names.iter().map(|name| sweep(Some(name))).collect(),
    }
}

/// The reads that are still to be done to answer a question; none where all is known that can be.
pub fn plan(question: &Question, index: &Index) -> Vec<Read> {
    let mut plan = Plan::new(index);
    mesh::plan(&mut plan, &namespaces(question));
    match question {
        Question::Named { .. } => named::plan(&mut plan, &targets(question, index)),
        Question::Sweep(sweep) => sweep::plan(&mut plan, sweep),
        Question::Manifests { subjects, .. } => manifests::plan(&mut plan, subjects),
        Question::Webhooks(_) => {}
        Question::Namespaces(names) => {
            for sweep in sweeps(names) {
                sweep::plan(&mut plan, &sweep);
            }
        }
    }
    plan.reads.into_iter().collect()
}

/// What a question is about, as far as the reads tell.
pub fn subjects(question: &Question, index: &Index) -> Vec<Subject> {
    if let Question::Manifests { subjects, .. } = question {
        return subjects.clone();
    }
    let targets = targets(question, index).into_iter();
    let subject = |target| Subject {
        target,
        manifest: None,
    };
    targets.map(subject).collect()
}

fn targets(question: &Question, index: &Index) -> Vec<Target> {
    match question {
        Question::Named { namespace, objects } => {
            let target = |(kind, name): &(Kind, String)| Target {
                kind: *kind,
                namespace: namespace.clone(),
                name: name.clone(),
            };
            objects.iter().map(target).collect()
        }
        Question::Sweep(sweep) => sweep::targets(index, sweep),
        Question::Manifests { subjects, .. } => {
            subjects.iter().map(|one| one.target.clone()).collect()
        }
        Question::Webhooks(Some(name)) => vec![webhook(name)],
        Question::Webhooks(None) => webhooks(index),
        Question::Namespaces(names) => {
            let sweeps = sweeps(names).into_iter();
            sweeps
                .flat_map(|sweep| sweep::targets(index, &sweep))
                .collect()
        }
    }
}

/// The injection webhooks. One without a name stands for them where they could not be listed, and where there is none
/// beside webhooks that validate Istio's configuration, which are judged, too.
fn webhooks(index: &Index) -> Vec<Target> {
    let Fact::Got(all) = index.list_all::<MutatingWebhookConfiguration>(None) else {
        return vec![webhook("")];
    };
    let names = injectors(all).filter_map(|(one, _)| one.metadata.name.as_deref());
    let mut names: BTreeSet<_> = names.collect();
    if names.is_empty() && validates(index) {
        names.insert("");
    }
    names.into_iter().map(webhook).collect()
}

fn validates(index: &Index) -> bool {
    match index.list_all::<ValidatingWebhookConfiguration>(None) {
        Fact::Got(all) => validators(all).next().is_some(),
        // Nobody knows.
        _ => true,
    }
}

fn webhook(name: &str) -> Target {
    Target {
        kind: Kind::MutatingWebhookConfiguration,
        namespace: String::new(),
        name: name.to_owned(),
    }
}

/// Which namespaces a question takes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Namespaces {
    /// All there are, and no pod in them: webhooks are asked about.
    Webhooks,
    /// All there are.
    All,
    /// These.
    Named(BTreeSet<String>),
}

fn namespaces(question: &Question) -> Namespaces {
    match question {
        Question::Webhooks(_) => Namespaces::Webhooks,
        Question::Sweep(Sweep {
            namespace: None, ..
        }) => Namespaces::All,
        Question::Namespaces(names) if names.is_empty() => Namespaces::All,
        Question::Namespaces(names) => Namespaces::Named(names.clone()),
        Question::Named { namespace, .. }
        | Question::Sweep(Sweep {
            namespace: Some(namespace),
            ..
        }) => Namespaces::Named(BTreeSet::from([namespace.clone()])),
        Question::Manifests { subjects, .. } => {
            let names = subjects.iter().map(|one| one.target.namespace.clone());
            Namespaces::Named(names.collect())
        }
    }
}

/// A plan in the making.
struct Plan<'i, 'a> {
    index: &'i Index<'a>,
    reads: BTreeSet<Read>,
}

impl<'i, 'a> Plan<'i, 'a> {
    fn new(index: &'i Index<'a>) -> Self {
        Self {
            index,
            reads: BTreeSet::new(),
        }
    }

    /// Asks for a read, unless it was done, or a list was that holds the same.
    fn want(&mut self, read: Read) {
        if !self.index.is_known(&read) {
            self.reads.insert(read);
        }
    }

    /// Asks for whatever is looked at and not known.
    fn want_what_is_looked_at<T>(&mut self, look: impl FnOnce(&'i Index<'a>) -> T) -> T {
        let recorder = self.index.recorder();
        let (value, looked_at) = recorder.recorded(|| look(self.index));
        for read in recorder.reads(&looked_at) {
            self.want(read);
        }
        value
    }
}

/// The list of all objects of a kind in a namespace.
fn all(resource: Resource, namespace: Option<&str>) -> Read {
    Read::list(resource, namespace)
}
