//! `injdoctor version`.

use std::io::{self, Write};

use injdoctor_checks::facts::{Fact, Resource, Snapshot};
use injdoctor_checks::plan::Question;
use injdoctor_checks::views::{control_plane_kinds, control_planes};
use serde_json::json;

use super::source;
use crate::cli::{ConnectionFlags, Version, VersionFormat};
use crate::exit::Exit;
use crate::render::page::{Page, Style};
use crate::render::text::table::Columns;
use crate::render::{json, text};
use crate::terminal::Look;

/// Writes the versions. Where the cluster cannot be reached, the own one is told all the same, as kubectl does.
pub fn run(
    arguments: &Version,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let read = source::live(connection, look, |_| Ok(Question::Webhooks(None)));
    let snapshot = read.as_ref().ok();
    let unread = snapshot.map(unread).unwrap_or_default();
    let written = match arguments.output {
        VersionFormat::Text => for_people(snapshot, &unread, &mut Page::new(out, look)),
        VersionFormat::Json => json::pretty(
            &json!({
                "clientVersion": env!("CARGO_PKG_VERSION"),
                "cluster": snapshot.map(json::cluster),
                "unread": unread,
            }),
            out,
        ),
    };
    super::finish(written, out)?;
    read?;
    Ok(match unread.as_slice() {
        [] => Exit::Clear,
        _ => Exit::Unknown,
    })
}

/// What could not be read of what tells versions: istiods are looked for where the webhooks call.
fn unread(snapshot: &Snapshot) -> Vec<String> {
    let kinds = [Resource::MutatingWebhookConfiguration, Resource::Deployment];
    let reads = kinds
        .into_iter()
        .flat_map(|kind| snapshot.reads.reads_of(kind));
    let reads = reads.filter_map(|(_, fact)| words(fact));
    words(&snapshot.server_version)
        .into_iter()
        .chain(reads)
        .collect()
}

fn words<T>(fact: &Fact<T>) -> Option<String> {
    match fact {
        Fact::Refused(unread) | Fact::Failed(unread) => Some(unread.to_string()),
        Fact::Got(_) | Fact::Absent | Fact::NotAsked => None,
    }
}

fn for_people(snapshot: Option<&Snapshot>, unread: &[String], page: &mut Page) -> io::Result<()> {
    let mut columns = Columns::headless(page);
    let mut row = |what: &str, version: String| {
        columns.row([(Style::Plain, what.to_owned()), (Style::Plain, version)]);
    };
    row("injdoctor", env!("CARGO_PKG_VERSION").to_owned());
    if let Some(snapshot) = snapshot {
        if let Some(version) = snapshot.server_version.got() {
            row("Kubernetes", version.clone());
        }
        let all = control_planes(snapshot);
        for istiod in &all {
            let version = text::version(&istiod.version);
            let place = format!("deployment/{} -n {}", istiod.name, istiod.namespace);
            row(
                "Istio",
                format!("{version}, revision {}, {place}", istiod.revision),
            );
        }
        let kinds = control_plane_kinds(snapshot);
        for kind in &kinds {
            row("Istio", kind.to_string());
        }
        if all.is_empty() && kinds.is_empty() && unread.is_empty() {
            row(
                "Istio",
                "no istiod that an injection webhook calls".to_owned(),
            );
        }
    }
    for reason in unread {
        row("unknown", reason.clone());
    }
    columns.write(page)
}
