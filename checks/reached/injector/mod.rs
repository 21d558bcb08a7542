//! The injector in istiod: on, and at the path that is called.

mod explain;

pub use explain::explain;

crate::check::checks! { not_serving }
