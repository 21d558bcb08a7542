//! What the next pod gets.

use crate::facts::Missing;
use crate::way::{Answer, Arrival, Call, Case, Istiod, Outcome};

/// The templates of the next pod's sidecar; none where it has none.
///
/// # Errors
/// [`Missing`] where it cannot be told whether it has one.
pub fn templates(case: &Case) -> Result<Option<Vec<String>>, Missing> {
    of_injection(case, |call| match &call.rendered {
        Some(Answer::Yes(sidecar)) => Some(sidecar.templates.clone()),
        _ => None,
    })
}

/// The istiod that injects the next pod; none where none does, or where it cannot be seen.
///
/// # Errors
/// [`Missing`] where it cannot be told whether one does.
pub fn injector(case: &Case) -> Result<Option<Istiod>, Missing> {
    of_injection(case, |call| match (&call.rendered, &call.reached) {
        (Some(Answer::Yes(_)), Some(Answer::Yes(Arrival::Istiod(istiod)))) => Some(istiod.clone()),
        _ => None,
    })
}

/// What is found at the call that injects the next pod; none where it gets no sidecar. Of several webhooks the last one's
/// work stays.
fn of_injection<T>(case: &Case, find: impl Fn(&Call) -> Option<T>) -> Result<Option<T>, Missing> {
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected => Ok(prediction.calls.iter().rev().find_map(find)),
        Outcome::Unknown => Err(Missing(prediction.because.clone())),
        _ => Ok(None),
    }
}
