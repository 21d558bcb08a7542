//! `-o name`: the targets that have findings, as kubectl would name them.

use std::io::{self, Write};

use super::{Diagnoses, Report, sanitize::sanitize};
use crate::cli::FailOn;
use crate::exit;

/// Writes one line for each target with findings at or above the threshold. Where several
/// namespaces are concerned each line says which, in the words that kubectl takes.
pub fn name(
    report: &Report,
    diagnoses: Diagnoses,
    fail_on: FailOn,
    out: &mut dyn Write,
) -> io::Result<()> {
    let several = report.has_several_namespaces();
    for diagnosis in diagnoses.filter(|one| exit::fails(one, fail_on)) {
        let target = &diagnosis.target;
        let shown = match &diagnosis.owner {
            // A pod that an object of a manifest will make has no name yet.
            Some(owner) if target.name.is_empty() => owner.to_string(),
            _ => target.to_string(),
        };
        write!(out, "{}", sanitize(&shown, true))?;
        if several && !target.namespace.is_empty() {
            write!(out, " -n {}", sanitize(&target.namespace, true))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
