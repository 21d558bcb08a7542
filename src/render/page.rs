//! The paper that the text formats write on: it sanitises, wraps and colours.

use std::io::{self, Write};

use colored::{ColoredString, Colorize};
use injdoctor_checks::report::{Severity, quote};
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

use super::sanitize::sanitize;
use crate::terminal::Look;

/// What a piece of text is, by which it is coloured. Colour never says anything that the text does
/// not say as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text as any other.
    Plain,
    /// What the eye should find first.
    Strong,
    /// What can be skipped.
    Faint,
    /// Good news.
    Good,
    /// Something is off.
    Warning,
    /// Something is broken.
    Error,
    /// Something is as designed, or nobody knows.
    Info,
}

impl From<Severity> for Style {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl Style {
    fn paint(self, text: &str) -> ColoredString {
        match self {
            Self::Plain => text.normal(),
            Self::Strong => text.bold(),
            Self::Faint => text.dimmed(),
            Self::Good => text.green(),
            Self::Warning => text.yellow().bold(),
            Self::Error => text.red().bold(),
            Self::Info => text.cyan(),
        }
    }
}

/// A piece of text in one style.
#[derive(Clone, Debug)]
pub struct Span {
    text: String,
    style: Style,
}

impl Span {
    /// Text in a style.
    pub fn new(style: Style, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }

    /// Text as any other.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(Style::Plain, text)
    }
}

/// The paper. Everything that is written on it comes out sanitised.
pub struct Page<'a> {
    out: &'a mut dyn Write,
    look: Look,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub fn new(out: &'a mut dyn Write, look: Look) -> Self {
        Self { out, look }
    }

    /// How the output may look.
    pub fn look(&self) -> Look {
        self.look
    }

    fn clean(&self, text: &str) -> String {
        sanitize(text, self.look.unicode).into_owned()
    }

    /// An empty line.
    pub fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Spans on one line, never wrapped.
    pub fn line(&mut self, indent: usize, spans: &[Span]) -> io::Result<()> {
        write!(self.out, "{:indent$}", "")?;
        self.spans(spans)?;
        writeln!(self.out)
    }

    /// Spans, a blank, and then text that is wrapped; its second line and all others start at `hang`.
    pub fn wrapped(
        &mut self,
        indent: usize,
        lead: &[Span],
        hang: usize,
        text: &Span,
    ) -> io::Result<()> {
        let shown = self.clean(&text.text);
        let widths = lead
            .iter()
            .map(|span| display_width(&self.clean(&span.text)));
        let blank = usize::from(!lead.is_empty());
        let start = indent + widths.sum::<usize>() + blank;
        // The first line is shorter by what leads it: blanks stand in for that while wrapping.
        let (first, rest) = (" ".repeat(start), " ".repeat(hang));
        let options = Options::new(self.look.width)
            .initial_indent(&first)
            .subsequent_indent(&rest)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        write!(self.out, "{:indent$}", "")?;
        self.spans(lead)?;
        for (number, line) in textwrap::wrap(&shown, options).iter().enumerate() {
            let line = line.trim_start();
            match number {
                0 if line.is_empty() => {}
                0 => write!(self.out, "{:blank$}", "")?,
                _ => write!(self.out, "\n{rest}")?,
            }
            write!(self.out, "{}", text.style.paint(line))?;
        }
        writeln!(self.out)
    }

    /// A headline and more pieces behind it, on as many lines as they need; no piece is broken.
    pub fn flow(&mut self, headline: &Span, pieces: &[String], hang: usize) -> io::Result<()> {
        let dot = if self.look.unicode { " · " } else { " - " };
        self.spans(std::slice::from_ref(headline))?;
        let mut column = display_width(&self.clean(&headline.text));
        for piece in pieces {
            let piece = self.clean(piece);
            let width = dot.chars().count() + display_width(&piece);
            if column + width > self.look.width {
                write!(self.out, "\n{:hang$}{piece}", "")?;
                column = hang + display_width(&piece);
            } else {
                write!(self.out, "{dot}{piece}")?;
                column += width;
            }
        }
        writeln!(self.out)
    }

    /// A command alone on its line, ready to copy: quoted for the shell and never wrapped.
    pub fn command(&mut self, indent: usize, argv: &[String]) -> io::Result<()> {
        writeln!(self.out, "{:indent$}{}", "", quote(argv).bold())
    }

    /// Lines that were laid out and sanitised already: a table.
    pub fn table(&mut self, lines: impl Iterator<Item = String>) -> io::Result<()> {
        for line in lines {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Text that a page of the same look laid out.
    pub fn laid_out(&mut self, text: &str) -> io::Result<()> {
        write!(self.out, "{text}")
    }

    fn spans(&mut self, spans: &[Span]) -> io::Result<()> {
        for span in spans {
            write!(self.out, "{}", span.style.paint(&self.clean(&span.text)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: usize, write: impl FnOnce(&mut Page) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        let look = Look {
            unicode: true,
            colour: false,
            width,
        };
        colored::control::set_override(false);
        write(&mut Page::new(&mut out, look)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_hangs_below_its_lead() {
        let text = written(24, |page| {
            page.wrapped(
                2,
                &[Span::plain("called ")],
                10,
                &Span::plain("no webhook selects it"),
            )
        });
        assert_eq!(text, "  called  no webhook\n          selects it\n");
    }

    #[test]
    fn commands_are_never_wrapped() {
        let argv: Vec<_> = ["kubectl", "label", "namespace", "a name", "--overwrite"]
            .map(str::to_owned)
            .into();
        let text = written(20, |page| page.command(4, &argv));
        assert_eq!(text, "    kubectl label namespace 'a name' --overwrite\n");
    }

    #[test]
    fn hostile_text_is_harmless_wherever_it_stands() {
        let text = written(80, |page| {
            page.line(0, &[Span::plain("\u{1b}[31m")])?;
            page.wrapped(
                0,
                &[Span::plain("\u{9b}2J")],
                0,
                &Span::plain("a\u{202e}b\nc"),
            )
        });
        assert_eq!(text, "\\u{1b}[31m\n\\u{9b}2J a\\u{202e}b\\nc\n");
    }
}
