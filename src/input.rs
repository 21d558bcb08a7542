//! Files and standard input that the user hands over, as text.

use std::io::{ErrorKind, Read};
use std::path::Path;

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

/// What a person calls an input: the path, or `standard input` for `-`.
pub fn title(path: &str) -> String {
    match path {
        "-" => "standard input".to_owned(),
        path => path.to_owned(),
    }
}

/// Reads a file, or `stdin` for `-`.
///
/// # Errors
/// [`InputError`] where there is no text.
pub fn read(path: &str, stdin: &mut dyn Read) -> Result<String, InputError> {
    let file = title(path);
    let mut bytes = Vec::new();
    let outcome = match path {
        "-" => stdin.read_to_end(&mut bytes).map(drop),
        path if path.starts_with("https://") || path.starts_with("http://") => {
            return Err(InputError::Url(file));
        }
        path if Path::new(path).is_dir() => return Err(InputError::Folder(file)),
        path => std::fs::read(path).map(|read| bytes = read),
    };
    if let Err(error) = outcome {
        return Err(match error.kind() {
            ErrorKind::NotFound => InputError::Missing(file),
            _ => InputError::Unreadable { file, error },
        });
    }
    match text(&bytes) {
        None => Err(InputError::NotText(file)),
        Some(text) if text.trim().is_empty() => Err(InputError::Empty(file)),
        Some(text) => Ok(text),
    }
}

/// UTF-8, or UTF-16 with its mark: `>` of Windows PowerShell writes the latter.
fn text(bytes: &[u8]) -> Option<String> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
        String::from_utf16(&units.map(unit).collect::<Vec<_>>()).ok()
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        bytes => String::from_utf8(bytes.to_vec()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_stdin(bytes: &[u8]) -> Result<String, InputError> {
        read("-", &mut &*bytes)
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
        let table: [(Result<String, InputError>, &str); 6] = [
            (from_stdin(b" \n"), "standard input is empty"),
            (from_stdin(b"\xff\x00\x01"), "standard input is not text"),
            (
                read("/nonexistent", &mut &b""[..]),
                "/nonexistent does not exist",
            ),
            (read("/", &mut &b""[..]), "/ is a folder"),
            (read("https://a/b", &mut &b""[..]), "curl -L https://a/b"),
            (
                read("/proc/self/mem", &mut &b""[..]),
                "cannot read /proc/self/mem",
            ),
        ];
        for (outcome, expected) in table {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
