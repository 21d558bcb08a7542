//! The injection webhooks themselves: whether there are any, and whom their namespaceSelector,
//! objectSelector, rules and matchConditions select.

mod stock;

crate::check::checks! { missing, deactivated, rules, match_conditions, selectors_changed }
