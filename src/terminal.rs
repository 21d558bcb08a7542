//! What the terminal can show.

use std::env;
use std::io::{self, IsTerminal};

use crate::cli::ColorChoice;

/// How the output may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether symbols beyond ASCII can be shown.
    pub unicode: bool,
    /// Whether to colour.
    pub colour: bool,
    /// Columns to fill.
    pub width: usize,
}

/// Columns where nobody tells: what a terminal has had since the VT100.
const WIDTH: usize = 80;

impl Look {
    /// What standard output can show.
    pub fn detect(choice: ColorChoice) -> Self {
        let variable = |name: &str| env::var(name).ok();
        let terminal = io::stdout().is_terminal();
        Self {
            unicode: unicode(variable),
            colour: colour(choice, terminal, variable),
            width: if terminal { width() } else { WIDTH },
        }
    }

    /// Makes the choice of colour known to the crate that colours, whose own rules differ.
    pub fn install(self) -> Self {
        colored::control::set_override(self.colour);
        self
    }
}

/// Wide lines tire the eye, and below sixty columns the wrapping would be worse than the terminal's.
fn width() -> usize {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(60, 100))
}

fn unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("TERM").as_deref() == Some("dumb") {
        return false;
    }
    if cfg!(windows) {
        return true;
    }
    // POSIX: the first of these that is set and not empty names the locale of characters.
    let locale = set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"));
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

fn colour(choice: ColorChoice, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let forbidden = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = variable("TERM").is_some_and(|value| value == "dumb");
            terminal && !forbidden && !dumb
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_first_locale_variable_that_is_not_empty_decides() {
        for (set, expected) in [
            (&[("LANG", "en_GB.UTF-8")][..], true),
            (&[("LANG", "C.utf8")], true),
            (&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")], false),
            (&[("LC_ALL", ""), ("LANG", "en_GB.UTF-8")], true),
            (
                &[("LC_CTYPE", "en_GB.ISO-8859-1"), ("LANG", "en_GB.UTF-8")],
                false,
            ),
            (&[("TERM", "dumb"), ("LANG", "en_GB.UTF-8")], false),
            (&[], false),
        ] {
            assert_eq!(unicode(environment(set)), expected, "{set:?}");
        }
    }

    #[test]
    fn colour_is_for_terminals_unless_the_flag_says_otherwise() {
        for (choice, terminal, set, expected) in [
            (ColorChoice::Auto, true, &[][..], true),
            (ColorChoice::Auto, false, &[], false),
            (ColorChoice::Auto, true, &[("NO_COLOR", "1")], false),
            (ColorChoice::Auto, true, &[("NO_COLOR", "")], true),
            (ColorChoice::Auto, true, &[("TERM", "dumb")], false),
            (ColorChoice::Always, false, &[("NO_COLOR", "1")], true),
            (ColorChoice::Never, true, &[], false),
        ] {
            assert_eq!(
                colour(choice, terminal, environment(set)),
                expected,
                "{choice:?} {set:?}"
            );
        }
    }
}
