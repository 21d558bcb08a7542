//! Which of several revisions and tags is meant: the one that is asked for, the one that the pods have, or
//! the one with the nearest name.

use strsim::osa_distance;

use super::asked::{Means, said_of_namespace};
use super::observe::revision_of;
use crate::facts::Missing;
use crate::way::Case;

/// Those that are meant, the best first; none where nothing tells.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn meant(case: &Case, served: &[String]) -> Result<Vec<String>, Missing> {
    let names = names(case)?;
    let exact = names.iter().filter(|name| served.contains(name));
    let near = names.iter().filter_map(|name| nearest(name, served));
    let mut found: Vec<String> = Vec::new();
    for name in exact.chain(near) {
        if !found.contains(name) {
            found.push(name.clone());
        }
    }
    Ok(found)
}

/// Whether the namespace asks for the default revision: in `istio-injection`, wherever it stands and however
/// it is spelt.
///
/// # Errors
/// [`Missing`] where the namespace was not read.
pub fn asks_for_default(case: &Case) -> Result<bool, Missing> {
    let mut said = said_of_namespace(case)?.into_iter();
    Ok(said.any(|one| one.means == Means::Inject))
}

/// The revisions that are named in the namespace and for the pods, and those that the pods have. Pods that may
/// not be read name none.
fn names(case: &Case) -> Result<Vec<String>, Missing> {
    let said = said_of_namespace(case)?
        .into_iter()
        .chain(case.said_of_pods()?.iter().cloned());
    let named = said.filter(|one| one.means == Means::Revision);
    let named = named.map(|one| one.value);
    let pods = case.pods().unwrap_or_default();
    let running = pods.into_iter().filter_map(revision_of);
    Ok(named
        .chain(running)
        .filter(|name| !name.is_empty())
        .collect())
}

/// The name that differs in the fewest letters, and in no more than half of them.
fn nearest<'a>(name: &str, served: &'a [String]) -> Option<&'a String> {
    let rated = served.iter().map(|one| (osa_distance(name, one), one));
    let (distance, nearest) = rated.min_by_key(|(distance, _)| *distance)?;
    (distance * 2 <= name.chars().count()).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_has_most_letters_in_common() {
        let served = ["default", "canary", "prod", "1-31-0"].map(str::to_owned);
        for (name, expected) in [
            ("canray", Some("canary")),
            ("canary-old", Some("canary")),
            ("production", None),
            ("prd", Some("prod")),
            ("1-30-2", Some("1-31-0")),
            ("asm-managed", None),
            ("x", None),
        ] {
            let found = nearest(name, &served).map(String::as_str);
            assert_eq!(found, expected, "{name}");
        }
    }
}
