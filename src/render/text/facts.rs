//! The line of facts at the top.

use std::collections::BTreeMap;
use std::io;

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::views::{ambient_marks, control_plane_kinds, control_planes};
use injdoctor_checks::way::Version;

use super::{Report, words};
use crate::input;
use crate::render::page::{Page, Span, Style};

/// Writes what was looked at, and where.
pub fn facts(report: &Report, subject: &str, page: &mut Page) -> io::Result<()> {
    let file = manifest(report).map(|file| format!("from {file}"));
    let revision = revision(report.diagnoses);
    let own = file.into_iter().chain(ambient(report.diagnoses));
    write(
        report.snapshot,
        subject,
        own.collect(),
        revision,
        report.recorded,
        page,
    )
}

/// Writes where a whole mesh was looked at.
pub fn of_mesh(
    snapshot: &Snapshot,
    subject: &str,
    recorded: bool,
    page: &mut Page,
) -> io::Result<()> {
    write(snapshot, subject, Vec::new(), None, recorded, page)
}

fn write(
    snapshot: &Snapshot,
    subject: &str,
    mut facts: Vec<String>,
    revision: Option<&str>,
    recorded: bool,
    page: &mut Page,
) -> io::Result<()> {
    if !snapshot.connection.context.is_empty() {
        facts.push(format!("context {}", snapshot.connection.context));
    }
    facts.push(match snapshot.server_version.got() {
        Some(version) => format!("Kubernetes {version}"),
        None => "Kubernetes ?".to_owned(),
    });
    facts.push(istio(snapshot, revision));
    let kinds = control_plane_kinds(snapshot);
    facts.extend(kinds.iter().map(ToString::to_string));
    facts.extend(revision.map(|revision| format!("revision {revision}")));
    let ambient = ambient_marks(snapshot);
    if !ambient.is_empty() {
        facts.push(format!("ambient data plane ({})", ambient.join(", ")));
    }
    let copy = snapshot.connection.injector_config.as_ref();
    facts
        .extend(copy.map(|file| format!("injector's ConfigMap from {file}, not from the cluster")));
    if recorded {
        facts.push(format!(
            "recorded {}",
            snapshot.recorded_at.strftime("%Y-%m-%d %H:%M UTC")
        ));
    }
    page.flow(&Span::new(Style::Strong, subject), &facts, 2)
}

/// The file that the only target comes from, if it is not in the cluster.
fn manifest(report: &Report) -> Option<String> {
    match report.snapshot.subjects.as_slice() {
        [one] => one
            .manifest
            .as_ref()
            .map(|manifest| input::title(&manifest.file)),
        _ => None,
    }
}

/// The target in words.
pub fn subject(diagnosis: &Diagnosis) -> String {
    let target = words::subject(diagnosis);
    match diagnosis.target.namespace.as_str() {
        "" => target,
        namespace => match &diagnosis.owner {
            Some(owner) if !diagnosis.target.name.is_empty() => {
                format!("{target} of {owner} in {namespace}")
            }
            _ => format!("{target} in {namespace}"),
        },
    }
}

/// That the only target is in the ambient data plane.
fn ambient(diagnoses: &[Diagnosis]) -> Option<String> {
    match diagnoses {
        [one] => one.ambient.map(|by| format!("ambient by its {by}'s label")),
        _ => None,
    }
}

fn revision(diagnoses: &[Diagnosis]) -> Option<&str> {
    match diagnoses {
        [one] => one.predicted.as_ref()?.revision.as_deref(),
        _ => None,
    }
}

fn istio(snapshot: &Snapshot, revision: Option<&str>) -> String {
    let mut all = control_planes(snapshot);
    if all
        .iter()
        .any(|istiod| Some(istiod.revision.as_str()) == revision)
    {
        all.retain(|istiod| Some(istiod.revision.as_str()) == revision);
    }
    if all.is_empty() {
        return "Istio ?".to_owned();
    }
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for istiod in all {
        let version = version(&istiod.version);
        versions.entry(version).or_default().push(istiod.revision);
    }
    let one = versions.len() == 1 && versions.values().all(|revisions| revisions.len() == 1);
    let words = versions.into_iter().map(|(version, revisions)| match one {
        true => version,
        false => format!("{version} for {}", revisions.join(", ")),
    });
    format!("Istio {}", words.collect::<Vec<_>>().join(", "))
}

/// A version, and what tells it; or why none is told.
pub fn version(version: &Version) -> String {
    match version {
        Version::Told(all) => {
            let words: Vec<_> = all
                .iter()
                .map(|one| format!("{} ({})", one.number.text, one.from))
                .collect();
            words.join(" and ")
        }
        Version::Untold(why) => format!("? ({why})"),
    }
}
