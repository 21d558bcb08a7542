//! Does the URL answer that a webhook names in the place of a Service? It leads out of sight.

use std::fmt;

use super::api_server_error;
use super::step::{Entry, Step};
use crate::facts::Missing;
use crate::rules::credentials::url;
use crate::way::Case;

/// A call by URL fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The webhook configuration.
    pub webhook: String,
    /// The API server's own words.
    pub error: String,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "calls of {} fail: {}", self.webhook, self.error)
    }
}

/// Who answers at the URL. Only an error that the API server got from it tells.
pub fn answers<T>(case: &Case, entry: Entry) -> Step<T, Failing> {
    match api_server_error::of(case, entry.webhook)? {
        Some(error) => Ok(Err(Failing {
            webhook: entry.name(),
            error: error.text,
        })),
        None => Err(Missing(format!(
            "whether {} answers cannot be seen from the cluster's API",
            url(entry
                .webhook
                .client_config
                .url
                .as_deref()
                .unwrap_or_default())
        ))),
    }
}
