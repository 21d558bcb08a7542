//! The annotations of the pod that shape its sidecar.

mod corrected;

crate::check::checks! { invalid }
