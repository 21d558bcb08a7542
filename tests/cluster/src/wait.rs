//! Waiting for what takes its time in a cluster. How long that may be stands here and nowhere else: long, because on a
//! busy machine a wait of a second takes minutes, and a slow machine is no failure.

use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Error, Result};
use thiserror::Error;

use crate::tell;

const PATIENCE: Patience = Patience {
    standstill: Duration::from_secs(180),
    altogether: Duration::from_secs(900),
    silence: Duration::from_secs(15),
    pause: Duration::from_millis(100),
};

struct Patience {
    /// A wait ends when it has seen the same for so long.
    standstill: Duration,
    /// It also ends after this time, for what goes to and fro without an end.
    altogether: Duration,
    /// How long whoever watches is left in the dark.
    silence: Duration,
    /// Between two attempts.
    pause: Duration,
}

/// How long a command that waits by itself may do so, as kubectl's `--timeout` takes it.
pub(crate) fn patience() -> String {
    format!("{}s", PATIENCE.standstill.as_secs())
}

/// An error that no waiting will change.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Hopeless(pub(crate) String);

/// Tries until it works. `what` completes the sentence "waited for ..."; the error of an attempt says what is there
/// instead.
///
/// # Errors
/// The last error, when it has been the same for minutes. Its first line counts as what was seen: what follows may be
/// the output of a program, which can change with every second.
pub fn wait_for<T>(what: &str, attempt: impl FnMut() -> Result<T>) -> Result<T> {
    PATIENCE.wait_for(what, attempt)
}

impl Patience {
    fn wait_for<T>(&self, what: &str, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        let started = Instant::now();
        let mut changed = started;
        let mut told = started;
        let mut seen = String::new();
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let now = Instant::now();
            let first_line = first_line(&error);
            if first_line != seen {
                seen = first_line;
                changed = now;
            }
            let waited = now - started;
            if now - changed >= self.standstill
                || waited >= self.altogether
                || error.is::<Hopeless>()
            {
                let same = now - changed;
                return Err(error.context(format!(
                    "waited {waited:.0?} for {what}; seen last, for {same:.0?}"
                )));
            }
            if now - told >= self.silence {
                told = now;
                tell(&format!(
                    "waiting for {what} since {waited:.0?}; seen last: {seen}"
                ));
            }
            sleep(self.pause);
        }
    }
}

fn first_line(error: &Error) -> String {
    let all = format!("{error:#}");
    all.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use anyhow::{anyhow, bail};

    use super::*;

    /// An attempt takes no time, so that the pauses are all the time there is.
    const HASTE: Patience = Patience {
        standstill: Duration::from_millis(100),
        altogether: Duration::from_millis(500),
        silence: Duration::from_secs(60),
        pause: Duration::from_millis(10),
    };

    #[test]
    fn a_wait_ends_with_the_first_success() -> Result<()> {
        let mut attempts = 0;
        let answer = HASTE.wait_for("the third attempt", || {
            attempts += 1;
            if attempts < 3 {
                bail!("it is number {attempts}")
            }
            Ok(attempts)
        })?;
        assert_eq!(answer, 3);
        Ok(())
    }

    #[test]
    fn a_standstill_ends_a_wait_and_the_error_says_what_was_awaited_and_seen() {
        let patience = Patience {
            altogether: Duration::MAX,
            ..HASTE
        };
        let mut attempts = 0;
        let outcome = patience.wait_for("a pod", || {
            attempts += 1;
            Err::<(), _>(anyhow!("no pod\nat attempt {attempts}"))
        });
        let error = outcome.map_or_else(|error| format!("{error:#}"), |()| "none".to_owned());
        assert!(error.contains("for a pod; seen last"), "{error}");
        assert!(error.contains("no pod"), "{error}");
    }

    #[test]
    fn progress_prolongs_a_wait_but_not_for_ever() {
        let started = Instant::now();
        let mut attempts = 0;
        let outcome = HASTE.wait_for("what never comes", || {
            attempts += 1;
            Err::<(), _>(anyhow!("{attempts} of many\nas ever"))
        });
        assert!(outcome.is_err());
        assert!(started.elapsed() >= HASTE.altogether);
    }

    #[test]
    fn what_is_hopeless_ends_a_wait_at_once() {
        let mut attempts = 0;
        let outcome = HASTE.wait_for("a program that has crashed", || {
            attempts += 1;
            Err::<(), _>(Error::new(Hopeless("it ended".to_owned())).context("etcd"))
        });
        assert!(outcome.is_err());
        assert_eq!(attempts, 1);
    }
}
