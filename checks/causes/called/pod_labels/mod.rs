//! What the pod template says: label and annotation `sidecar.istio.io/inject`.

mod annotation_instead;
mod misspelt;
mod on_workload;
mod opted_out;
mod setting;
mod value_invalid;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &opted_out::CHECK,
    &value_invalid::CHECK,
    &annotation_instead::CHECK,
    &on_workload::CHECK,
    &misspelt::CHECK,
];
