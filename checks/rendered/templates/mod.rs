//! The templates that istiod renders: those of annotation `inject.istio.io/templates`, or the default ones.

crate::check::checks! { not_found }
