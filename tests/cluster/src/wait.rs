//! Waiting for what takes its time in a cluster.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Tries until it works; after `limit`, the last error is the answer.
pub fn retry<T>(limit: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(error) if started.elapsed() > limit => {
                return Err(error).with_context(|| format!("still so after {limit:?}"));
            }
            Err(_) => sleep(Duration::from_millis(100)),
        }
    }
}
