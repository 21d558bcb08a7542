//! `-o markdown`: the answer in short, to be pasted into the channel of an incident.

use std::io::{self, Write};

use injdoctor_checks::diagnosis::Diagnosis;
use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::report::Finding;

use super::sanitize::sanitize;
use super::text::groups::{self, Group};
use super::{Diagnoses, Report, commands, text};

/// Causes that are written; the rest is counted.
const CAUSES: usize = 5;
/// Targets that are named of each cause; the rest is counted.
const TARGETS: usize = 5;

/// Writes the verdict, and each cause once, with its best fix where it is a root cause.
pub fn markdown(report: &Report, diagnoses: Diagnoses, out: &mut dyn Write) -> io::Result<()> {
    let diagnoses: Vec<_> = diagnoses.collect();
    if diagnoses.is_empty() {
        return writeln!(out, "**injdoctor**: {}", escaped(report.nothing));
    }
    let headline = match diagnoses.as_slice() {
        [one] => format!("{}: {}", text::subject(one), text::verdict(one)),
        several => text::verdicts(several),
    };
    writeln!(out, "**injdoctor: {}**", escaped(&headline))?;
    writeln!(out, "\n{}", escaped(&place(report.snapshot)))?;
    let groups = groups::groups(&diagnoses);
    for group in groups.iter().take(CAUSES) {
        cause(report, group, diagnoses.len() > 1, out)?;
    }
    match groups.len().saturating_sub(CAUSES) {
        0 => {}
        more => writeln!(
            out,
            "\nand {more} more causes: `injdoctor check` shows them"
        )?,
    }
    match diagnoses.iter().filter(|one| one.is_unknown()).count() {
        0 => Ok(()),
        number => {
            let unread = diagnoses.iter().flat_map(|one| &one.unread).next();
            let why = unread.map(|unread| format!(": {}", escaped(&unread.to_string())));
            let targets = text::targets_of(number);
            writeln!(
                out,
                "\nFacts are missing for {targets}{}",
                why.unwrap_or_default()
            )
        }
    }
}

fn place(snapshot: &Snapshot) -> String {
    let context = &snapshot.connection.context;
    let context = match context.is_empty() {
        true => String::new(),
        false => format!("context {context}, "),
    };
    let version = snapshot.server_version.got();
    let version = version.map_or_else(|| "?".to_owned(), Clone::clone);
    let at = snapshot.recorded_at.strftime("%Y-%m-%d %H:%M UTC");
    let copy = snapshot.connection.injector_config.as_ref();
    let copy = copy.map(|file| format!(", injector's ConfigMap from {file}, not from the cluster"));
    format!(
        "{context}Kubernetes {version}, {at}{}",
        copy.unwrap_or_default()
    )
}

fn cause(report: &Report, group: &Group, several: bool, out: &mut dyn Write) -> io::Result<()> {
    let severity = text::severity(group.severity);
    let check = group
        .check
        .map(|check| format!(" {} {}", check.code, check.name));
    writeln!(out, "\n**{severity}{}**", check.unwrap_or_default())?;
    if several {
        writeln!(out, "{}\n", targets(&group.targets))?;
    }
    writeln!(out, "{}", escaped(group.message))?;
    let fixes = group.findings.first().and_then(|one| one.fixes.first());
    let Some(fix) = fixes.filter(|_| group.root) else {
        return Ok(());
    };
    let (title, risk) = (escaped(&fix.title), text::risk(fix.risk));
    writeln!(out, "\nFix: {title} ({risk})")?;
    let commands = commands(fix, &report.snapshot.connection);
    if commands.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n```sh")?;
    for command in commands {
        writeln!(out, "{}", sanitize(&command, true))?;
    }
    writeln!(out, "```")?;
    let is_same = |one: &&Finding| {
        one.fixes
            .first()
            .is_some_and(|other| other.commands() == fix.commands())
    };
    if !group.findings.iter().all(is_same) {
        writeln!(out, "The commands are those for the first of them.")?;
    }
    Ok(())
}

fn targets(all: &[&Diagnosis]) -> String {
    let named = all.iter().take(TARGETS).map(|one| {
        let subject = text::subject(one);
        match one.target.namespace.as_str() {
            "" => code(&subject),
            namespace => code(&format!("{subject} -n {namespace}")),
        }
    });
    let named = named.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(TARGETS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// A name as code. Names hold no backtick, and one that does is not Kubernetes'.
fn code(text: &str) -> String {
    format!("`{}`", sanitize(text, true).replace('`', "'"))
}

/// Text that means itself: what Markdown and chats take for markup is escaped.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 8);
    for c in sanitize(text, true).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~'
        ) {
            shown.push('\\');
        }
        shown.push(c);
        // A word behind it would call people.
        if c == '@' {
            shown.push(' ');
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_take_for_markup_is_escaped() {
        assert_eq!(
            escaped("a_b *c* <!channel> @here [x](y) `z`\u{1b}"),
            r"a\_b \*c\* \<!channel\> @ here \[x\](y) \`z\`\\u{1b}"
        );
        assert_eq!(code("a`b"), "`a'b`");
    }
}
