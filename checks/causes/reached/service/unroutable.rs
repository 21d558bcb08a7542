//! A Service to which the API server cannot route. No check knows more than that yet.

use crate::causes::reached::explanation::{Explain, Explanation};
use crate::facts::Missing;
use crate::way::reached::Unroutable;
use crate::way::{Case, Destination};

impl Explain for Unroutable {
    fn explain(&self, _: &Case, _: &Destination) -> Result<Explanation, Missing> {
        Ok(Explanation::of(self))
    }
}
