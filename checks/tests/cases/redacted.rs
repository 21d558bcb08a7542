//! What a snapshot says once it is written to a file: the same, and no secrets.

use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::facts::{Connection, Snapshot};
use injdoctor_checks::redaction::redact;
use injdoctor_checks::report::Command;

use crate::{assert_none, case, world};

/// Everything that a diagnosis says.
fn said(snapshot: &Snapshot) -> Vec<String> {
    let diagnosis = world::diagnose(snapshot);
    let Diagnosis {
        predicted,
        observed,
        webhooks,
        root_cause,
        findings,
        checks,
        unread,
        ..
    } = diagnosis;
    let line = |commands: Vec<Command>| {
        let words = commands
            .into_iter()
            .map(|one| one.argv(&Connection::default()));
        format!("{:?}", words.collect::<Vec<_>>())
    };
    let mut said = vec![
        format!("{predicted:#?}"),
        format!("{observed:#?}"),
        format!("{webhooks:#?}"),
        format!("{:?}", root_cause.map(|check| check.name)),
        format!("{unread:?}"),
    ];
    for (check, finding) in findings {
        said.push(format!("{}: {}", check.name, finding.message));
        said.push(format!("{:#?}", finding.evidence));
        for fix in finding.fixes {
            said.push(format!("{} ({:?})", fix.title, fix.after));
            said.push(line(fix.commands()));
            said.push(line(fix.undo_commands()));
        }
    }
    for result in checks {
        if let Status::Unknown(missing) = result.status {
            said.push(format!("{}: {missing}", result.check.name));
        }
    }
    said
}

fn lines(snapshot: &Snapshot) -> Vec<String> {
    let said = said(snapshot).into_iter();
    said.flat_map(|one| one.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_file_says_what_the_cluster_says() {
    let complaints = case::all().iter().filter_map(|case| {
        let snapshot = world::snapshot(&case.world());
        let live = lines(&snapshot);
        let (written, _) = redact(snapshot).unwrap();
        let text = serde_json::to_string(&written).unwrap();
        let file = lines(&serde_json::from_str(&text).unwrap());
        let differs = live.iter().zip(&file).find(|(live, file)| live != file);
        let differs = differs.map(|(live, file)| format!("live: {live}\n  file: {file}"));
        let differs =
            differs.or_else(|| (live.len() != file.len()).then(|| "more or less".to_owned()));
        differs.map(|words| format!("{}, {}: {words}", case.check, case.about))
    });
    assert_none(&complaints.collect::<Vec<_>>());
}
