//! A table of fields as a tree, by which an object is walked.

use std::collections::BTreeMap;

/// What of a field passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All of it.
    Whole,
    /// That it is there.
    Presence,
    /// All of it where a matchCondition may ask for it, or else nothing.
    IfAsked,
    /// A text for people, without what looks like a credential.
    Text,
    /// An image, without a user.
    Image,
    /// The labels that something selects by, or that Istio knows.
    Labels,
    /// The annotations that decide about injection.
    Annotations,
    /// Who set the fields that findings tell about.
    Setters,
    /// The words of a command line that decide about injection.
    Arguments,
    /// The variables that decide about injection.
    Environment,
    /// The keys of a ConfigMap that are istiod's.
    Data,
    /// Certificates, which are public.
    Certificates,
    /// A URL without user and query.
    Url,
    /// The path of a URL.
    Path,
    /// Service accounts and groups of Kubernetes among those who have a right: others are people.
    Subjects,
}

/// A field that passes: its path, in which lists take no step and `*` stands for every name; what of it; and why.
pub type Line = (&'static str, Keep, &'static str);

/// What stands at a place of the tree.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// What of the field passes; none where it has fields of its own.
    pub keep: Option<Keep>,
    /// Why it passes.
    why: &'static str,
    /// Whether it is the spec of a pod, of which a matchCondition may ask for any field.
    pub is_pod: bool,
    fields: BTreeMap<&'static str, Node>,
}

impl Node {
    /// The lines of a table, below the field of this path.
    pub fn add(&mut self, below: &'static str, lines: &[Line]) {
        let root = below
            .split('.')
            .filter(|step| !step.is_empty())
            .fold(self, |node, step| node.fields.entry(step).or_default());
        for (path, keep, why) in lines {
            let node = path.split('.').fold(&mut *root, |node, step| {
                node.fields.entry(step).or_default()
            });
            node.keep = Some(*keep);
            node.why = why;
        }
    }

    /// Marks the spec of a pod.
    pub fn mark_pod(&mut self, path: &'static str) {
        let node = path
            .split('.')
            .fold(self, |node, step| node.fields.entry(step).or_default());
        node.is_pod = true;
    }

    /// The path of every field that passes, what of it, and why.
    pub fn lines(&self) -> Vec<(String, Keep, &'static str)> {
        let own = self.keep.map(|keep| (String::new(), keep, self.why));
        let below = self.fields.iter().flat_map(|(name, node)| {
            let lines = node.lines().into_iter();
            lines.map(move |(path, keep, why)| {
                let path = match path.as_str() {
                    "" => (*name).to_owned(),
                    path => format!("{name}.{path}"),
                };
                (path, keep, why)
            })
        });
        own.into_iter().chain(below).collect()
    }

    /// A field of it.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.fields.get(name).or_else(|| self.fields.get("*"))
    }
}
