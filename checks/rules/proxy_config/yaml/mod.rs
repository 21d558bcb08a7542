//! YAML as istiod's parser reads it, as far as the parser used here can be made to.

mod node;
mod old_notation;

use serde_saphyr::{DuplicateKeyPolicy, Options};

pub(super) use node::{Node, bad_key};
pub(super) use old_notation::resolve;

/// The document, in which the words that only YAML 1.1 knows are still texts: see [`resolve`].
pub(super) fn parse(text: &str) -> Result<Node, String> {
    if text.trim().is_empty() {
        return Ok(Node::Null);
    }
    parse_value(text).map_err(|error| format!("it is not YAML: {error}"))
}

fn parse_value(text: &str) -> Result<Node, serde_saphyr::Error> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.legacy_octal_numbers = true;
    options.strict_booleans = true;
    options.with_snippet = false;
    serde_saphyr::from_str_with_options::<Node>(text, options)
}
