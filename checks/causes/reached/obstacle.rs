//! Any obstacle explained.

use super::explanation::{Explain, Explanation};
use crate::facts::Missing;
use crate::way::{Case, Destination, Obstacle};

/// The explanation of an obstacle, whichever it is.
///
/// # Errors
/// [`Missing`] where what tells its causes apart was not read.
pub fn explain(
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
) -> Result<Explanation, Missing> {
    match obstacle {
        Obstacle::NotPem(one) => one.explain(case, destination),
        Obstacle::Proxied(one) => one.explain(case, destination),
        Obstacle::Failing(one) => one.explain(case, destination),
        Obstacle::NoService(one) => one.explain(case, destination),
        Obstacle::Unroutable(one) => one.explain(case, destination),
        Obstacle::NoPort(one) => one.explain(case, destination),
        Obstacle::NoEndpoints(one) => one.explain(case, destination),
        Obstacle::WrongPods(one) => one.explain(case, destination),
        Obstacle::TargetPort(one) => one.explain(case, destination),
        Obstacle::Empty(one) => one.explain(case, destination),
        Obstacle::Mismatch(one) => one.explain(case, destination),
        Obstacle::Expired(one) => one.explain(case, destination),
        Obstacle::WrongName(one) => one.explain(case, destination),
        Obstacle::NotServing(one) => one.explain(case, destination),
    }
}
