//! `-o name`: the targets that have findings, as kubectl would name them.

use std::io::{self, Write};

use super::{Diagnoses, sanitize::sanitize};
use crate::cli::FailOn;
use crate::exit;

/// Writes one line for each target with findings at or above the threshold, and its namespace in the words that
/// kubectl takes: each is what `xargs -L1 injdoctor check` needs, whatever namespace is in force there.
pub fn name(diagnoses: Diagnoses, fail_on: FailOn, out: &mut dyn Write) -> io::Result<()> {
    for diagnosis in diagnoses.filter(|one| exit::fails(one, fail_on)) {
        let target = &diagnosis.target;
        let shown = match &diagnosis.owner {
            // A pod that an object of a manifest will make has no name yet.
            Some(owner) if target.name.is_empty() => owner.to_string(),
            _ => target.to_string(),
        };
        write!(out, "{}", sanitize(&shown, true))?;
        if !target.namespace.is_empty() {
            write!(out, " -n {}", sanitize(&target.namespace, true))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
