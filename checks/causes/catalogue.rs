//! The catalogue: every cause that has a name.

use super::described::{DESCRIBED, Described};
use super::{Check, registry};
use crate::stage::Stage;

/// A cause that has a name.
#[derive(Clone, Copy, Debug)]
pub enum Cause {
    /// A check finds it.
    Checked(&'static Check),
    /// No check finds it yet, and a page says how to tell it.
    Described(&'static Described),
}

/// Every cause, in the order of the pod's way; within a stage those first that a check finds.
pub fn catalogue() -> impl Iterator<Item = Cause> {
    Stage::ALL.into_iter().flat_map(|stage| {
        let checked = registry().map(Cause::Checked);
        let described = DESCRIBED.iter().map(Cause::Described);
        let all = checked.chain(described);
        all.filter(move |cause| cause.stage() == stage)
    })
}

impl Cause {
    /// Its name, which never changes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checked(check) => check.name,
            Self::Described(described) => described.name,
        }
    }

    /// The stage of the pod's way.
    pub fn stage(self) -> Stage {
        match self {
            Self::Checked(check) => check.stage,
            Self::Described(described) => described.stage,
        }
    }

    /// The code of its check; none where no check finds it yet.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Checked(check) => Some(check.code),
            Self::Described(_) => None,
        }
    }

    /// The one sentence that says what it is.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Checked(check) => check.sentence(),
            // Below the heading and an empty line.
            Self::Described(described) => described.page.lines().nth(2).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_cause_has_a_check_or_a_page_and_not_both() {
        let mut names = BTreeSet::new();
        for cause in catalogue() {
            let name = cause.name();
            assert!(
                names.insert(name),
                "{name} has a check: remove its page, and its line in causes/described.rs"
            );
        }
    }

    #[test]
    fn pages_are_alike() {
        for described in DESCRIBED {
            let Described { name, page, .. } = described;
            let sentence = Cause::Described(described).sentence();
            assert!(sentence.ends_with('.'), "{name}: one sentence first");
            let start = format!("# {name}\n\n{sentence}\n\nNo check finds this yet.\n\n");
            assert!(
                page.starts_with(&start),
                "{name} does not begin with {start:?}"
            );
            let headings: Vec<_> = page
                .lines()
                .filter_map(|line| line.strip_prefix("## "))
                .collect();
            let wanted = [
                "What it means",
                "Why it happens",
                "How to tell",
                "How to fix it",
                "References",
            ];
            assert_eq!(headings, wanted, "{name}");
        }
    }
}
