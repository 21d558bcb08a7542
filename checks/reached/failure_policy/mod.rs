//! What happens to pods while the webhook's calls fail.

crate::check::checks! { fail_open }
