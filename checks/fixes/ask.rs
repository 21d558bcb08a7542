//! A request put where the API server looks for it.

use crate::facts::Missing;
use crate::report::{Field, Fix};
use crate::way::asked::{Means, Place, Said};
use crate::way::relabelled::Label;
use crate::way::{Case, names};

use super::patch_template;

/// Says by a label of the pod template what is said elsewhere, and takes that away where it stands in the
/// template, too.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn ask_by_label(case: &Case, said: &Said, (key, value): &Label) -> Result<Fix, Missing> {
    let is_replaced =
        said.place == Place::Template && (said.field, said.key.as_str()) != (Field::Labels, key);
    let right = (Field::Labels, *key, Some(value.as_str()));
    let wrong = is_replaced.then_some((said.field, said.key.as_str(), None));
    let entries: Vec<_> = std::iter::once(right).chain(wrong).collect();
    let instead = match is_replaced {
        true => format!(
            " in place of {} {}",
            said.field.name().trim_end_matches('s'),
            said.key
        ),
        false => String::new(),
    };
    let title = format!("set label {key}={value} in the pod template{instead}");
    let effect = match said.means {
        Means::Inject => "new pods get the sidecar".to_owned(),
        Means::Revision => format!("new pods are injected by revision {value}"),
        Means::OptOut => "new pods go without the sidecar".to_owned(),
    };
    let fix = patch_template(case, &title, &entries, &effect)?;
    Ok(match said.means {
        Means::OptOut => fix.without_sidecar(),
        Means::Inject | Means::Revision => fix,
    })
}

/// Lets the pods of the target opt out by their own label, whatever their namespace asks for.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn opt_out(case: &Case) -> Result<Fix, Missing> {
    let fix = patch_template(
        case,
        "let only these pods opt out",
        &[(Field::Labels, names::INJECT, Some("false"))],
        "new pods go without the sidecar",
    )?;
    Ok(fix.without_sidecar())
}
