//! Which templates istiod renders for a pod.

use std::collections::BTreeMap;

/// The names of the templates that istiod renders, in order, for the value of `inject.istio.io/templates` (`None` if
/// the pod lacks the annotation), the `defaultTemplates` and the `aliases` of its configuration.
///
/// An annotation replaces the defaults, even an empty one, which asks for the template with the empty name. The names
/// are separated by commas and trimmed; an alias stands for its list, and is not expanded again. A name in the result
/// that istiod has no template for makes it refuse the pod: `requested template "…" not found`.
///
/// Source: `selectTemplates` and `resolveAliases` of Istio `pkg/kube/inject/inject.go` (1.32-dev).
pub fn templates(
    annotation: Option<&str>,
    defaults: &[String],
    aliases: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let expand = |name: &str| {
        aliases
            .get(name)
            .cloned()
            .unwrap_or_else(|| vec![name.to_owned()])
    };
    match annotation {
        Some(names) => names.split(',').map(str::trim).flat_map(expand).collect(),
        None => defaults.iter().flat_map(|name| expand(name)).collect(),
    }
}

/// Every action of a template's text with where it begins and ends, the braces included.
pub(crate) fn actions(template: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    template.match_indices("{{").filter_map(|(start, _)| {
        let rest = template.get(start..)?;
        let length = rest.find("}}")? + 2;
        let action = rest.get(..length)?.trim_matches(['{', '}', '-']).trim();
        Some((start, action, start + length))
    })
}

/// What an action does to the blocks that are open where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// It opens one.
    Opens,
    /// It goes over to the other branch of the innermost one.
    Turns,
    /// It closes the innermost one.
    Closes,
    /// Nothing.
    Stays,
}

/// What an action does to the open blocks, by its first word.
pub(crate) fn block(action: &str) -> Block {
    match action.split_whitespace().next() {
        Some("if" | "with" | "range" | "define" | "block") => Block::Opens,
        Some("else") => Block::Turns,
        Some("end") => Block::Closes,
        _ => Block::Stays,
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn templates_are_those_istiod_renders() {
        let defaults = ["sidecar".to_owned(), "both".to_owned()];
        let list = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let aliases = BTreeMap::from([
            ("both".to_owned(), list(&["sidecar", "gateway"])),
            ("loop".to_owned(), list(&["both"])),
            ("nothing".to_owned(), list(&[])),
        ]);
        let table: [(Option<&str>, &[&str]); 8] = [
            (None, &["sidecar", "sidecar", "gateway"]),
            (Some(""), &[""]),
            (Some("gateway"), &["gateway"]),
            (Some(" gateway ,\tcustom"), &["gateway", "custom"]),
            (Some("sidecar,"), &["sidecar", ""]),
            (Some("both,x"), &["sidecar", "gateway", "x"]),
            (Some("loop"), &["both"]),
            (Some("nothing"), &[]),
        ];
        for (annotation, expected) in table {
            assert_eq!(
                templates(annotation, &defaults, &aliases),
                list(expected),
                "{annotation:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(annotation in "\\PC*") {
            prop_assert!(!templates(Some(&annotation), &[], &BTreeMap::new()).is_empty());
        }
    }
}
