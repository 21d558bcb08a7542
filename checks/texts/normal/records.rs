//! The records of a text: which lines belong together, and what collectors of logs write before them.

use super::{Glue, Normal, characters};

/// A terminal or a chat is not narrower.
const NARROWEST: usize = 40;

/// What begins a record wherever it stands: marks of lists and logs, the fields that kubectl describes, and the columns of
/// its events.
const MARKS: &[&str] = &[
    "warning  ",
    "normal  ",
    "type  ",
    "{",
    "[20",
    "[ist",
    "* ",
    "- ",
    "$ ",
    "events:",
    "time=",
    "level=",
    "ts=",
    "message:",
    "reason:",
    "state:",
    "last state:",
    "ready:",
    "name:",
    "status:",
    "exit code:",
    "started:",
    "finished:",
    "restart count:",
    "limits:",
    "requests:",
    "image:",
    "image id:",
    "containers:",
    "init containers:",
    "volumes:",
    "conditions:",
    "host port:",
    "port:",
];

/// Words that begin a message, unless its line continues another. In lower case, as those above.
const WORDS: &[&str] = &[
    "kubectl ",
    "istioctl ",
    "warning ",
    "normal ",
    "error",
    "warn ",
    "warn\t",
    "info ",
    "info\t",
    "debug ",
    "fatal ",
    "failed calling",
    "internal error occurred",
    "admission webhook",
    "readiness probe",
    "liveness probe",
    "startup probe",
    "mountvolume.",
    "unable to mount",
    "unable to attach",
    "back-off ",
    "pods \"",
    "the pod \"",
    "pod \"",
    "type ",
    "name ",
    "namespace ",
    "last seen ",
];

/// Writes all records.
pub(super) fn write(text: &str, glue: Glue, normal: &mut Normal<'_>) {
    let widest = text.lines().map(width).max().unwrap_or(0);
    let mut at = 0;
    let mut before = Before::Nothing;
    // How far the first line of the record is indented.
    let mut first = 0;
    let mut quoted_before = None;
    for line in text.split('\n') {
        let here = at;
        at += line.len() + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let carried = Carried::of(line);
        let (quoted, body) = quoted(carried.body);
        // What is quoted is no part of what is not.
        if std::mem::replace(&mut quoted_before, quoted) != quoted && before.is_line() {
            before = Before::Nothing;
        }
        let start = here + (line.len() - body.len());
        if body.trim().is_empty() {
            before = match before {
                // A list that follows may stand after an empty line.
                Before::Line {
                    announces: true, ..
                } => before,
                _ => Before::Nothing,
            };
            continue;
        }
        match before {
            Before::Partial => {}
            Before::Line {
                announces: true, ..
            } if body.trim_start().starts_with("* ") => {
                // A list of errors, as Go's multierror writes it.
                normal.space(start.saturating_sub(1));
            }
            Before::Line { is_full, .. }
                if !carried.is_log
                    && !begins(body, indent(body) > first, is_full && glue == Glue::Nothing) =>
            {
                normal.joins += 1;
                normal.full_joins += usize::from(is_full);
                if !(is_full && glue == Glue::Nothing) {
                    normal.space(start.saturating_sub(1));
                }
            }
            _ => {
                first = indent(body);
                normal.record_begins(start.saturating_sub(1));
            }
        }
        let blank = indent(body);
        let body = body.trim_start();
        characters::write(body, start + blank, normal);
        let end = body.trim_end();
        before = match carried.is_partial {
            true => Before::Partial,
            false => Before::Line {
                is_full: widest >= NARROWEST && width(line) == widest,
                announces: end.ends_with(':') || end.ends_with("policies"),
            },
        };
    }
}

fn width(line: &str) -> usize {
    line.strip_suffix('\r').unwrap_or(line).chars().count()
}

/// The line before.
#[derive(Clone, Copy)]
enum Before {
    /// None that goes on.
    Nothing,
    /// A part of a line that the runtime has split.
    Partial,
    /// A line, which may go on on the next.
    Line {
        /// Whether it is as wide as the text is.
        is_full: bool,
        /// Whether its end announces more.
        announces: bool,
    },
}

impl Before {
    fn is_line(self) -> bool {
        matches!(self, Self::Line { .. })
    }
}

/// What marks a line as quoted, or as a comment, and the line without it: `> ` of mails and chats, `# ` of scripts, and
/// the bar that Terraform draws beside its errors.
fn quoted(line: &str) -> (Option<char>, &str) {
    let trimmed = line.trim_start();
    let mark = trimmed.chars().next().filter(|c| ">#\u{2502}".contains(*c));
    match mark.and_then(|mark| trimmed.strip_prefix(mark)) {
        Some(rest) => (mark, rest.strip_prefix(' ').unwrap_or(rest)),
        None => (None, line),
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a line begins a record. One that is indented deeper than the record's first, or comes after one that was
/// broken at the column, goes on with it even if it begins with words of messages.
fn begins(line: &str, is_deeper: bool, is_cut: bool) -> bool {
    let line = line.trim_start();
    let starts = |words: &&str| {
        line.get(..words.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(words))
    };
    let is_mark = MARKS.iter().any(&starts) || has_time(line) || is_klog(line) || is_member(line);
    is_mark || !is_deeper && !is_cut && WORDS.iter().any(starts)
}

/// `2024-01-02T...`, `2024/01/02 ...`, `12:34:56`, or the age in a table of events: `5m12s   Warning`.
fn has_time(line: &str) -> bool {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut rest = line.chars().skip(digits);
    match (digits, rest.next()) {
        (4, Some('-' | '/')) => rest.next().is_some_and(|c| c.is_ascii_digit()),
        (2, Some(':')) => rest.next().is_some_and(|c| c.is_ascii_digit()),
        (1..=4, Some('s' | 'm' | 'h' | 'd')) => rest
            .next()
            .is_some_and(|c| c.is_ascii_digit() || c.is_whitespace()),
        _ => false,
    }
}

/// `E0102 03:04:05.678901`.
fn is_klog(line: &str) -> bool {
    let mut characters = line.chars();
    let level = characters.next().is_some_and(|c| "IWEF".contains(c));
    level
        && line.len() > 6
        && characters.by_ref().take(4).all(|c| c.is_ascii_digit())
        && characters.next() == Some(' ')
}

/// `"message": ...` of JSON over several lines, and `message: ...` of YAML.
fn is_member(line: &str) -> bool {
    let line = line.strip_prefix('"').unwrap_or(line);
    let (key, _) = line.split_once(':').unwrap_or_default();
    let key = key.strip_suffix('"').unwrap_or(key);
    matches!(
        key,
        "message"
            | "reason"
            | "status"
            | "type"
            | "lastTransitionTime"
            | "lastUpdateTime"
            | "kind"
            | "metadata"
    )
}

/// What a collector wrote before a line.
struct Carried<'l> {
    body: &'l str,
    is_log: bool,
    is_partial: bool,
}

impl<'l> Carried<'l> {
    /// Source: `pkg/kubelet/kuberuntime/logs/logs.go` of Kubernetes (v1.36), `TIMESTAMP stdout|stderr P|F LOG`.
    fn of(line: &'l str) -> Self {
        let plain = Self {
            body: line,
            is_log: false,
            is_partial: false,
        };
        let Some((time, rest)) = line.split_once(' ') else {
            return plain;
        };
        let log = rest
            .strip_prefix("stdout ")
            .or_else(|| rest.strip_prefix("stderr "))
            .filter(|_| time.len() >= 20 && time.starts_with('2') && time.contains('T'));
        let Some((tag, body)) = log.and_then(|log| log.split_once(' ')) else {
            return plain;
        };
        Self {
            body,
            is_log: true,
            is_partial: tag.starts_with('P'),
        }
    }
}
