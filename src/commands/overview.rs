//! `injdoctor namespace` and `injdoctor revision`: the mesh as a whole.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anyhow::bail;
use injdoctor_checks::diagnose_all;
use injdoctor_checks::facts::{Index, Snapshot};
use injdoctor_checks::plan::{self, Question};
use injdoctor_checks::views::{Overview, is_of_all};
use injdoctor_checks::way::Mesh;
use serde::Serialize;

use super::answer::{tell_left_out, threads};
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
    let asked = Asked {
        from: arguments.from.as_deref(),
        only: arguments.names.iter().cloned().collect(),
        answer: &arguments.answer,
    };
    let shape = Shape {
        text: text::namespaces,
        value: json::views::namespaces,
        names: |counted, out| Ok(names(&counted.failed, out)),
    };
    show(asked, &shape, connection, look, out)
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
    let asked = Asked {
        from: arguments.from.as_deref(),
        only: BTreeSet::new(),
        answer: &arguments.answer,
    };
    let shape = Shape {
        text: text::revisions,
        value: json::views::revisions,
        names: |_, _| {
            bail!("-o name names what has findings, and a revision has none; -o json lists them")
        },
    };
    show(asked, &shape, connection, look, out)
}

/// What somebody asks for.
struct Asked<'a> {
    /// A snapshot.
    from: Option<&'a str>,
    /// These namespaces; without any, all.
    only: BTreeSet<String>,
    answer: &'a Answer,
}

/// How a view is written.
struct Shape<V> {
    text: fn(&View, &mut Page) -> io::Result<()>,
    value: fn(&Overview, &Snapshot) -> V,
    names: fn(&Counted, &mut dyn Write) -> anyhow::Result<io::Result<()>>,
}

fn show<V: Serialize>(
    mut asked: Asked,
    shape: &Shape<V>,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let answer = asked.answer;
    let snapshot = read(asked.from, &mut asked.only, connection, look)?;
    let mesh = Mesh::new(&snapshot);
    let counted = count(&mesh, &asked.only, answer);
    let value = || (shape.value)(&counted.overview, &snapshot);
    let written = match answer.output {
        Format::Text | Format::Wide => {
            let view = View {
                overview: &counted.overview,
                snapshot: &snapshot,
                recorded: asked.from.is_some(),
                wide: answer.output == Format::Wide,
            };
            (shape.text)(&view, &mut Page::new(out, look))
        }
        Format::Json => json::pretty(&value(), out),
        Format::Yaml => json::as_yaml(&value(), out),
        Format::Name => (shape.names)(&counted, out)?,
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
        snapshot.subjects = plan::subjects(&question, &Index::new(&snapshot.reads));
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

fn count<'a>(mesh: &'a Mesh<'a>, only: &BTreeSet<String>, answer: &Answer) -> Counted<'a> {
    let mut counted = Counted {
        overview: Overview::new(mesh, only),
        failed: BTreeSet::new(),
        exit: Exit::Clear,
    };
    let (choice, mut left_out) = (answer.choice(), LeftOut::new());
    diagnose_all(mesh.snapshot(), threads(mesh.snapshot()), |diagnoses| {
        for mut diagnosis in diagnoses {
            choice.narrow(&mut diagnosis, &mut left_out);
            counted.overview.add(&diagnosis);
            counted.exit = counted.exit.with(&diagnosis, answer.fail_on);
            if exit::fails(&diagnosis, answer.fail_on) {
                counted.failed.insert(diagnosis.target.namespace);
            }
        }
    });
    tell_left_out(&left_out);
    counted
}

fn names(failed: &BTreeSet<String>, out: &mut dyn Write) -> io::Result<()> {
    let mut names = failed.iter();
    names.try_for_each(|name| writeln!(out, "namespace/{}", sanitize(name, true)))
}
