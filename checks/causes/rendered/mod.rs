//! Stage 4: can istiod render the sidecar for the pod?

mod annotations;
pub(crate) mod templates;

use crate::causes::{Check, Verdict};
use crate::facts::Missing;
use crate::way::Case;
use crate::way::{Answer, Arrival, Istiod, Outcome, Refusal};

/// The topics of this stage.
pub(crate) static TOPICS: &[&[&Check]] = &[templates::CHECKS, annotations::CHECKS];

/// The istiod that refuses the pod for such a reason; or what to answer where none does.
///
/// # Errors
/// [`Missing`] where it cannot be told.
fn refused<T>(
    case: &Case,
    matches: impl Fn(&Refusal) -> Option<T>,
) -> Result<Result<(Istiod, T), Verdict>, Missing> {
    let prediction = case.prediction();
    let mut rendered = 0;
    for call in prediction.calls.iter().filter(|call| call.injector) {
        let (Some(Answer::Yes(Arrival::Istiod(istiod))), Some(answer)) =
            (&call.reached, &call.rendered)
        else {
            continue;
        };
        rendered += 1;
        if let Some(found) = answer.no().and_then(&matches) {
            return Ok(Ok((istiod.clone(), found)));
        }
    }
    if prediction.outcome == Outcome::Unknown {
        return Err(Missing(prediction.because.clone()));
    }
    Ok(Err(match rendered {
        0 => Verdict::not_applicable("no istiod renders a sidecar for the pod"),
        _ => Verdict::Passed,
    }))
}
