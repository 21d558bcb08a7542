//! What the user may read.

crate::check::checks! { denied }
