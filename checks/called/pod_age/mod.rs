//! Pods that are older than what would inject them.

crate::check::checks! { predates }
