//! A webhook by URL. No check knows more than its error yet.

use super::explanation::{Explain, Explanation};
use crate::facts::Missing;
use crate::way::reached::Failing;
use crate::way::{Case, Destination};

impl Explain for Failing {
    fn explain(&self, _: &Case, _: &Destination) -> Result<Explanation, Missing> {
        Ok(Explanation::of(self))
    }
}
