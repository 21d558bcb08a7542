//! A sign of life while the cluster is read.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What takes less time than this needs no sign of life.
const PATIENCE: Duration = Duration::from_millis(300);
const TICK: Duration = Duration::from_millis(100);

/// Runs `work` and shows a spinner on standard error while it lasts, if somebody sits there.
pub async fn spin<T>(message: &'static str, unicode: bool, work: impl Future<Output = T>) -> T {
    let work = std::pin::pin!(work);
    if !io::stderr().is_terminal() {
        return work.await;
    }
    let mut work = work;
    if let Ok(done) = tokio::time::timeout(PATIENCE, &mut work).await {
        return done;
    }
    let frames = if unicode {
        "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "
    } else {
        "|/-\\ "
    };
    let spinner = ProgressBar::new_spinner()
        .with_style(ProgressStyle::default_spinner().tick_chars(frames))
        .with_message(message);
    spinner.enable_steady_tick(TICK);
    let done = work.await;
    spinner.finish_and_clear();
    done
}
