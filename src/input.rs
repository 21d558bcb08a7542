//! Files and standard input that the user hands over, as text.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// A manifest or a snapshot larger than this would not fit in memory once it is read.
const MOST: u64 = 1 << 30;
/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum InputError {
    #[error("{0} does not exist")]
    Missing(String),
    #[error("{0} is a folder; name the files in it")]
    Folder(String),
    #[error("{0} is a URL; download it first, or pipe it in: curl -L {0} | injdoctor check -f -")]
    Url(String),
    #[error("cannot read {file}: {error}")]
    Unreadable { file: String, error: std::io::Error },
    #[error("{0} is not text")]
    NotText(String),
    #[error("{0} is empty")]
    Empty(String),
}

/// Where files and standard input come from.
pub struct Input<'a> {
    /// What `-` stands for. Somebody may be typing there, so it may take as long as it takes.
    pub stdin: &'a mut dyn Read,
    /// How long to wait while nothing comes out of a file, which may be a pipe; none waits for ever.
    pub wait: Option<Duration>,
}

impl<'a> Input<'a> {
    /// An input that waits for ever.
    pub fn patient(stdin: &'a mut dyn Read) -> Self {
        Self { stdin, wait: None }
    }
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

/// What a person calls an input: the path, or `standard input` for `-`.
pub fn title(path: &str) -> String {
    match path {
        "-" => "standard input".to_owned(),
        path => path.to_owned(),
    }
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// [`InputError`] where there is no text.
pub fn read(path: &str, input: &mut Input<'_>) -> Result<String, InputError> {
    let file = title(path);
    let outcome = match path {
        "-" => read_all(&mut input.stdin),
        path if path.starts_with("https://") || path.starts_with("http://") => {
            return Err(InputError::Url(file));
        }
        path if Path::new(path).is_dir() => return Err(InputError::Folder(file)),
        path => bytes(Path::new(path), MOST, input.wait),
    };
    let bytes = match outcome {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(InputError::Missing(file));
        }
        Err(error) => return Err(InputError::Unreadable { file, error }),
    };
    match text(bytes) {
        None => Err(InputError::NotText(file)),
        Some(text) if text.trim().is_empty() => Err(InputError::Empty(file)),
        Some(text) => Ok(text),
    }
}

fn read_all(stdin: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdin.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(too_large(MOST));
    }
    Ok(bytes)
}

/// Reads a file of at most so many bytes, waiting no longer than `wait` for each piece of it: a pipe
/// may have nobody at its other end, and a file may be on a server that does not answer.
///
/// # Errors
/// What the system says; [`ErrorKind::TimedOut`] where nothing came, [`ErrorKind::FileTooLarge`] where
/// it did not end.
pub fn bytes(path: &Path, most: u64, wait: Option<Duration>) -> io::Result<Vec<u8>> {
    let (sender, receiver) = sync_channel(4);
    let file = path.to_owned();
    // Nothing can stop a read that hangs. The thread that does it ends with the program.
    thread::Builder::new().spawn(move || {
        if let Err(error) = send_all(&file, &sender) {
            let _ = sender.send(Err(error));
        }
    })?;
    let mut bytes = Vec::new();
    loop {
        let piece = match wait {
            Some(wait) => receiver.recv_timeout(wait),
            None => receiver.recv().map_err(RecvTimeoutError::from),
        };
        match (piece, wait) {
            (Ok(Ok(piece)), _) => bytes.extend_from_slice(&piece),
            (Ok(Err(error)), _) => return Err(error),
            (Err(RecvTimeoutError::Timeout), Some(wait)) => return Err(nothing_within(wait)),
            (Err(_), _) => return Ok(bytes),
        }
        if bytes.len() as u64 > most {
            return Err(too_large(most));
        }
    }
}

fn send_all(path: &Path, sender: &SyncSender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut file = File::open(path)?;
    loop {
        let mut piece = Vec::with_capacity(CHUNK);
        let read = (&mut file).take(CHUNK as u64).read_to_end(&mut piece)?;
        // Whoever does not listen any more has seen enough.
        if read == 0 || sender.send(Ok(piece)).is_err() {
            return Ok(());
        }
    }
}

fn nothing_within(wait: Duration) -> io::Error {
    let words = format!("nothing came within {wait:?}; --request-timeout waits longer");
    io::Error::new(ErrorKind::TimedOut, words)
}

fn too_large(most: u64) -> io::Error {
    let words = format!("it is larger than {} MiB", most >> 20);
    io::Error::new(ErrorKind::FileTooLarge, words)
}

/// UTF-8, or UTF-16 with its mark: `>` of Windows PowerShell writes the latter. None for what is
/// neither.
pub fn text(mut bytes: Vec<u8>) -> Option<String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, []) = rest.as_chunks() else {
            return None;
        };
        let units: Vec<_> = pairs.iter().copied().map(unit).collect();
        String::from_utf16(&units).ok()
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, ..] => String::from_utf8(bytes.split_off(3)).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_stdin(bytes: &[u8]) -> Result<String, InputError> {
        read("-", &mut Input::patient(&mut &*bytes))
    }

    fn from_file(path: &str) -> Result<String, InputError> {
        read(path, &mut Input::patient(&mut &b""[..]))
    }

    #[test]
    fn text_is_read_in_the_encodings_that_shells_write() {
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("aé".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(from_stdin(&wide).unwrap(), "aé");
        assert_eq!(from_stdin(b"\xef\xbb\xbfa").unwrap(), "a");
        assert_eq!(from_stdin(b"a").unwrap(), "a");
    }

    #[test]
    fn what_holds_no_text_is_an_error() {
        let table: [(Result<String, InputError>, &str); 7] = [
            (from_stdin(b" \n"), "standard input is empty"),
            (from_stdin(b"\xff\x00\x01"), "standard input is not text"),
            (from_stdin(b"\xff\xfea\0b"), "standard input is not text"),
            (from_file("/nonexistent"), "/nonexistent does not exist"),
            (from_file("/"), "/ is a folder"),
            (from_file("https://a/b"), "curl -L https://a/b"),
            (from_file("/proc/self/mem"), "cannot read /proc/self/mem"),
        ];
        for (outcome, expected) in table {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_file_is_read_whole_and_one_without_an_end_is_not() {
        let path = std::env::temp_dir().join(format!("injdoctor-large-{}", std::process::id()));
        let large = "0123456789".repeat(100_000);
        std::fs::write(&path, &large).unwrap();
        let read = bytes(&path, 1_000_000, Some(Duration::from_secs(60))).unwrap();
        assert!(read == large.as_bytes());
        let error = bytes(&path, 999_999, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        std::fs::remove_file(&path).unwrap();
        if cfg!(unix) {
            let error = bytes(Path::new("/dev/zero"), 10 << 20, None).unwrap_err();
            assert_eq!(error.to_string(), "it is larger than 10 MiB");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_without_a_writer_is_not_waited_for() {
        let path = std::env::temp_dir().join(format!("injdoctor-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let mut stdin = &b""[..];
        let mut input = Input {
            stdin: &mut stdin,
            wait: Some(Duration::from_millis(50)),
        };
        let error = read(path.to_str().unwrap(), &mut input)
            .unwrap_err()
            .to_string();
        std::fs::remove_file(&path).unwrap();
        let words = "nothing came within 50ms; --request-timeout waits longer";
        assert!(error.contains(words), "{error}");
    }
}
