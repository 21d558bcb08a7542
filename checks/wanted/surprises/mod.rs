//! Pods that are injected, or not, otherwise than somebody expects.

crate::check::checks! { label_beats_annotation, enabled_by_default, injected_twice }
