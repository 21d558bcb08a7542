//! A certificate that bears other names. No check knows more than that yet.

use crate::causes::reached::explanation::{Explain, Explanation};
use crate::facts::Missing;
use crate::way::reached::WrongName;
use crate::way::{Case, Destination};

impl Explain for WrongName {
    fn explain(&self, _: &Case, _: &Destination) -> Result<Explanation, Missing> {
        Ok(Explanation::of(self))
    }
}
