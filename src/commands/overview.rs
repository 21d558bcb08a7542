//! `injdoctor namespace` and `injdoctor revision`: the mesh as a whole.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::bail;
use injdoctor_checks::diagnose_subject;
use injdoctor_checks::diagnosis::Causes;
use injdoctor_checks::facts::{Index, Snapshot};
use injdoctor_checks::plan::{self, Question};
use injdoctor_checks::views::{Overview, is_of_all};
use injdoctor_checks::way::Mesh;

use super::answer::tell_left_out;
use super::source;
use crate::cli::{Answer, ConnectionFlags, Format, Namespace, Revision};
use crate::codes::LeftOut;
use crate::exit::{self, Exit};
use crate::render::page::Page;
use crate::render::text::View;
use crate::render::{json, sanitize, text};
use crate::terminal::Look;

/// Formats that have an entry for each workload.
const OF_TARGETS: &str = "this format is about workloads, and belongs to `injdoctor check`; -o json and -o yaml are there, too";

/// Shows the namespaces.
pub fn namespaces(
    arguments: &Namespace,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    if let Some(name) = &connection.namespace {
        bail!("namespaces are arguments of this command: injdoctor namespace {name}");
    }
    let mut only: BTreeSet<_> = arguments.names.iter().cloned().collect();
    let snapshot = read(arguments.from.as_deref(), &mut only, connection, look)?;
    let mesh = Mesh::new(&snapshot);
    let counted = count(&mesh, &only, &arguments.answer);
    let view = view(&counted, &mesh, arguments.from.is_some(), &arguments.answer);
    let shown = || json::views::namespaces(view.overview, &snapshot);
    let written = match arguments.answer.output {
        Format::Text | Format::Wide => text::namespaces(&view, &mut Page::new(out, look)),
        Format::Json => json::pretty(&shown(), out),
        Format::Yaml => json::as_yaml(&shown(), out),
        Format::Name => names(&counted.failed, out),
        Format::Jsonl | Format::Junit | Format::Markdown => bail!(OF_TARGETS),
    };
    super::finish(written, out)?;
    Ok(counted.exit)
}

/// Shows the revisions.
pub fn revisions(
    arguments: &Revision,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    if connection.namespace.is_some() {
        bail!("whether a revision is used shows in all namespaces only; leave -n out");
    }
    let mut only = BTreeSet::new();
    let snapshot = read(arguments.from.as_deref(), &mut only, connection, look)?;
    let mesh = Mesh::new(&snapshot);
    let counted = count(&mesh, &only, &arguments.answer);
    let view = view(&counted, &mesh, arguments.from.is_some(), &arguments.answer);
    let shown = || json::views::revisions(view.overview, &snapshot);
    let written = match arguments.answer.output {
        Format::Text | Format::Wide => text::revisions(&view, &mut Page::new(out, look)),
        Format::Json => json::pretty(&shown(), out),
        Format::Yaml => json::as_yaml(&shown(), out),
        Format::Name => {
            bail!("-o name names what has findings, and a revision has none; -o json lists them")
        }
        Format::Jsonl | Format::Junit | Format::Markdown => bail!(OF_TARGETS),
    };
    super::finish(written, out)?;
    Ok(counted.exit)
}

/// Everything in these namespaces, or in all of them; of a snapshot of less, those that it is of.
fn read(
    file: Option<&str>,
    only: &mut BTreeSet<String>,
    connection: &ConnectionFlags,
    look: Look,
) -> anyhow::Result<Snapshot> {
    let Some(file) = file else {
        let question = Question::Namespaces(only.clone());
        return source::live(connection, look, |_| Ok(question));
    };
    let mut snapshot = source::file(file, connection)?;
    if is_of_all(&Index::new(&snapshot.reads)).is_ok() {
        let question = Question::Namespaces(only.clone());
        snapshot.subjects = plan::subjects(&question, &snapshot.reads);
    } else if only.is_empty() {
        let subjects = snapshot.subjects.iter();
        *only = subjects.map(|one| one.target.namespace.clone()).collect();
    } else {
        let subjects = &mut snapshot.subjects;
        subjects.retain(|one| only.contains(&one.target.namespace));
    }
    Ok(snapshot)
}

/// What the diagnoses add up to.
struct Counted<'a> {
    overview: Overview<'a>,
    /// The namespaces with findings at or above the threshold.
    failed: BTreeSet<String>,
    exit: Exit,
}

fn view<'a>(
    counted: &'a Counted<'a>,
    mesh: &Mesh<'a>,
    recorded: bool,
    answer: &Answer,
) -> View<'a> {
    View {
        overview: &counted.overview,
        snapshot: mesh.snapshot(),
        recorded,
        wide: answer.output == Format::Wide,
    }
}

fn count<'a>(mesh: &'a Mesh<'a>, only: &BTreeSet<String>, answer: &Answer) -> Counted<'a> {
    let mut counted = Counted {
        overview: Overview::new(mesh, only),
        failed: BTreeSet::new(),
        exit: Exit::Clear,
    };
    let mut causes = Causes::default();
    let (choice, mut left_out) = (answer.choice(), LeftOut::new());
    for subject in &mesh.snapshot().subjects {
        let mut diagnosis = diagnose_subject(mesh, subject, &mut causes);
        choice.narrow(&mut diagnosis, &mut left_out);
        counted.overview.add(&diagnosis);
        counted.exit = counted.exit.with(&diagnosis, answer.fail_on);
        if exit::fails(&diagnosis, answer.fail_on) {
            counted.failed.insert(diagnosis.target.namespace);
        }
    }
    tell_left_out(&left_out);
    counted
}

fn names(failed: &BTreeSet<String>, out: &mut dyn Write) -> io::Result<()> {
    let mut names = failed.iter();
    names.try_for_each(|name| writeln!(out, "namespace/{}", sanitize(name, true)))
}
