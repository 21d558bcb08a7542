//! The causes that no check finds yet: their names, which are the catalogue's, and their pages in `docs/causes`. The
//! check of a cause takes the place of its page.

use crate::stage::Stage;

/// A cause that a page describes.
#[derive(Debug)]
pub struct Described {
    /// Its name in the catalogue, in kebab case.
    pub name: &'static str,
    /// The stage of the pod's way.
    pub stage: Stage,
    /// The page as it stands in `docs/causes`, as Markdown, with its heading.
    pub page: &'static str,
}

/// Declares them by stage, each with `docs/causes/NAME.md`.
macro_rules! described {
    ($($stage:ident: $($name:literal),+;)+) => {
        pub(super) static DESCRIBED: &[Described] = &[$($(
            Described {
                name: $name,
                stage: Stage::$stage,
                page: include_str!(concat!("../../docs/causes/", $name, ".md")),
            }
        ),+),+];
    };
}

described! {
    Rendered:
        "template-version",
        "injector-values",
        "pod-too-large",
        "inject-value-unquoted";
    Running:
        "tcpdump-not-permitted";
}
