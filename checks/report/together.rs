//! The same fix of many targets, in as few commands as kubectl takes.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Change, Command, Does, Field, Fix, Object, Patch, Step, Way};
use crate::facts::Kind;

/// The most names in one command: a longer line is hard to read, and no shorter to run.
const NAMES: usize = 20;

/// The number of all objects of a kind in a namespace, as far as they were listed.
pub type Numbers = BTreeMap<(Kind, String), usize>;

/// The commands of one fix that several targets need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// Those that heal.
    pub steps: Vec<Command>,
    /// Those about other obstacles behind, one after the other in the order of [`Fix::then`].
    pub then: Vec<Vec<Command>>,
    /// Those that make the pods again.
    pub restart: Vec<Command>,
    /// Those that lead back.
    pub undo: Vec<Command>,
}

impl Together {
    /// What is the same is done once, and what differs in nothing but the object's name is one command with
    /// all names. Whoever restarts all that a namespace has of a kind names none of it.
    ///
    /// Source: `kubectl label`, `kubectl annotate` and `kubectl rollout restart` of 1.36 take several names.
    pub fn new(fixes: &[&Fix], numbers: &Numbers) -> Self {
        let obstacles = fixes.first().map_or(0, |first| first.then.len());
        let of_obstacle = |number: usize| {
            let then = fixes.iter().map(|fix| fix.then.get(number));
            let steps: Vec<_> = then.map(|next| next.map(|next| &*next.steps)).collect();
            steps.into_iter().map(Option::unwrap_or_default).collect()
        };
        let steps: Vec<&[Step]> = fixes.iter().map(|fix| &*fix.steps).collect();
        let then: Vec<Vec<&[Step]>> = (0..obstacles).map(of_obstacle).collect();
        let restart: Vec<&[Step]> = fixes.iter().map(|fix| &*fix.restart).collect();
        let commands = |all: &[&[Step]]| {
            let rows = rows(all).into_iter();
            rows.flat_map(|row| as_one(row.into_iter().flat_map(forth), numbers))
                .collect::<Vec<_>>()
        };
        let parts = [&steps].into_iter().chain(&then).chain([&restart]);
        let last_first = parts.rev().flat_map(|part| rows(part).into_iter().rev());
        Self {
            undo: last_first
                .flat_map(|row| as_one(row.into_iter().flat_map(back), numbers))
                .collect(),
            steps: commands(&steps),
            then: then.iter().map(|all| commands(all)).collect(),
            restart: commands(&restart),
        }
    }
}

/// The first steps of all, then the second ones, and so on.
fn rows<'a>(all: &[&'a [Step]]) -> Vec<Vec<&'a Step>> {
    let longest = all.iter().map(|steps| steps.len()).max().unwrap_or(0);
    let row = |at: usize| all.iter().filter_map(|steps| steps.get(at)).collect();
    (0..longest).map(row).collect()
}

/// What one command does to several objects of a kind in one namespace, or in none.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Same<'a> {
    Metadata(
        Field,
        &'a [(String, Option<String>)],
        &'static str,
        Option<&'a str>,
    ),
    Restart(&'static str, Option<&'a str>),
}

/// A piece of work.
enum Work<'a> {
    With(Same<'a>, &'a Object),
    Alone(Command),
}

fn changed(change: &Change) -> Vec<Work<'_>> {
    let object = &change.object;
    match (&change.patch, change.way) {
        (Patch::Metadata(field, entries), Way::InPlace) => {
            let namespace = object.namespace.as_deref();
            let same = Same::Metadata(*field, entries, object.kind, namespace);
            vec![Work::With(same, object)]
        }
        _ => change.commands().into_iter().map(Work::Alone).collect(),
    }
}

fn forth(step: &Step) -> Vec<Work<'_>> {
    match step {
        Step::Change { change, .. } => changed(change),
        Step::Command {
            does: Does::RestartsAll(object),
            ..
        } => {
            let same = Same::Restart(object.kind, object.namespace.as_deref());
            vec![Work::With(same, object)]
        }
        Step::Command { command, .. } => vec![Work::Alone(command.clone())],
    }
}

fn back(step: &Step) -> Vec<Work<'_>> {
    match step {
        Step::Change { back, .. } => back.iter().flat_map(|back| changed(back)).collect(),
        Step::Command { back, .. } => back.iter().cloned().map(Work::Alone).collect(),
    }
}

/// The commands, in the order in which their work comes first.
fn as_one<'a>(works: impl Iterator<Item = Work<'a>>, numbers: &Numbers) -> Vec<Command> {
    let mut tasks: Vec<(Work, Vec<&Object>)> = Vec::new();
    let (mut places, mut done, mut alone) = (HashMap::new(), HashSet::new(), HashSet::new());
    for work in works {
        match &work {
            Work::Alone(command) if alone.insert(command.clone()) => tasks.push((work, Vec::new())),
            Work::With(same, object) if done.insert((*same, *object)) => {
                let (same, object) = (*same, *object);
                let place = *places.entry(same).or_insert(tasks.len());
                match tasks.get_mut(place) {
                    Some((_, objects)) => objects.push(object),
                    None => tasks.push((work, vec![object])),
                }
            }
            Work::Alone(_) | Work::With(..) => {}
        }
    }
    let commands = tasks.into_iter().flat_map(|(work, objects)| match work {
        Work::Alone(command) => vec![command],
        Work::With(Same::Restart(..), objects_of) => restart(objects_of, &objects, numbers),
        Work::With(Same::Metadata(field, entries, ..), _) => {
            let label = |some: &[&Object]| Change::of_metadata(some, field, entries);
            objects.chunks(NAMES).map(label).collect()
        }
    });
    commands.collect()
}

fn restart(first: &Object, objects: &[&Object], numbers: &Numbers) -> Vec<Command> {
    let namespace = first.namespace.clone().unwrap_or_default();
    let all = first
        .workload_kind()
        .and_then(|kind| numbers.get(&(kind, namespace)));
    if objects.len() > 1 && all == Some(&objects.len()) {
        return vec![Object::restart_all(first)];
    }
    objects.chunks(NAMES).map(Object::restart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Connection;
    use crate::report::{Restart, Risk, quote};
    use serde_json::json;

    /// Labels a namespace, and restarts a Deployment in it.
    fn fix(namespace: &str, name: &str, label: &str) -> Fix {
        let entries = vec![("istio-injection".to_owned(), Some("enabled".to_owned()))];
        let object = Object::unscoped("Namespace", namespace);
        let before = json!({ "metadata": { "labels": { "istio-injection": label } } });
        let deployment = Object::new("Deployment", namespace, name);
        let restart = Step::Command {
            command: Object::restart(&[&deployment]),
            does: Does::RestartsAll(deployment),
            back: None,
        };
        let wait = Command::kubectl(["get", "service", "istiod", "-n", "istio-system"]);
        Fix::new("label it", Risk::RestartsPods, "")
            .change(
                Change::new(object, Patch::Metadata(Field::Labels, entries)),
                &before,
            )
            .show(wait)
            .restart(Restart {
                steps: vec![restart],
                note: String::new(),
            })
    }

    fn lines(commands: &[Command]) -> Vec<String> {
        let line = |one: &Command| quote(&one.argv(&Connection::default()));
        commands.iter().map(line).collect()
    }

    #[test]
    fn one_command_has_all_names_and_what_is_the_same_is_done_once() {
        let fixes = [
            fix("shop", "a", "on"),
            fix("shop", "b", "on"),
            fix("pay", "c", "on"),
            fix("pay", "d", "on"),
            fix("cart", "e", "On"),
        ];
        let numbers = Numbers::from([
            ((Kind::Deployment, "shop".to_owned()), 3),
            ((Kind::Deployment, "pay".to_owned()), 2),
            ((Kind::Deployment, "cart".to_owned()), 1),
        ]);
        let all: Vec<_> = fixes.iter().collect();
        let together = Together::new(&all, &numbers);
        assert_eq!(
            lines(&together.steps),
            [
                "kubectl label namespace shop pay cart istio-injection=enabled --overwrite",
                "kubectl get service istiod -n istio-system",
            ]
        );
        assert_eq!(
            lines(&together.restart),
            [
                "kubectl rollout restart deployment/a deployment/b -n shop",
                "kubectl rollout restart deployment -n pay",
                "kubectl rollout restart deployment/e -n cart",
            ]
        );
        assert_eq!(
            lines(&together.undo),
            [
                "kubectl label namespace shop pay istio-injection=on --overwrite",
                "kubectl label namespace cart istio-injection=On --overwrite",
            ]
        );
    }

    #[test]
    fn of_one_target_it_is_what_the_fix_says() {
        let fix = fix("shop", "a", "on");
        let numbers = Numbers::from([((Kind::Deployment, "shop".to_owned()), 1)]);
        let together = Together::new(&[&fix], &numbers);
        let all = [together.steps, together.restart].concat();
        assert_eq!(lines(&all), lines(&fix.commands()));
        assert_eq!(lines(&together.undo), lines(&fix.undo_commands()));
    }

    #[test]
    fn many_names_are_several_commands() {
        let fixes: Vec<_> = (0..45)
            .map(|number| fix("shop", &format!("d{number}"), "on"))
            .collect();
        let together = Together::new(&fixes.iter().collect::<Vec<_>>(), &Numbers::new());
        assert_eq!((together.steps.len(), together.restart.len()), (2, 3));
    }
}
