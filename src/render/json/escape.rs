//! Control and format characters beyond those that JSON itself has escaped. Output for programs is
//! shown on terminals as well.

use std::fmt;
use std::io::{self, Write};

use injdoctor_checks::report::is_invisible;
use serde_json::ser::Formatter;

/// A format of JSON in which every control and format character is spelt out.
#[derive(Default)]
pub struct Spelt<F>(pub F);

impl<F: Formatter> Formatter for Spelt<F> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let mut rest = text;
        while let Some((before, found, after)) = split(rest) {
            out.write_all(before.as_bytes())?;
            for unit in found.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after;
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// Whether there is nothing to be spelt out for certain: so it is with nearly all texts, and told at once.
pub fn is_plain(text: &str) -> bool {
    // Without a way out early, many bytes are looked at together.
    let is_plain = |byte| matches!(byte, b' '..=b'~');
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// What stands before the first invisible character, that character, and what follows it.
fn split(text: &str) -> Option<(&str, char, &str)> {
    if is_plain(text) {
        return None;
    }
    let (at, found) = text.char_indices().find(|(_, c)| is_invisible(*c))?;
    let (before, rest) = text.split_at_checked(at)?;
    Some((before, found, rest.strip_prefix(found)?))
}

/// A writer of YAML that spells out every control and format character. They stand in double quotes
/// only, for that is how [`super::text::Text`] has them written.
pub struct SpeltYaml<'a> {
    out: &'a mut dyn Write,
    /// Why writing failed, which the formatting error does not say.
    pub error: Option<io::Error>,
}

impl<'a> SpeltYaml<'a> {
    /// YAML that goes to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, error: None }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        for c in text.chars() {
            match c {
                '\n' => self.out.write_all(b"\n")?,
                c if is_invisible(c) => match u32::from(c) {
                    code @ ..0x1_0000 => write!(self.out, "\\u{code:04x}")?,
                    code => write!(self.out, "\\U{code:08x}")?,
                },
                c => write!(self.out, "{c}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Write for SpeltYaml<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}
