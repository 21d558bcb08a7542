//! What all answers together say about the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::trouble::{Trouble, hint};
use crate::cluster::connect::{ConnectError, Link};

/// What the answers so far say about the server.
#[derive(Debug, Default)]
pub struct Tally {
    /// The API server has answered with something other than 401.
    welcome: AtomicBool,
    /// Its first 401.
    unauthorized: First,
    /// The first failure that was no answer of an API server.
    silence: First,
}

/// The first trouble of its sort.
#[derive(Debug, Default)]
struct First(Mutex<Option<Trouble>>);

impl First {
    fn get(&self) -> Option<Trouble> {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone()
    }

    fn set(&self, trouble: &Trouble) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| trouble.clone());
    }
}

impl Tally {
    /// Counts an answer.
    pub fn count<T>(&self, answer: &Result<T, Trouble>) {
        match answer {
            Err(trouble @ Trouble::Api(status)) if status.code == 401 => {
                self.unauthorized.set(trouble);
            }
            Ok(_) | Err(Trouble::Api(_)) => self.welcome.store(true, Ordering::Relaxed),
            Err(trouble) => self.silence.set(trouble),
        }
    }

    /// Why connections fail, as long as none has succeeded: then further ones are not worth waiting for.
    pub fn unreachable(&self) -> Option<Trouble> {
        if self.welcome.load(Ordering::Relaxed) {
            return None;
        }
        self.silence
            .get()
            .filter(|trouble| matches!(trouble, Trouble::Transport(_)))
    }

    /// Whether there is an API server at the other end that knows the user.
    pub fn verdict(&self, link: &Link) -> Result<(), ConnectError> {
        if self.welcome.load(Ordering::Relaxed) {
            return Ok(());
        }
        let server = link.server.clone();
        if let Some(trouble) = self.unauthorized.get() {
            return Err(ConnectError::Unauthorized {
                server,
                context: link.connection.context.clone(),
                reason: trouble.to_string(),
            });
        }
        let Some(trouble) = self.silence.get() else {
            return Ok(());
        };
        let reason = trouble.to_string();
        Err(match trouble {
            Trouble::Foreign(..) | Trouble::Malformed(_) | Trouble::TooLarge { .. } => {
                ConnectError::NotKubernetes { server, reason }
            }
            _ => ConnectError::Unreachable {
                server,
                hint: hint(&reason),
                reason,
            },
        })
    }
}
