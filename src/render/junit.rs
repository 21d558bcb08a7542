//! `-o junit`: a test case for each target, for CI systems.

use std::io::{self, Write};

use injdoctor_checks::diagnosis::Diagnosis;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::sanitize::sanitize;
use super::{Diagnoses, Report, commands, text};
use crate::cli::FailOn;
use crate::exit;

/// Writes the answer. A target fails where it fails the run, and is an error where facts were missing.
pub fn junit(
    report: &Report,
    diagnoses: Diagnoses,
    fail_on: FailOn,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut suite = TestSuite::new("injdoctor");
    for diagnosis in diagnoses {
        suite.add_test_case(case(report, &diagnosis, fail_on));
    }
    let mut whole = quick_junit::Report::new("injdoctor");
    whole.add_test_suite(suite);
    let text = whole.to_string().map_err(io::Error::other)?;
    writeln!(out, "{}", text.trim_end())
}

fn case(report: &Report, diagnosis: &Diagnosis, fail_on: FailOn) -> TestCase {
    let kind = if exit::fails(diagnosis, fail_on) {
        Some(NonSuccessKind::Failure)
    } else if diagnosis.is_unknown() {
        Some(NonSuccessKind::Error)
    } else {
        None
    };
    let (verdict, details) = (text::verdict(diagnosis), details(report, diagnosis));
    let status = match kind {
        None => TestCaseStatus::success(),
        Some(kind) => {
            let mut status = TestCaseStatus::non_success(kind);
            let found = diagnosis.findings.first();
            let code = found.map_or("unknown", |(check, _)| check.code);
            status.set_message(clean(&verdict)).set_type(code);
            status.set_description(details.clone());
            status
        }
    };
    let mut case = TestCase::new(clean(&text::subject(diagnosis)), status);
    case.set_classname(match diagnosis.target.namespace.as_str() {
        "" => "cluster".to_owned(),
        namespace => clean(namespace),
    });
    // What does not fail the run is told all the same.
    if kind.is_none() && !details.is_empty() {
        case.set_system_out(details);
    }
    case
}

fn details(report: &Report, diagnosis: &Diagnosis) -> String {
    let mut lines = Vec::new();
    for (check, finding) in &diagnosis.findings {
        lines.push(format!(
            "{} {}: {}",
            check.code, check.name, finding.message
        ));
        let fix = finding.fixes.first().into_iter();
        let commands = fix.flat_map(|fix| commands(fix, &report.snapshot.connection));
        lines.extend(commands.map(|command| format!("  {command}")));
    }
    for unread in &diagnosis.unread {
        lines.push(unread.to_string());
    }
    let lines: Vec<_> = lines.iter().map(|line| clean(line)).collect();
    lines.join("\n")
}

fn clean(text: &str) -> String {
    sanitize(text, true).into_owned()
}
