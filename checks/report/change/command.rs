//! The commands that make a change.

use serde_json::{Value, json};

use super::operation::json_patch;
use super::{Change, Field, Object, Patch, Way};
use crate::facts::Kind;
use crate::report::Command;
use crate::way::selector::Labels;

impl Change {
    /// The commands that make it; none where its author has to.
    pub fn commands(&self) -> Vec<Command> {
        match self.way {
            Way::InPlace => vec![self.in_place()],
            Way::Recreate => recreate(&self.object, self.merged()),
            Way::ByHand => Vec::new(),
        }
    }

    fn in_place(&self) -> Command {
        let object = &self.object;
        let kubectl = |before: &[&str], after: Vec<String>| {
            let before = before.iter().map(|word| (*word).to_owned());
            Command::kubectl(before.chain(object.words()).chain(after))
        };
        let patch = |kind: &str, patch: &Value| {
            let flags = ["--type", kind, "-p"].map(str::to_owned);
            kubectl(
                &["patch"],
                flags.into_iter().chain([patch.to_string()]).collect(),
            )
        };
        match &self.patch {
            Patch::Metadata(field, entries) => Self::of_metadata(&[object], *field, entries),
            Patch::Merge(fields) => patch("merge", fields),
            Patch::Operations(operations) => patch("json", &json_patch(operations)),
            Patch::Replicas(replicas) => {
                kubectl(&["scale"], vec![format!("--replicas={replicas}")])
            }
            Patch::Environment { name, value } => {
                kubectl(&["set", "env"], vec![assignment(name, value.as_deref())])
            }
            Patch::Selector(selector) => {
                let reference = object.reference();
                let words = ["set", "selector", &reference, &in_words(selector)].map(str::to_owned);
                Command::kubectl(words.into_iter().chain(object.scope()))
            }
            Patch::Paused(true) => kubectl(&["rollout", "pause"], Vec::new()),
            Patch::Paused(false) => kubectl(&["rollout", "resume"], Vec::new()),
            Patch::Line { start, line, .. } => {
                Command::kubectl_edit(&script(start, line), object.words())
            }
            Patch::Delete => kubectl(&["delete"], Vec::new()),
        }
    }

    /// The command that changes labels or annotations of objects of one kind in one namespace, or in none.
    pub(in crate::report) fn of_metadata(
        objects: &[&Object],
        field: Field,
        entries: &[(String, Option<String>)],
    ) -> Command {
        let verb = match field {
            Field::Labels => "label",
            Field::Annotations => "annotate",
        };
        let assignments = entries
            .iter()
            .map(|(key, value)| assignment(key, value.as_deref()));
        let words = std::iter::once(verb.to_owned()).chain(Object::all_words(objects));
        Command::kubectl(words.chain(assignments).chain(["--overwrite".to_owned()]))
    }

    /// The change as a merge patch.
    fn merged(&self) -> Value {
        match &self.patch {
            Patch::Merge(patch) => patch.clone(),
            _ => json!({}),
        }
    }
}

/// The commands that delete an object and create it again with a change. The export stays: where the API
/// server refuses the new one, nothing is lost.
pub fn recreate(object: &Object, mut patch: Value) -> Vec<Command> {
    if object.workload_kind() == Some(Kind::Job) {
        // What the API server gave to the old one, it refuses to take for the new one.
        // Source: Kubernetes 1.36, `pkg/registry/batch/job/strategy.go` (`generateSelector`).
        let uid = json!({ "controller-uid": null, "batch.kubernetes.io/controller-uid": null });
        let own =
            json!({ "spec": { "selector": null, "template": { "metadata": { "labels": uid } } } });
        patch = merged(own, &patch);
    }
    let file = format!("{}-{}.json", object.kind.to_lowercase(), object.name);
    let get = std::iter::once("get".to_owned()).chain(object.words());
    let get = Command::kubectl(get.chain(["-o", "json"].map(str::to_owned)));
    let is_changed = patch.as_object().is_some_and(|fields| !fields.is_empty());
    let change = is_changed.then(|| {
        let patch = patch.to_string();
        Command::kubectl([
            "patch", "--local", "-f", "-", "--type", "merge", "-p", &patch, "-o", "json",
        ])
    });
    let export = Command::pipeline(std::iter::once(get).chain(change), Some(&file));
    let mut replace = ["replace", "--force", "-f", &file]
        .map(str::to_owned)
        .to_vec();
    replace.extend(object.scope());
    vec![export, Command::kubectl(replace)]
}

/// Two merge patches as one.
fn merged(mut one: Value, other: &Value) -> Value {
    match (&mut one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            for (name, value) in others {
                let own = fields.remove(name).unwrap_or(Value::Null);
                fields.insert(name.clone(), merged(own, value));
            }
            one
        }
        _ => other.clone(),
    }
}

impl Object {
    /// The object as kubectl takes it in one word.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }

    /// The object as kubectl takes it, with its namespace.
    fn words(&self) -> Vec<String> {
        Self::all_words(&[self])
    }

    /// Objects of one kind in one namespace, or in none, as kubectl takes them.
    fn all_words(objects: &[&Self]) -> Vec<String> {
        let Some(first) = objects.first() else {
            return Vec::new();
        };
        let mut words = Vec::new();
        match first.workload_kind() {
            Some(_) => words.extend(objects.iter().map(|one| one.reference())),
            None => {
                words.push(first.kind.to_lowercase());
                words.extend(objects.iter().map(|one| one.name.clone()));
            }
        }
        words.extend(first.scope());
        words
    }

    /// The command that restarts workloads of one kind in one namespace.
    pub(crate) fn restart(objects: &[&Self]) -> Command {
        let words = ["rollout", "restart"].map(str::to_owned).into_iter();
        Command::kubectl(words.chain(Self::all_words(objects)))
    }

    /// The command that restarts all workloads of an object's kind in its namespace.
    pub(in crate::report) fn restart_all(&self) -> Command {
        let words = [
            "rollout".to_owned(),
            "restart".to_owned(),
            self.kind.to_lowercase(),
        ];
        Command::kubectl(words.into_iter().chain(self.scope()))
    }

    fn scope(&self) -> impl Iterator<Item = String> {
        let namespace = self.namespace.iter();
        namespace.flat_map(|name| ["-n".to_owned(), name.clone()])
    }
}

/// How kubectl spells the value of a label, an annotation or a variable, or its absence.
fn assignment(key: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{key}={value}"),
        None => format!("{key}-"),
    }
}

/// A selector as kubectl takes it.
fn in_words(selector: &Labels) -> String {
    let pairs = selector.iter().map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// The sed script that puts a line in the place of those that start with some words. kubectl indents a
/// text in a ConfigMap's data by four blanks.
fn script(start: &str, line: &str) -> String {
    let escaped: String = line
        .chars()
        .flat_map(|c| {
            matches!(c, '\\' | '/' | '&')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    format!("s/^    {start}.*/    {escaped}/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Connection;
    use crate::report::quote;

    fn lines(commands: &[Command], connection: &Connection) -> Vec<String> {
        let argv = commands.iter().map(|command| command.argv(connection));
        argv.map(|argv| quote(&argv)).collect()
    }

    #[test]
    fn a_job_is_created_again_without_what_belongs_to_the_old_one() {
        let job = Object::new("Job", "shop", "load");
        let label = json!({ "spec": { "template": { "metadata": { "labels": { "a": "b" } } } } });
        assert_eq!(
            lines(&recreate(&job, label), &Connection::default()),
            [
                "sh -c \"kubectl get job/load -n shop -o json | kubectl patch --local -f - --type merge -p \
                 '{\\\"spec\\\":{\\\"selector\\\":null,\\\"template\\\":{\\\"metadata\\\":{\\\"labels\\\":\
                 {\\\"a\\\":\\\"b\\\",\\\"batch.kubernetes.io/controller-uid\\\":null,\\\"controller-uid\\\":null}}}}}' \
                 -o json > job-load.json\"",
                "kubectl replace --force -f job-load.json -n shop",
            ]
        );
    }

    #[test]
    fn a_pod_is_created_again_from_an_export() {
        let connection = Connection {
            context_flag: Some("prod".to_owned()),
            ..Connection::default()
        };
        let pod = Object::new("Pod", "shop", "reviews");
        assert_eq!(
            lines(&recreate(&pod, json!({})), &connection),
            [
                "sh -c 'kubectl --context prod get pod/reviews -n shop -o json > pod-reviews.json'",
                "kubectl --context prod replace --force -f pod-reviews.json -n shop",
            ]
        );
    }

    #[test]
    fn the_script_holds_the_line_as_it_is() {
        for (line, expected) in [
            ("policy: enabled", "s/^    policy:.*/    policy: enabled/"),
            (
                r"policy: a/b&c\d",
                r"s/^    policy:.*/    policy: a\/b\&c\\d/",
            ),
        ] {
            assert_eq!(script("policy:", line), expected);
        }
    }
}
