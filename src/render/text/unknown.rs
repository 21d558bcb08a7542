//! What nobody could tell, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::views::version_unknown;

use super::mark::Mark;
use super::{View, words};
use crate::render::page::{Page, Span, Style};

/// Codes named for each reason; the rest is counted.
const NAMED: usize = 6;

/// Writes the checks that met missing facts, by reason.
pub fn unknown(diagnoses: &[Diagnosis], wide: bool, page: &mut Page) -> io::Result<()> {
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for result in diagnoses.iter().flat_map(|diagnosis| &diagnosis.checks) {
        if let Status::Unknown(missing) = &result.status {
            let reason = if wide {
                missing.0.clone()
            } else {
                words::missing(&missing.0)
            };
            let codes = reasons.entry(reason).or_default();
            if !codes.contains(&result.check.code) {
                codes.push(result.check.code);
            }
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(
        0,
        &[Span::new(Style::Strong, "not evaluated: data missing")],
    )?;
    for (reason, codes) in reasons {
        let unicode = page.look().unicode;
        let shown = codes
            .iter()
            .take(NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = match codes.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let text = format!("{reason} ({shown}{more})");
        let lead = [Mark::Unknown.span(unicode, Style::Warning)];
        page.wrapped(2, &lead, 2 + Mark::width(unicode), &Span::plain(text))?;
    }
    Ok(())
}

/// The facts that are missing about a whole mesh, and why the API server's version is not known, on which nothing of it
/// rests.
pub fn with_version(missing: &BTreeSet<String>, view: &View) -> BTreeSet<String> {
    let mut all = missing.clone();
    all.extend(version_unknown(view.snapshot));
    all
}

/// Writes the facts that are missing about a whole mesh.
pub fn facts(missing: &BTreeSet<String>, wide: bool, page: &mut Page) -> io::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    page.blank()?;
    page.line(0, &[Span::new(Style::Strong, "data missing")])?;
    let limit = if wide { usize::MAX } else { NAMED };
    let unicode = page.look().unicode;
    let lead = [Mark::Unknown.span(unicode, Style::Warning)];
    let hang = 2 + Mark::width(unicode);
    for reason in missing.iter().take(limit) {
        let reason = if wide {
            reason.clone()
        } else {
            words::missing(reason)
        };
        page.wrapped(2, &lead, hang, &Span::plain(reason))?;
    }
    match missing.len().saturating_sub(limit) {
        0 => Ok(()),
        more => page.line(2, &[Span::plain(format!("and {more} more: -o wide"))]),
    }
}

/// How many checks met missing facts.
pub fn number(diagnosis: &Diagnosis) -> usize {
    let statuses = diagnosis.checks.iter().map(|result| &result.status);
    statuses
        .filter(|status| matches!(status, Status::Unknown(_)))
        .count()
}
