//! Pods that opt out where only istiod looks: in an annotation. Labels are looked at by the API server first.

crate::check::checks! { annotation }
