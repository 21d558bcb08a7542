//! Long text on a terminal, in the pager of whoever sits there.

use std::env;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::{Command, Stdio};

/// What git uses where nobody names another.
const USUAL: &str = "less";

/// What git gives to less: to leave at once where all fits on the screen, to keep colours, and to leave the text there.
const LESS: &str = "FRX";

/// Writes to the pager where standard output is a terminal, and else to `out`.
///
/// # Errors
/// What keeps it from being written. That the reader leaves before the end is a broken pipe, as it is with `out`.
pub fn show(
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let named = env::var("PAGER").ok();
    let can_page =
        io::stdout().is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb");
    let pager = can_page.then(|| words(named.as_deref())).flatten();
    through(pager, out, write)
}

/// The program and arguments that `PAGER` names; none where it is empty or `cat`, which says that none is wanted.
fn words(named: Option<&str>) -> Option<Vec<String>> {
    let words = shlex::split(named.unwrap_or(USUAL))?;
    match words.as_slice() {
        [] => None,
        [one] if one == "cat" => None,
        _ => Some(words),
    }
}

fn through(
    pager: Option<Vec<String>>,
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let words = pager.unwrap_or_default();
    let Some((program, arguments)) = words.split_first() else {
        return write(out);
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    // A pager that is not installed is no reason to say nothing.
    let Ok(mut pager) = command.spawn() else {
        return write(out);
    };
    let _ignored = ignore_interrupts();
    // Dropped before the wait, so that the pager sees the end.
    let written = pager.stdin.take().map_or(Ok(()), |input| {
        let mut input = BufWriter::new(input);
        write(&mut input).and_then(|()| input.flush())
    });
    pager.wait()?;
    written
}

/// Control-C is for the pager, which takes it for the end of a search, not of itself. It is ignored until this program
/// ends, and as long as the value that is returned is alive.
#[cfg(unix)]
fn ignore_interrupts() -> Option<tokio::runtime::Runtime> {
    use tokio::signal::unix::{SignalKind, signal};

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let entered = runtime.enter();
    let listening = signal(SignalKind::interrupt());
    drop(entered);
    listening.is_ok().then_some(runtime)
}

#[cfg(not(unix))]
fn ignore_interrupts() {}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_variable_names_a_pager_or_none() {
        let less = |words: &[&str]| Some(words.iter().map(|&word| word.to_owned()).collect());
        for (named, expected) in [
            (None, less(&["less"])),
            (Some("less -S '-P a b'"), less(&["less", "-S", "-P a b"])),
            (Some(""), None),
            (Some(" "), None),
            (Some("cat"), None),
            (Some("cat -n"), less(&["cat", "-n"])),
            (Some("'"), None),
        ] {
            assert_eq!(words(named), expected, "{named:?}");
        }
    }

    fn shown(pager: Option<&[&str]>, text: &str) -> (io::Result<()>, String) {
        let mut out = Vec::new();
        let words = pager.map(|words| words.iter().map(|&word| word.to_owned()).collect());
        let written = through(words, &mut out, |out| out.write_all(text.as_bytes()));
        (written, String::from_utf8(out).unwrap())
    }

    #[test]
    fn without_a_pager_that_runs_the_text_is_written_directly() {
        for pager in [None, Some(&["no-such-pager", "-R"][..])] {
            let (written, out) = shown(pager, "all of it");
            written.unwrap();
            assert_eq!(out, "all of it", "{pager:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pager_gets_all_of_it_and_is_waited_for() {
        let file = env::temp_dir().join(format!("injdoctor-pager-{}", std::process::id()));
        let script = format!("sleep 0.1; cat > {}", file.display());
        let (written, out) = shown(Some(&["sh", "-c", &script]), "all of it");
        let paged = fs::read_to_string(&file);
        fs::remove_file(&file).unwrap();
        written.unwrap();
        assert_eq!((out.as_str(), paged.unwrap().as_str()), ("", "all of it"));
    }

    #[cfg(unix)]
    #[test]
    fn a_reader_who_leaves_early_breaks_the_pipe() {
        let long = "x".repeat(1_000_000);
        let (written, _) = shown(Some(&["true"]), &long);
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
