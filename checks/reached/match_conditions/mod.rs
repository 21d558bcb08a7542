//! Conditions in CEL that cannot be evaluated.

crate::check::checks! { error }
