//! The injection webhooks themselves: whether there are any, and whom their namespaceSelector,
//! objectSelector, rules and matchConditions select.

mod admission_plugin_off;
mod by_default_missing;
mod changed;
mod deactivated;
mod match_conditions;
mod missing;
mod platform;
mod rules;
mod selectors_changed;
pub(crate) mod stock;

use crate::causes::Check;

/// The checks of this topic, in the order of their codes.
pub(crate) static CHECKS: &[&Check] = &[
    &missing::CHECK,
    &deactivated::CHECK,
    &rules::CHECK,
    &match_conditions::CHECK,
    &selectors_changed::CHECK,
    &by_default_missing::CHECK,
    &platform::CHECK,
    &admission_plugin_off::CHECK,
];
