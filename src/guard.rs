//! The last guard: what becomes of a defect of the program itself.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

/// The first panic of the program, in words.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Does the work. Where that panics, says so instead of printing a trace that means nothing to a user.
///
/// # Errors
/// What to tell the user, where the work panicked.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::set_hook(Box::new(|panic| {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| words(panic));
    }));
    // What is left of the work is only thrown away.
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        format!(
            "injdoctor {} has a defect and stopped: {}; this says nothing about the cluster; \
             please report it with the command that you ran",
            env!("CARGO_PKG_VERSION"),
            first.take().unwrap_or_default()
        )
    })
}

fn words(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = text.unwrap_or("no reason given");
    match panic.location() {
        Some(place) => format!("{what} ({}:{})", place.file(), place.line()),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_words() {
        let outcome = guarded(|| -> u8 { panic!("no \u{1b} way") });
        let words = outcome.unwrap_err();
        assert!(words.contains("no \u{1b} way (src/guard.rs:"), "{words}");
        assert_eq!(guarded(|| 1), Ok(1));
        let _ = panic::take_hook();
    }
}
