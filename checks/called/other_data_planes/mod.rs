//! Pods that get no sidecar by their nature: static pods, and those of the ambient data plane.

crate::check::checks! { static_pod, ambient }
