//! What the next pod gets.

use crate::facts::Missing;
use crate::way::{Answer, Case, Outcome};

/// The templates of the next pod's sidecar; none where it has none.
///
/// # Errors
/// [`Missing`] where it cannot be told whether it has one.
pub fn templates(case: &Case) -> Result<Option<Vec<String>>, Missing> {
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        _ => return Ok(None),
    }
    // Of several webhooks the last one's templates stay.
    let mut calls = prediction.calls.iter().rev();
    Ok(calls.find_map(|call| match &call.rendered {
        Some(Answer::Yes(sidecar)) => Some(sidecar.templates.clone()),
        _ => None,
    }))
}
