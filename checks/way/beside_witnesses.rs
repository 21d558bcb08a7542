//! The prediction, beside all that the cluster says.

use super::witness::by_witnesses;
use super::{Case, Outcome, Prediction, istiod_log};

/// What will happen to the next pod, as far as the cluster does not contradict it.
pub fn predict_beside_witnesses(case: &Case) -> Prediction {
    let mut prediction = by_witnesses(case);
    if let (Outcome::Unknown, Ok(Some(heard))) = (prediction.outcome, istiod_log::heard(case)) {
        prediction.because = format!("{}; {heard}", prediction.because);
    }
    prediction
}
