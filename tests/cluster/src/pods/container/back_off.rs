//! How long a container waits before it is started again, and what is said meanwhile.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Container, Ended, State, pod_words};
use crate::pods::events::Events;
use crate::pods::sandbox::Sandbox;

/// After the second end of a container, and twice as long after each further one: as long as a kubelet says, and a tenth
/// of that in truth.
const BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);
const HASTE: u32 = 10;

impl Container {
    /// Notes how it has ended.
    pub(super) fn end(
        &mut self,
        started: Timestamp,
        exit_code: i32,
        reason: &'static str,
        message: Option<String>,
    ) {
        self.not_before = Instant::now();
        // The first time it is started again at once.
        if self.restarts > 0 {
            self.not_before += self.back_off_time() / HASTE;
        }
        self.state = State::Ended(Ended {
            exit_code,
            started,
            finished: Timestamp::now(),
            reason,
            message,
        });
    }

    /// Says that it waits, once.
    pub(super) fn back_off(&mut self, sandbox: &Sandbox, events: &mut Events) {
        if !matches!(self.state, State::Ended(_)) {
            return;
        }
        self.remember_end();
        let pod = pod_words(&sandbox.pod);
        let name = self.name().to_owned();
        let message = format!("Back-off restarting failed container {name} in pod {pod}");
        events.warning(&self.field(), "BackOff", &message);
        let message = format!(
            "back-off {} restarting failed container={name} pod={pod}",
            go_duration(self.back_off_time())
        );
        self.state = State::waiting("CrashLoopBackOff", &message);
    }

    fn back_off_time(&self) -> Duration {
        let doublings = self.restarts.saturating_sub(1).min(8);
        (BACK_OFF * 2_u32.pow(doublings)).min(LONGEST_BACK_OFF)
    }
}

/// As Go prints a whole number of seconds.
fn go_duration(duration: Duration) -> String {
    let (minutes, seconds) = (duration.as_secs() / 60, duration.as_secs() % 60);
    match minutes {
        0 => format!("{seconds}s"),
        _ => format!("{minutes}m{seconds}s"),
    }
}
