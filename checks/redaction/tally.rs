//! What was left out, counted.

use std::collections::BTreeMap;
use std::fmt;

/// What was replaced, by kind and field, and how much had no place in the file at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    replaced: BTreeMap<(&'static str, String), usize>,
    dropped: usize,
}

impl Tally {
    /// A value of which at most a part passed.
    pub(super) fn replaced(&mut self, kind: &'static str, path: &[String]) {
        *self.replaced.entry((kind, path.join("."))).or_default() += 1;
    }

    /// A field that no check reads.
    pub(super) fn dropped(&mut self) {
        self.dropped += 1;
    }

    /// Kind, field and count of what was replaced.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &str, usize)> {
        let all = self.replaced.iter();
        all.map(|((kind, field), count)| (*kind, field.as_str(), *count))
    }
}

/// One line for each kind.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (kind, field, count) in self.all() {
            let fields = by_kind.entry(kind).or_default();
            fields.push(format!("{field} {count}"));
        }
        writeln!(
            f,
            "The file holds only what the diagnosis needs. Fields left out: {}.",
            self.dropped
        )?;
        if !by_kind.is_empty() {
            writeln!(
                f,
                "Values replaced as a whole or in part, by kind and field:"
            )?;
        }
        for (kind, fields) in by_kind {
            writeln!(f, "  {kind}: {}", fields.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_replaced_is_told_in_a_line_for_each_kind() {
        let mut tally = Tally::default();
        for place in [
            "spec.containers.args",
            "spec.containers.args",
            "metadata.labels.a",
        ] {
            let place: Vec<_> = place.split('.').map(str::to_owned).collect();
            tally.replaced("Pod", &place);
        }
        tally.dropped();
        let expected = "\
The file holds only what the diagnosis needs. Fields left out: 1.
Values replaced as a whole or in part, by kind and field:
  Pod: metadata.labels.a 1, spec.containers.args 2
";
        assert_eq!(tally.to_string(), expected);
    }
}
