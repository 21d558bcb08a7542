//! The table of `injdoctor webhook`.

use std::io;

use injdoctor_checks::decide::WebhookRow;

use super::table::Columns;
use crate::render::Report;
use crate::render::page::{Page, Style};

/// Writes a row for each injection entry.
pub fn table(report: &Report, wide: bool, page: &mut Page) -> io::Result<()> {
    if wide {
        let mut columns = Columns::new(&WIDE, false, page);
        for row in rows(report) {
            columns.row(wide_row(row));
        }
        return columns.write(page);
    }
    let breaks = breaks(report, page.look().width);
    let mut columns = Columns::new(&NARROW, true, page);
    for diagnosis in report.diagnoses {
        for (number, row) in diagnosis.webhooks.iter().enumerate() {
            columns.row(narrow_row(row, number == 0, breaks));
        }
    }
    columns.write(page)
}

const WIDE: [&str; 10] = [
    "WEBHOOK", "ENTRY", "REVISION", "TAG", "CALLS", "READY", "POLICY", "CABUNDLE", "EXPIRES", "NAMESPACES",
];
const NARROW: [&str; 6] =
    ["WEBHOOK\n  ENTRY", "REVISION\n(TAG)", "CALLS", "READY\nPOLICY", "CABUNDLE\nEXPIRES", "NS"];

fn rows<'a>(report: &Report<'a>) -> impl Iterator<Item = &'a WebhookRow> {
    report.diagnoses.iter().flat_map(|diagnosis| &diagnosis.webhooks)
}

fn wide_row(row: &WebhookRow) -> [(Style, String); 10] {
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
        (Style::Plain, row.failure_policy.clone()),
        ca_bundle(row),
        (Style::Plain, expires(row)),
        (Style::Plain, namespaces),
    ]
}

/// Two lines for each entry, so that eighty columns hold it; the configuration is named once.
fn narrow_row(row: &WebhookRow, first: bool, breaks: &[char]) -> [(Style, String); 6] {
    let name = if first { format!("{}\n", row.configuration) } else { String::new() };
    let entry = if row.deactivated { "deactivated" } else { short(&row.entry) };
    let tag = row.tag.as_ref().map(|tag| format!("\n({tag})")).unwrap_or_default();
    let revision = row.revision.clone().unwrap_or_else(none);
    let (style, ready) = ready(row);
    let (ca_style, ca_bundle) = ca_bundle(row);
    let ca_bundle = ca_bundle.split(':').next().unwrap_or_default();
    let namespaces = match &row.namespaces {
        Ok(names) => names.len().to_string(),
        Err(_) => "?".to_owned(),
    };
    [
        (Style::Plain, format!("{name}  {entry}")),
        (Style::Plain, format!("{revision}{tag}")),
        (Style::Plain, broken(&row.calls, breaks)),
        (style, format!("{ready}\n{}", row.failure_policy)),
        (ca_style, format!("{ca_bundle}\n{}", expires(row))),
        (Style::Plain, namespaces),
    ]
}

/// Before which characters the address in `CALLS` is broken, so that no other column has to be.
fn breaks(report: &Report, width: usize) -> &'static [char] {
    let longest = |length: fn(&WebhookRow) -> usize| rows(report).map(length).max().unwrap_or(0);
    let names = longest(|row| row.configuration.len().max(short(&row.entry).len() + 2));
    let revisions = longest(|row| row.revision.iter().chain(&row.tag).map(String::len).max().unwrap_or(0) + 2);
    // READY, CABUNDLE with a date below it, NS, and two blanks between columns.
    let others = names + revisions.max("REVISION".len()) + 6 + 10 + 2 + 5 * 2;
    let variants: [&[char]; 2] = [&[], &[':']];
    let fits = |breaks: &&&[char]| {
        let lines = rows(report).map(|row| {
            broken(&row.calls, breaks).lines().map(str::len).max().unwrap_or(0)
        });
        others + lines.max().unwrap_or(0) <= width
    };
    variants.iter().find(fits).copied().unwrap_or(&['.', ':'])
}

/// The address of a Service on several lines; URLs stay as they are.
fn broken(calls: &str, breaks: &[char]) -> String {
    if calls.contains("://") {
        return calls.to_owned();
    }
    let mut text = calls.to_owned();
    for at in breaks {
        text = text.replacen(*at, &format!("\n{at}"), 1);
    }
    text
}

fn none() -> String {
    "-".to_owned()
}

/// Every entry that Istio installs ends in the same words.
fn short(entry: &str) -> &str {
    entry.strip_suffix(".sidecar-injector.istio.io").unwrap_or(entry)
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
    row.expires.map_or_else(none, |time| time.strftime("%Y-%m-%d").to_string())
}
