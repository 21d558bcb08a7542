//! `injdoctor webhook`.

use std::io::Write;

use injdoctor_checks::plan;

use super::answer::{Question, answer};
use super::{narrow, source};
use crate::cli::{ConnectionFlags, Webhook};
use crate::exit::Exit;
use crate::terminal::Look;

/// Judges the injection webhooks.
pub fn run(
    arguments: &Webhook,
    connection: &ConnectionFlags,
    look: Look,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let name = &arguments.name;
    let snapshot = match &arguments.from {
        Some(file) => {
            let mut snapshot = source::file(file, connection)?;
            narrow::to_webhooks(&mut snapshot, name.as_deref())?;
            snapshot
        }
        None => source::live(connection, look, |_| {
            Ok(plan::Question::Webhooks(name.clone()))
        })?,
    };
    let question = Question {
        list: true,
        recorded: arguments.from.is_some(),
        nothing: "no injection webhook is installed".to_owned(),
        again: vec!["webhook".to_owned()],
    };
    answer(&snapshot, &question, &arguments.answer, look, out)
}
