//! The caBundle of the webhook against istiod's root, and the certificates in both.

mod explain;
mod label;
mod repair;

pub use explain::explain;

crate::check::checks! { empty, not_pem, mismatch, expired, revision_label }
