//! The Service leads to another port of istiod than that of its webhooks.

use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::place::Place;
use crate::causes::reached::service::port;
use crate::facts::Missing;
use crate::way::reached::TargetPort;
use crate::way::{Case, Destination};

impl Explain for TargetPort {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(place) = Place::of(case, destination)? else {
            return Ok(Explanation::of(self));
        };
        let actual = self.actual.to_string();
        let message = self.to_string();
        Ok(port::leads_astray(&place, message, &actual, self.expected))
    }
}
