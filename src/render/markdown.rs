//! The Markdown of the checks' documentation, as text for a terminal.

use std::io;

use textwrap::core::display_width;

use super::page::{Page, Span, Style};

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
enum Block {
    Heading(String),
    Paragraph(String),
    /// The bullet or number, and its text.
    Item(String, String),
    Code(Vec<String>),
}

/// Writes Markdown as plain text: headings, paragraphs, lists and code. Nothing else is used in the
/// documentation of the checks.
pub fn write(markdown: &str, page: &mut Page) -> io::Result<()> {
    let mut after_item = false;
    for block in blocks(markdown) {
        let item = matches!(block, Block::Item(..));
        if !(item && after_item) {
            page.blank()?;
        }
        after_item = item;
        match block {
            Block::Heading(text) => page.line(0, &[Span::new(Style::Strong, text)])?,
            Block::Paragraph(text) => page.wrapped(0, &[], 0, &Span::plain(inline(&text)))?,
            Block::Item(bullet, text) => {
                let hang = 3 + bullet.len();
                page.wrapped(2, &[Span::plain(bullet)], hang, &Span::plain(inline(&text)))?;
            }
            Block::Code(lines) => {
                let indent = code_indent(&lines, page.look().width);
                for line in lines {
                    page.line(indent, &[Span::plain(line)])?;
                }
            }
        }
    }
    Ok(())
}

/// Four, or less where a line that fits the page would not fit any more.
fn code_indent(lines: &[String], width: usize) -> usize {
    let widths = lines.iter().map(|line| display_width(line));
    let longest = widths.filter(|one| *one <= width).max().unwrap_or(0);
    4.min(width.saturating_sub(longest))
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines();
    let mut open = false;
    while let Some(line) = lines.next() {
        let text = line.trim();
        if text.starts_with("```") {
            let code = lines
                .by_ref()
                .take_while(|line| !line.trim_start().starts_with("```"));
            blocks.push(Block::Code(code.map(str::to_owned).collect()));
            open = false;
        } else if text.is_empty() {
            open = false;
        } else if let Some(heading) = heading(text) {
            blocks.push(Block::Heading(heading.to_owned()));
            open = false;
        } else if let Some((bullet, rest)) = item(text) {
            blocks.push(Block::Item(bullet.to_owned(), rest.to_owned()));
            open = true;
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(before) | Block::Item(_, before)) if open => {
                    before.push(' ');
                    before.push_str(text);
                }
                _ => blocks.push(Block::Paragraph(text.to_owned())),
            }
            open = true;
        }
    }
    blocks
}

fn heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len())
        .then(|| text.strip_prefix(' '))
        .flatten()
}

fn item(line: &str) -> Option<(&str, &str)> {
    let (bullet, text) = line.split_once(' ')?;
    let numbered = |bullet: &str| {
        bullet
            .strip_suffix('.')
            .is_some_and(|number| number.parse::<u8>().is_ok())
    };
    (bullet == "-" || bullet == "*" || numbered(bullet)).then_some((bullet, text.trim_start()))
}

/// Links as text and address; code keeps its backticks, which tell it from the words around it.
fn inline(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, label, address, after)) = link(rest) {
        shown.push_str(before);
        shown.push_str(label);
        shown.push_str(": ");
        shown.push_str(address);
        rest = after;
    }
    shown.push_str(rest);
    without_brackets(&shown)
}

/// `<https://istio.io>` without its angle brackets.
fn without_brackets(text: &str) -> String {
    match text.split_once("<http") {
        Some((before, rest)) => {
            let (address, after) = rest.split_once('>').unwrap_or((rest, ""));
            format!("{before}http{address}{}", without_brackets(after))
        }
        None => text.to_owned(),
    }
}

fn link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, tail) = text.split_once("](http")?;
    let (before, label) = head.rsplit_once('[')?;
    let end = tail.find(')')?;
    let after = tail.get(end + 1..)?;
    let address = text.get(head.len() + 2..head.len() + 2 + "http".len() + end)?;
    Some((before, label, address, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_document_are_told_apart() {
        let text = "One\ntwo.\n\n## What\n- a\n  b\n- c\n\n1. d\n\n```sh\n- x\n```\nend";
        let item = |bullet: &str, text: &str| Block::Item(bullet.to_owned(), text.to_owned());
        assert_eq!(
            blocks(text),
            [
                Block::Paragraph("One two.".to_owned()),
                Block::Heading("What".to_owned()),
                item("-", "a b"),
                item("-", "c"),
                item("1.", "d"),
                Block::Code(vec!["- x".to_owned()]),
                Block::Paragraph("end".to_owned()),
            ]
        );
    }

    #[test]
    fn code_that_fits_the_page_is_not_pushed_beyond_it() {
        for (widths, expected) in [
            (&[10, 76][..], 4),
            (&[10, 78], 2),
            (&[80], 0),
            // This one does not fit in any case.
            (&[10, 300], 4),
            (&[], 4),
        ] {
            let lines: Vec<_> = widths.iter().map(|&width| "x".repeat(width)).collect();
            assert_eq!(code_indent(&lines, 80), expected, "{widths:?}");
        }
    }

    #[test]
    fn links_show_their_address() {
        assert_eq!(
            inline("see [the page](https://istio.io/x) and `a[0]`"),
            "see the page: https://istio.io/x and `a[0]`"
        );
        assert_eq!(
            inline("Istio: <https://istio.io/y>, a -> b"),
            "Istio: https://istio.io/y, a -> b"
        );
    }
}
