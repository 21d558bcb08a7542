//! The table of `injdoctor webhook`.

use std::io;

use injdoctor_checks::way::WebhookRow;

use super::Report;
use super::table::Columns;
use crate::render::page::{Page, Style};

const WIDE: [&str; 10] = [
    "WEBHOOK",
    "ENTRY",
    "REVISION",
    "TAG",
    "CALLS",
    "READY",
    "POLICY",
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

/// Whether two entries differ in nothing but their names and what they select, as those of one
/// configuration mostly do.
fn alike(a: &WebhookRow, b: &WebhookRow) -> bool {
    let without_names = |row: &WebhookRow| WebhookRow {
        entry: String::new(),
        namespaces: Ok(Vec::new()),
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
