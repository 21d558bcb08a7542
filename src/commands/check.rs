//! `injdoctor check`.

use std::io::{self, Write};

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::plan;

use super::answer::{Question, answer};
use super::{narrow, source};
use crate::cli::{Check, ConnectionFlags, Targets};
use crate::exit::Exit;
use crate::input::Input;
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
        None if !arguments.files.is_empty() => manifests(arguments, connection, look)?,
        None => workloads(&arguments.targets, wanted.clone(), connection, look)?,
    };
    let from_files = arguments.from.is_some() || !arguments.files.is_empty();
    let question = Question {
        list: match wanted.as_slice() {
            _ if from_files => snapshot.subjects.len() != 1,
            [Wanted::Named(..)] => false,
            _ => true,
        },
        recorded: arguments.from.is_some(),
        nothing: nothing(&arguments.targets, connection),
    };
    answer(&snapshot, &question, &arguments.answer, look, out)
}

/// Reads workloads from the cluster.
pub fn workloads(
    targets: &Targets,
    wanted: Vec<Wanted>,
    connection: &ConnectionFlags,
    look: Look,
) -> anyhow::Result<Snapshot> {
    source::live(connection, look, |link| {
        let namespace = (!targets.all_namespaces).then(|| link.namespace.clone());
        Ok(target::question(
            wanted,
            namespace,
            targets.selector.clone(),
        )?)
    })
}

fn manifests(
    arguments: &Check,
    connection: &ConnectionFlags,
    look: Look,
) -> anyhow::Result<Snapshot> {
    source::live(connection, look, |link| {
        let namespace = DefaultNamespace {
            name: &link.namespace,
            is_explicit: connection.namespace.is_some(),
        };
        let mut stdin = io::stdin().lock();
        let mut input = Input {
            stdin: &mut stdin,
            wait: link.limits.total,
        };
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
    })
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
    let words = sanitize(&words, look.unicode);
    // Where standard error is closed, there is nowhere left to say it.
    let _ = writeln!(io::stderr(), "note: {words}");
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
