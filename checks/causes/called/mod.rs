//! Stage 1: does the API server call an injection webhook for the pod?

mod living_pods;
mod namespace_labels;
mod other_data_planes;
mod pod_age;
mod pod_labels;
mod revisions;
pub(crate) mod webhook_selectors;

pub(in crate::causes) use living_pods::{Side, changers};

use std::rc::Rc;

use crate::causes::Check;
use crate::facts::Missing;
use crate::way::Case;
use crate::way::relabelled::WhatIf;
use crate::way::{Answer, NotCalled};

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[
    namespace_labels::CHECKS,
    revisions::CHECKS,
    pod_labels::CHECKS,
    webhook_selectors::CHECKS,
    other_data_planes::CHECKS,
    living_pods::CHECKS,
    pod_age::CHECKS,
];

/// What to try, where it is certain that no injection webhook is called for the target's pods;
/// none where one is, or where a matchCondition's error settles the matter.
///
/// # Errors
/// [`Missing`] where that cannot be told.
fn uncalled<'a>(case: &Case<'a>) -> Result<Option<Rc<WhatIf<'a>>>, Missing> {
    if crate::way::is_static(case)? {
        return Ok(None);
    }
    for call in case.calls()?.iter().filter(|call| call.injector) {
        match call.called.known()? {
            Answer::Yes(_) | Answer::No(NotCalled::ConditionError { .. }) => return Ok(None),
            _ => {}
        }
    }
    case.what_if().map(Some)
}
