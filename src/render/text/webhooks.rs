//! The table of `injdoctor webhook`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use injdoctor_checks::way::{WebhookRow, validator_rows};

use super::table::Columns;
use super::{Report, words};
use crate::render::page::{Page, Span, Style};

/// The least columns of a terminal for the table.
const TABLE: usize = 80;

const WIDE: [&str; 11] = [
    "WEBHOOK",
    "ENTRY",
    "REVISION",
    "TAG",
    "CALLS",
    "READY",
    "POLICY",
    "TIMEOUT",
    "CABUNDLE",
    "EXPIRES",
    "NAMESPACES",
];
const NARROW: [&str; 6] = [
    "WEBHOOK\n  ENTRY",
    "REVISION\n(TAG)",
    "CALLS",
    "READY\nPOLICY",
    "CABUNDLE\nEXPIRES",
    "NS",
];

/// Writes the injection entries, each with what becomes of a call.
pub fn table(report: &Report, wide: bool, page: &mut Page) -> io::Result<()> {
    let rows: Vec<_> = report
        .diagnoses
        .iter()
        .flat_map(|diagnosis| &diagnosis.webhooks)
        .collect();
    let mut columns;
    if !wide && page.look().width < TABLE {
        return blocks(&rows, page);
    }
    if wide {
        columns = Columns::new(&WIDE, false, page);
        rows.into_iter().for_each(|row| columns.row(wide_row(row)));
    } else {
        columns = Columns::new(&NARROW, true, page);
        let room = Room::new(&rows, page.look().width);
        for alike in rows.chunk_by(|a, b| alike(a, b)) {
            columns.row(narrow_row(alike, &room));
        }
    }
    columns.write(page)
}

/// Writes the same without columns, for a narrow terminal.
fn blocks(rows: &[&WebhookRow], page: &mut Page) -> io::Result<()> {
    for alike in rows.chunk_by(|a, b| alike(a, b)) {
        let Some(first) = alike.first() else {
            continue;
        };
        let mut name = first.configuration.clone();
        if first.deactivated {
            name.push_str(" (deactivated)");
        }
        page.line(0, &[Span::new(Style::Strong, name)])?;
        let tag = first.tag.iter().map(|tag| format!("tag {tag}"));
        let (ready_style, ready) = ready(first);
        let (ca_style, ca_bundle) = ca_bundle(first);
        let (policy_style, policy) = policy(first);
        let entries = alike.iter().map(|row| {
            let number = match &row.namespaces {
                Ok(names) => words::count(names.len(), "namespace", "namespaces"),
                Err(_) => "? namespaces".to_owned(),
            };
            format!("{} selects {number}", entry(row))
        });
        let revision = first.revision.clone().unwrap_or_else(none);
        let lines = [
            (
                Style::Plain,
                std::iter::once(format!("revision {revision}"))
                    .chain(tag)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            (ready_style, format!("calls {}, ready {ready}", first.calls)),
            (
                policy_style,
                format!("failurePolicy {policy}, timeout {}s", first.timeout),
            ),
            (
                ca_style,
                format!("caBundle {ca_bundle}, expires {}", expires(first)),
            ),
            (Style::Plain, entries.collect::<Vec<_>>().join(", ")),
        ];
        for (style, text) in lines {
            page.wrapped(2, &[], 4, &Span::new(style, text))?;
        }
    }
    Ok(())
}

fn wide_row(row: &WebhookRow) -> [(Style, String); 11] {
    let namespaces = match &row.namespaces {
        Ok(names) if names.is_empty() => "none".to_owned(),
        Ok(names) => names.join(", "),
        Err(reason) => format!("? {reason}"),
    };
    [
        (Style::Plain, row.configuration.clone()),
        (Style::Plain, row.entry.clone()),
        (Style::Plain, row.revision.clone().unwrap_or_else(none)),
        (Style::Plain, row.tag.clone().unwrap_or_else(none)),
        (Style::Plain, row.calls.clone()),
        ready(row),
        policy(row),
        (Style::Plain, format!("{}s", row.timeout)),
        ca_bundle(row),
        (Style::Plain, expires(row)),
        (Style::Plain, namespaces),
    ]
}

/// Whether two entries differ in nothing but their names and what they select, as those of one
/// configuration mostly do.
fn alike(a: &WebhookRow, b: &WebhookRow) -> bool {
    let without_names = |row: &WebhookRow| WebhookRow {
        entry: String::new(),
        namespaces: Ok(Vec::new()),
        set_by: Vec::new(),
        ..row.clone()
    };
    without_names(a) == without_names(b)
}

/// The columns of a terminal, shared out: names and addresses are what can be shortened.
struct Room {
    names: usize,
    breaks: &'static [char],
}

impl Room {
    /// READY and POLICY, a date, NS, and the two blanks between columns.
    const FIXED: usize = 6 + 10 + 2 + 5 * 2;
    /// Names are not cut below this.
    const NAMES: usize = 20;

    fn new(rows: &[&WebhookRow], width: usize) -> Self {
        let longest = |length: &dyn Fn(&WebhookRow) -> usize| {
            rows.iter().map(|row| length(row)).max().unwrap_or_default()
        };
        let names = longest(&|row| row.configuration.len().max(entry(row).len() + 2));
        let revisions = longest(&|row| revision(row).lines().map(str::len).max().unwrap_or(0));
        let left = width.saturating_sub(Self::FIXED + revisions.max("REVISION".len()));
        let calls = |breaks: &[char]| {
            longest(&|row| {
                broken(&row.calls, breaks)
                    .lines()
                    .map(str::len)
                    .max()
                    .unwrap_or(0)
            })
        };
        let variants: [&'static [char]; 3] = [&[], &[':'], &['.', ':']];
        let fits = |breaks: &&'static [char]| names + calls(breaks) <= left;
        let breaks = variants.into_iter().find(fits).unwrap_or(&['.', ':']);
        let names = names.min(left.saturating_sub(calls(breaks)).max(Self::NAMES));
        Self { names, breaks }
    }

    fn cut(&self, name: &str) -> String {
        if name.len() <= self.names {
            return name.to_owned();
        }
        let kept = name.chars().take(self.names.saturating_sub(3));
        kept.chain("...".chars()).collect()
    }
}

/// A configuration's name and below it its entries, in as few columns as will do.
fn narrow_row(alike: &[&WebhookRow], room: &Room) -> [(Style, String); 6] {
    let Some(first) = alike.first() else {
        return std::array::from_fn(|_| (Style::Plain, String::new()));
    };
    let mut names = room.cut(&first.configuration);
    let mut namespaces = String::new();
    for row in alike {
        let number = match &row.namespaces {
            Ok(names) => names.len().to_string(),
            Err(_) => "?".to_owned(),
        };
        names = format!("{names}\n{}", room.cut(&format!("  {}", entry(row))));
        namespaces = format!("{namespaces}\n{number}");
    }
    if first.deactivated {
        names.push_str("\n  (deactivated)");
    }
    let (style, ready) = ready(first);
    let (ca_style, ca_bundle) = ca_bundle(first);
    let ca_bundle = ca_bundle.split(':').next().unwrap_or_default();
    [
        (Style::Plain, names),
        (Style::Plain, revision(first)),
        (Style::Plain, broken(&first.calls, room.breaks)),
        (style, format!("{ready}\n{}", first.failure_policy)),
        (ca_style, format!("{ca_bundle}\n{}", expires(first))),
        (Style::Plain, namespaces),
    ]
}

fn none() -> String {
    "-".to_owned()
}

/// Every entry that Istio installs ends in the same words.
fn entry(row: &WebhookRow) -> &str {
    row.entry
        .strip_suffix(".sidecar-injector.istio.io")
        .unwrap_or(&row.entry)
}

fn revision(row: &WebhookRow) -> String {
    let tag = row
        .tag
        .as_ref()
        .map(|tag| format!("\n({tag})"))
        .unwrap_or_default();
    format!("{}{tag}", row.revision.as_deref().unwrap_or("-"))
}

/// The address of a Service on several lines; URLs stay as they are.
fn broken(calls: &str, breaks: &[char]) -> String {
    if calls.contains("://") {
        return calls.to_owned();
    }
    breaks.iter().fold(calls.to_owned(), |text, at| {
        text.replacen(*at, &format!("\n{at}"), 1)
    })
}

fn policy(row: &WebhookRow) -> (Style, String) {
    let style = match row.failure_policy.as_str() {
        "Fail" => Style::Plain,
        _ => Style::Warning,
    };
    (style, row.failure_policy.clone())
}

/// Writes what is not as Istio installs it, and who set which field: each once for all entries that are alike.
pub fn setters(report: &Report, page: &mut Page) -> io::Result<()> {
    let rows = report.diagnoses.iter().flat_map(|one| &one.webhooks);
    let mut differ: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    let mut set: BTreeMap<Vec<String>, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        for (field, value) in row.differences() {
            let entries = differ.entry((field, value)).or_default();
            entries.push(format!("{}/{}", row.configuration, entry(row)));
        }
        let by = grouped(&row.set_by);
        if !by.is_empty() {
            set.entry(by).or_default().insert(&row.configuration);
        }
    }
    if !differ.is_empty() {
        page.blank()?;
        page.line(0, &[Span::new(Style::Warning, "not as Istio installs it")])?;
    }
    for ((field, value), entries) in differ {
        let lead = [Span::plain(format!("{field} {value}:"))];
        page.wrapped(2, &lead, 4, &Span::plain(words::and(&entries)))?;
    }
    if !set.is_empty() {
        page.blank()?;
        page.line(0, &[Span::new(Style::Strong, "who set what last")])?;
    }
    for (by, configurations) in set {
        let names: Vec<_> = configurations.into_iter().map(str::to_owned).collect();
        page.wrapped(2, &[], 2, &Span::plain(words::and(&names)))?;
        page.wrapped(4, &[], 6, &Span::plain(by.join("; ")))?;
    }
    Ok(())
}

/// The fields of each manager.
fn grouped(set_by: &[(&'static str, String)]) -> Vec<String> {
    let mut managers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (field, manager) in set_by {
        managers
            .entry(manager)
            .or_default()
            .push((*field).to_owned());
    }
    let words = managers
        .into_iter()
        .map(|(by, fields)| format!("{} by {by}", words::and(&fields)));
    words.collect()
}

/// Writes the webhooks that validate Istio's configuration.
pub fn validators(report: &Report, page: &mut Page) -> io::Result<()> {
    page.blank()?;
    page.line(
        0,
        &[Span::new(
            Style::Strong,
            "webhooks that validate Istio's configuration",
        )],
    )?;
    let rows = match validator_rows(report.snapshot) {
        Ok(rows) if rows.is_empty() => return page.line(2, &[Span::plain("none")]),
        Ok(rows) => rows,
        Err(missing) => {
            return page.wrapped(
                2,
                &[],
                2,
                &Span::plain(format!("? {}", words::missing(&missing.0))),
            );
        }
    };
    for row in rows {
        page.line(
            2,
            &[Span::plain(format!("{}/{}", row.configuration, row.entry))],
        )?;
        // The API server keeps no entry that calls nobody.
        if row.calls.is_empty() {
            page.wrapped(
                4,
                &[],
                6,
                &Span::plain("? whom it calls is not in this snapshot"),
            )?;
            continue;
        }
        let mut parts = vec![format!("calls {}", row.calls)];
        parts.extend(
            row.revision
                .as_ref()
                .map(|revision| format!("revision {revision}")),
        );
        parts.push(format!("failurePolicy {}", row.failure_policy));
        parts.push(format!("timeout {}s", row.timeout));
        parts.push(match (row.lacks_ca_bundle, row.expires) {
            (true, _) => "caBundle empty".to_owned(),
            (false, Some(time)) => format!("caBundle until {}", time.strftime("%Y-%m-%d")),
            (false, None) => "caBundle not PEM".to_owned(),
        });
        let style = match row.differences().is_empty() && !row.lacks_ca_bundle {
            true => Style::Plain,
            false => Style::Warning,
        };
        page.wrapped(4, &[], 6, &Span::new(style, parts.join(", ")))?;
        let by = grouped(&row.set_by);
        if !by.is_empty() {
            page.wrapped(4, &[], 6, &Span::plain(by.join("; ")))?;
        }
    }
    Ok(())
}

fn ready(row: &WebhookRow) -> (Style, String) {
    match &row.ready {
        Some(Ok(0)) => (Style::Error, "0".to_owned()),
        Some(Ok(ready)) => (Style::Plain, ready.to_string()),
        Some(Err(_)) => (Style::Warning, "?".to_owned()),
        None => (Style::Plain, none()),
    }
}

fn ca_bundle(row: &WebhookRow) -> (Style, String) {
    let style = match row.ca_bundle.as_str() {
        "matches" => Style::Good,
        _ => Style::Warning,
    };
    (style, row.ca_bundle.clone())
}

fn expires(row: &WebhookRow) -> String {
    row.expires
        .map_or_else(none, |time| time.strftime("%Y-%m-%d").to_string())
}
