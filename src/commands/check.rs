//! `injdoctor check`.

use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::time::Duration;

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::plan;

use super::answer::{Question, answer};
use super::follow::{Until, follow};
use super::{narrow, source};
use crate::cli::{Check, ConnectionFlags, Targets};
use crate::cluster::Link;
use crate::exit::Exit;
use crate::input::Input;
use crate::local;
use crate::manifest::{self, DefaultNamespace, Manifests};
use crate::render::sanitize;
use crate::target::{self, Wanted};
use crate::terminal::Look;

/// Judges workloads of a cluster, of manifests, or of a snapshot.
pub fn run(
    arguments: &Check,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let wanted = target::parse(&arguments.targets.target)?;
    let snapshot = match &arguments.from {
        Some(file) => {
            let mut snapshot = source::file(file, connection)?;
            narrow::to_targets(&mut snapshot, &wanted, connection.namespace.as_deref())?;
            snapshot
        }
        None => live(arguments, &wanted, connection, look, out)?,
    };
    if arguments.watch {
        return Ok(Exit::Clear);
    }
    if let (Some(file), None) = (
        &arguments.injector_config,
        &snapshot.connection.injector_config,
    ) {
        let words = format!(
            "{file} is not used: no ConfigMap of that name and namespace was asked for and refused"
        );
        note(&words, look);
    }
    let question = question(arguments, &wanted, connection, &snapshot);
    // The program ends: to free thousands of objects one by one only takes time.
    let snapshot = ManuallyDrop::new(snapshot);
    answer(&snapshot, &question, &arguments.answer, look, out)
}

fn question(
    arguments: &Check,
    wanted: &[Wanted],
    connection: &ConnectionFlags,
    snapshot: &Snapshot,
) -> Question {
    let from_files = arguments.from.is_some() || !arguments.files.is_empty();
    Question {
        list: match wanted {
            _ if from_files => snapshot.subjects.len() != 1,
            [Wanted::Named(..)] => false,
            _ => true,
        },
        recorded: arguments.from.is_some(),
        nothing: nothing(&arguments.targets, connection),
        again: again(arguments, connection),
    }
}

/// Reads the cluster, once or for as long as the user wants.
fn live(
    arguments: &Check,
    wanted: &[Wanted],
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Snapshot> {
    let ask = |link: &mut Link| {
        if let Some(file) = &arguments.injector_config {
            let mut stdin = io::stdin().lock();
            let mut input = input(&mut stdin, link);
            link.injector = Some((file.clone(), local::read(file, &mut input)?));
        }
        match arguments.files.is_empty() {
            true => named(&arguments.targets, wanted.to_vec(), link),
            false => manifests(arguments, connection, look, link),
        }
    };
    let until = match arguments.wait {
        Some(Duration::ZERO) => Until::Well(None),
        Some(most) => Until::Well(Some(most)),
        None if arguments.watch => Until::Stopped,
        None => {
            let once = async |_: &Link, _: &plan::Question, snapshot| Ok(snapshot);
            return source::live_and(connection, look, ask, once);
        }
    };
    source::live_and(connection, look, ask, async |link, asked, snapshot| {
        if arguments.watch {
            let question = question(arguments, wanted, connection, &snapshot);
            answer(&snapshot, &question, &arguments.answer, look, out)?;
        }
        follow(link, asked, snapshot, (until, &arguments.answer), out).await
    })
}

/// Reads workloads from the cluster.
pub fn workloads(
    targets: &Targets,
    wanted: Vec<Wanted>,
    connection: &ConnectionFlags,
    look: Look,
) -> anyhow::Result<Snapshot> {
    source::live(connection, look, |link| named(targets, wanted, link))
}

fn named(targets: &Targets, wanted: Vec<Wanted>, link: &Link) -> anyhow::Result<plan::Question> {
    let namespace = (!targets.all_namespaces).then(|| link.namespace.clone());
    let selector = targets.selector.clone();
    Ok(target::question(wanted, namespace, selector)?)
}

fn manifests(
    arguments: &Check,
    connection: &ConnectionFlags,
    look: Look,
    link: &Link,
) -> anyhow::Result<plan::Question> {
    let namespace = DefaultNamespace {
        name: &link.namespace,
        is_explicit: connection.namespace.is_some(),
    };
    let mut stdin = io::stdin().lock();
    let mut input = input(&mut stdin, link);
    let Manifests {
        subjects,
        namespaces,
        skipped,
    } = manifest::read(&arguments.files, arguments.recursive, &mut input, namespace)?;
    not_judged(&skipped, look);
    Ok(plan::Question::Manifests {
        subjects,
        namespaces,
    })
}

fn input<'a>(stdin: &'a mut dyn Read, link: &Link) -> Input<'a> {
    Input {
        stdin,
        wait: link.limits.total,
    }
}

/// Says on standard error what of the manifests is not judged.
fn not_judged(skipped: &[String], look: Look) {
    if skipped.is_empty() {
        return;
    }
    let words = format!(
        "not judged, as injdoctor knows no pod template in them: {}; once they are applied, \
         `injdoctor check TYPE/NAME` judges the pods that one owns",
        skipped.join(", ")
    );
    note(&words, look);
}

fn note(words: &str, look: Look) {
    let words = sanitize(words, look.unicode);
    // Where standard error is closed, there is nowhere left to say it.
    let _ = writeln!(io::stderr(), "note: {words}");
}

/// The arguments that ask the same again.
fn again(arguments: &Check, connection: &ConnectionFlags) -> Vec<String> {
    let targets = &arguments.targets;
    let mut words = vec!["check".to_owned()];
    words.extend(targets.target.iter().cloned());
    words.extend(targets.all_namespaces.then(|| "-A".to_owned()));
    let flags = [
        ("-n", connection.namespace.as_ref()),
        ("-l", targets.selector.as_ref()),
        ("--from", arguments.from.as_ref()),
    ];
    let given = flags
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value?)));
    let files = arguments.files.iter().map(|file| ("-f", file));
    words.extend(
        given
            .chain(files)
            .flat_map(|(flag, value)| [flag.to_owned(), value.clone()]),
    );
    words
}

fn nothing(targets: &Targets, connection: &ConnectionFlags) -> String {
    let place = match &connection.namespace {
        _ if targets.all_namespaces => "any namespace".to_owned(),
        Some(namespace) => format!("namespace {namespace}"),
        None => "the current namespace; -A looks in all of them".to_owned(),
    };
    match &targets.selector {
        Some(selector) => format!("no resources with labels {selector} found in {place}"),
        None => format!("no resources found in {place}"),
    }
}
