//! The line of facts at the top.

use std::io;

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::report::Diagnosis;

use crate::render::control_plane;
use crate::render::page::{Page, Span, Style};
use crate::render::Report;

/// Writes what was looked at, and where.
pub fn facts(report: &Report, subject: &str, page: &mut Page) -> io::Result<()> {
    let snapshot = report.snapshot;
    let mut facts = Vec::new();
    if !snapshot.connection.context.is_empty() {
        facts.push(format!("context {}", snapshot.connection.context));
    }
    facts.push(match snapshot.cluster.server_version.got() {
        Some(version) => format!("Kubernetes {version}"),
        None => "Kubernetes ?".to_owned(),
    });
    let revision = revision(report.diagnoses);
    facts.push(istio(snapshot, revision));
    facts.extend(revision.map(|revision| format!("revision {revision}")));
    if report.recorded {
        facts.push(format!("recorded {}", snapshot.recorded_at.strftime("%Y-%m-%d %H:%M UTC")));
    }
    page.flow(&Span::new(Style::Strong, subject), &facts, 2)
}

/// The target in words.
pub fn subject(diagnosis: &Diagnosis) -> String {
    let target = &diagnosis.target;
    match target.namespace.as_str() {
        "" => target.to_string(),
        namespace => format!("{target} in {namespace}"),
    }
}

fn revision(diagnoses: &[Diagnosis]) -> Option<&str> {
    match diagnoses {
        [one] => one.predicted.as_ref()?.revision.as_deref(),
        _ => None,
    }
}

fn istio(snapshot: &Snapshot, revision: Option<&str>) -> String {
    let mut all = control_plane::all(snapshot);
    if all.iter().any(|istiod| Some(istiod.revision.as_str()) == revision) {
        all.retain(|istiod| Some(istiod.revision.as_str()) == revision);
    }
    let version = |istiod: &control_plane::ControlPlane| {
        istiod.version.clone().unwrap_or_else(|| "?".to_owned())
    };
    match all.as_slice() {
        [] => "Istio ?".to_owned(),
        [one] => format!("Istio {}", version(one)),
        several => {
            let words = several.iter().map(|one| format!("{} ({})", version(one), one.revision));
            format!("Istio {}", words.collect::<Vec<_>>().join(", "))
        }
    }
}
