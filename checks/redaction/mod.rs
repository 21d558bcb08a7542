//! What may leave the cluster in a file: of every object only the fields that the diagnosis needs, and of a value only
//! what it needs of it.
//!
//! [`allowed`] is the list of the fields that pass, each with its reason; [`object`] goes through an object by it. What a
//! label, an annotation or a template is needed for depends on the rest of the snapshot: [`needed`] finds that out first.

mod allowed;
mod annotations;
mod container;
mod events;
mod field;
mod injector;
mod metadata;
mod needed;
mod object;
mod rights;
mod structured;
mod subjects;
mod tally;
mod walk;

use serde_json::Value;

use crate::facts::{Fact, Manifest, Resource, Snapshot, Unread};
use crate::rules::credentials::without_credentials;

pub use field::Keep;
pub use tally::Tally;

use needed::Needed;
use walk::Walk;

/// The fields of a kind that may leave the cluster: path, what of it, and why.
pub fn fields(resource: Resource) -> Vec<(String, Keep, &'static str)> {
    allowed::object(resource).lines()
}

/// The snapshot with what may leave the cluster, and what was left out.
///
/// # Errors
/// Why an object cannot be taken apart.
pub fn redact(mut snapshot: Snapshot) -> Result<(Snapshot, Tally), serde_json::Error> {
    events::leave_others(&mut snapshot);
    rights::leave_others(&mut snapshot.reads);
    let needed = Needed::of(&snapshot);
    let mut tally = Tally::default();
    for (read, fact) in snapshot.reads.reads_mut() {
        match fact {
            Fact::Got(objects) => {
                let root = match read.form.is_whole() {
                    true => allowed::object(read.resource),
                    false => allowed::metadata(),
                };
                let mut walk = Walk::new(&needed, &mut tally, read.resource.kind());
                objects.rewrite(&mut |object| walk.object(&root, object))?;
            }
            Fact::Refused(unread) | Fact::Failed(unread) => redact_reason(unread),
            Fact::Absent | Fact::NotAsked => {}
        }
    }
    if let Fact::Refused(unread) | Fact::Failed(unread) = &mut snapshot.server_version {
        redact_reason(unread);
    }
    let root = allowed::manifest();
    for subject in &mut snapshot.subjects {
        if let Some(Manifest { object, .. }) = &mut subject.manifest {
            let mut walk = Walk::new(&needed, &mut tally, object.kind.name());
            let form: Value = serde_json::to_value(&*object)?;
            *object = serde_json::from_value(walk.object(&root, form))?;
        }
    }
    Ok((snapshot, tally))
}

fn redact_reason(unread: &mut Unread) {
    unread.reason = without_credentials(&unread.reason);
}
