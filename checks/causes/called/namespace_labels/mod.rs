//! The labels of the namespace: `istio-injection` and `istio.io/rev`.

mod blocks_pod_label;
mod fought_over;
mod label_misplaced;
mod label_value;
mod labels_conflict;
mod not_labelled;
mod opted_out;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &not_labelled::CHECK,
    &label_value::CHECK,
    &label_misplaced::CHECK,
    &opted_out::CHECK,
    &blocks_pod_label::CHECK,
    &labels_conflict::CHECK,
    &fought_over::CHECK,
];
