//! The blocks of `injdoctor revision`.

use std::io;

use injdoctor_checks::views::{Removal, Revision};

use super::finding::Extent;
use super::namespaces::COMMANDS;
use super::{View, facts, finding, meshes, overview, unknown, words};
use crate::render::page::{Page, Span, Style};

/// Names in a line, at most; `-o wide` has no limit.
const NAMED: usize = 6;

/// Writes the revisions.
pub fn revisions(view: &View, page: &mut Page) -> io::Result<()> {
    let all: Vec<_> = view.overview.revisions().collect();
    let number = words::count(all.len(), "revision", "revisions");
    facts::of_mesh(view.snapshot, &number, view.recorded, page)?;
    let limit = if view.wide { usize::MAX } else { NAMED };
    let missing = view.overview.missing_users();
    let no_pods = match missing.is_empty() {
        true => Span::plain("none"),
        false => Span::new(Style::Warning, "none is seen"),
    };
    for (revision, removal) in &all {
        page.blank()?;
        let name = format!("revision {}", revision.name);
        page.line(0, &[Span::new(Style::Strong, name)])?;
        block(revision, limit, &no_pods, page)?;
        let (style, text) = words_of(removal);
        line("removal", &Span::new(style, text), page)?;
        restart(revision, view, page)?;
    }
    meshes::several(view.snapshot, page)?;
    unknown::facts(&unknown::with_version(&missing, view), view.wide, page)?;
    let number_of =
        |wanted: fn(&Removal) -> bool| all.iter().filter(|(_, one)| wanted(one)).count();
    let used = number_of(|one| matches!(one, Removal::Used(_)));
    let unused = number_of(|one| *one == Removal::Unused);
    let unknown = number_of(|one| *one == Removal::Unknown);
    let headline = format!("{number}: {used} USED, {unused} UNUSED, {unknown} UNKNOWN");
    let style = match missing.is_empty() {
        true => Style::Plain,
        false => Style::Warning,
    };
    page.blank()?;
    page.flow(&Span::new(style, headline), &[], 2)
}

fn block(revision: &Revision, limit: usize, no_pods: &Span, page: &mut Page) -> io::Result<()> {
    let istiods = revision.control_planes.iter().map(|one| {
        let version = facts::version(&one.version);
        format!("deployment/{} in {}: {version}", one.name, one.namespace)
    });
    let istiods = istiods.collect::<Vec<_>>();
    let istiod = match istiods.is_empty() {
        true => Span::new(Style::Warning, "none is seen in this cluster"),
        false => Span::plain(istiods.join("; ")),
    };
    line("istiod", &istiod, page)?;
    line("webhooks", &names(&revision.webhooks, limit), page)?;
    line("tags", &names(&revision.tags, limit), page)?;
    line("namespaces", &names(&revision.namespaces, limit), page)?;
    let next = words::count(revision.workloads, "workload", "workloads");
    line("next pods", &Span::plain(format!("of {next}")), page)?;
    let pods = revision.pods.iter();
    let pods: Vec<_> = pods
        .map(|(name, number)| format!("{number} in {name}"))
        .collect();
    let pods = match revision.pods.values().sum() {
        0 => no_pods.clone(),
        number if pods.len() > 1 => {
            let all: usize = number;
            Span::plain(format!("{all}: {}", some(&pods, limit)))
        }
        _ => Span::plain(some(&pods, limit)),
    };
    line("pods", &pods, page)?;
    let gateways = revision.gateways.iter();
    let gateways: Vec<_> = gateways
        .map(|(name, number)| format!("{number} in {name}"))
        .collect();
    if !gateways.is_empty() {
        line("gateways", &names(&gateways, limit), page)?;
    }
    if !revision.ztunnels.is_empty() {
        line("ztunnel", &names(&revision.ztunnels, limit), page)?;
    }
    Ok(())
}

/// What keeps a revision in use for no other reason than that pods were not restarted.
fn restart(revision: &Revision, view: &View, page: &mut Page) -> io::Result<()> {
    let findings: Vec<_> = revision.left.iter().collect();
    if findings.is_empty() {
        return Ok(());
    }
    let workloads = words::count(findings.len(), "workload", "workloads");
    let text = format!("{workloads}, whose next pods get another revision");
    line("restart", &Span::plain(text), page)?;
    let numbers = overview::numbers(view.snapshot);
    let extent = Extent {
        commands: if view.wide { usize::MAX } else { COMMANDS },
        ..Extent::all(view.snapshot, &numbers)
    };
    finding::fixes(&findings, &extent, page)
}

fn line(name: &str, text: &Span, page: &mut Page) -> io::Result<()> {
    let lead = [Span::new(Style::Faint, format!("{name:10}"))];
    page.wrapped(2, &lead, 13, text)
}

fn names<'a>(all: impl IntoIterator<Item = &'a String>, limit: usize) -> Span {
    let all: Vec<_> = all.into_iter().cloned().collect();
    match all.len() {
        0 => Span::plain("none"),
        1 => Span::plain(some(&all, limit)),
        number => Span::plain(format!("{number}: {}", some(&all, limit))),
    }
}

fn some(all: &[String], limit: usize) -> String {
    let more = all.len().saturating_sub(limit);
    let more = (more > 0).then(|| format!("{more} more"));
    let named: Vec<_> = all.iter().take(limit).cloned().chain(more).collect();
    words::and(&named)
}

fn words_of(removal: &Removal) -> (Style, String) {
    match removal {
        Removal::Unused => (
            Style::Good,
            "possible: nothing in this cluster uses it; machines and clusters beyond it are not seen".to_owned(),
        ),
        Removal::Used(by) => (Style::Plain, format!("not yet, it is used by {}", words::and(by))),
        Removal::Unknown => (
            Style::Warning,
            "unknown: nothing is seen to use it, but data is missing".to_owned(),
        ),
    }
}
