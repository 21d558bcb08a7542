//! Pods that are injected, or not, otherwise than somebody expects.

mod enabled_by_default;
mod injected_twice;
mod label_beats_annotation;
mod manually_injected;
mod revision_stale;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &label_beats_annotation::CHECK,
    &enabled_by_default::CHECK,
    &injected_twice::CHECK,
    &revision_stale::CHECK,
    &manually_injected::CHECK,
];
