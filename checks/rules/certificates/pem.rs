//! PEM as Go reads it (`encoding/pem`, Go 1.26): text around the blocks is passed over, broken blocks too.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// What stands between a BEGIN and an END line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What it says it is, like `CERTIFICATE`.
    pub(super) label: String,
    /// Whether lines like `Proc-Type: …` precede the content.
    pub(super) has_headers: bool,
    /// The bytes.
    pub(super) content: Vec<u8>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The blocks, and what is left behind the last one.
pub(super) fn blocks(bytes: &[u8]) -> (Vec<Block>, &[u8]) {
    let mut blocks = Vec::new();
    let mut rest = bytes;
    while let Some((block, after)) = next(rest) {
        blocks.push(block);
        rest = after;
    }
    (blocks, rest)
}

/// The first sound block and what follows its END line.
fn next(bytes: &[u8]) -> Option<(Block, &[u8])> {
    let mut rest = bytes;
    loop {
        let end = find(rest, END)?;
        let (before, trailer) = (rest.get(..end)?, rest.get(end + END.len()..)?);
        match begin(before).map(|start| block(rest, start, end, trailer)) {
            Some(Attempt::Block(block)) => return Some((block, line(trailer).1)),
            Some(Attempt::NoMore) => return None,
            Some(Attempt::Broken) | None => rest = trailer,
        }
    }
}

enum Attempt {
    Block(Block),
    Broken,
    /// Go stops here.
    NoMore,
}

/// Where the label begins: behind the last BEGIN, if that begins a line.
fn begin(before: &[u8]) -> Option<usize> {
    let at = before
        .windows(BEGIN.len())
        .rposition(|window| window == BEGIN)?;
    let begins_line = at == 0 || before.get(at - 1) == Some(&b'\n');
    begins_line.then_some(at + BEGIN.len())
}

fn block(rest: &[u8], start: usize, end: usize, trailer: &[u8]) -> Attempt {
    let (first, mut content) = line(rest.get(start..).unwrap_or_default());
    let Some(label) = first.strip_suffix(DASHES) else {
        return Attempt::Broken;
    };
    let mut has_headers = false;
    loop {
        if content.is_empty() {
            return Attempt::NoMore;
        }
        let (header, after) = line(content);
        if !header.contains(&b':') {
            break;
        }
        has_headers = true;
        content = after;
    }
    let position = rest.len() - content.len();
    if position > end + END.len() {
        return Attempt::NoMore;
    }
    if has_headers && position > end {
        return Attempt::Broken;
    }
    let closed = trailer
        .strip_prefix(label)
        .and_then(|trailer| trailer.strip_prefix(DASHES));
    if !closed.is_some_and(|closed| line(closed).0.is_empty()) {
        return Attempt::Broken;
    }
    let encoded = rest.get(position..end).unwrap_or_default().iter().copied();
    let encoded: Vec<u8> = encoded.filter(|byte| !b" \t\r\n".contains(byte)).collect();
    match BASE64.decode(encoded) {
        Ok(content) => Attempt::Block(Block {
            label: String::from_utf8_lossy(label).into_owned(),
            has_headers,
            content,
        }),
        Err(_) => Attempt::Broken,
    }
}

/// The first line without what ends it and without spaces at its end, and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (
            bytes.get(..at).unwrap_or(bytes),
            bytes.get(at + 1..).unwrap_or_default(),
        ),
        None => (bytes, <&[u8]>::default()),
    };
    let line = if line.len() < bytes.len() {
        line.strip_suffix(b"\r").unwrap_or(line)
    } else {
        line
    };
    let length = line
        .iter()
        .rposition(|byte| !b" \t".contains(byte))
        .map_or(0, |last| last + 1);
    (line.get(..length).unwrap_or(line), rest)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::expect_used,
        clippy::panic
    )]
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(String, bool, Vec<u8>)> {
        blocks(text.as_bytes())
            .0
            .into_iter()
            .map(|block| (block.label, block.has_headers, block.content))
            .collect()
    }

    #[test]
    fn blocks_are_those_of_go() {
        let one = |label: &str, has_headers, content: &[u8]| {
            vec![(label.to_owned(), has_headers, content.to_vec())]
        };
        let table = [
            (
                "-----BEGIN A-----\nAAAA\n-----END A-----\n",
                one("A", false, &[0, 0, 0]),
            ),
            (
                "text\n-----BEGIN A-----\r\nAA AA\r\n-----END A-----  \r\nmore",
                one("A", false, &[0, 0, 0]),
            ),
            (
                "-----BEGIN A-----\nX: y\n\nAAAA\n-----END A-----",
                one("A", true, &[0, 0, 0]),
            ),
            ("-----BEGIN A-----\n-----END A-----\n", one("A", false, &[])),
            (
                "-----BEGIN A-----\nAB==\n-----END A-----\n",
                one("A", false, &[0]),
            ),
            (
                "-----BEGIN A-----\n-----BEGIN B-----\nAAAA\n-----END B-----\n",
                one("B", false, &[0, 0, 0]),
            ),
            (
                "-----BEGIN A-----\nA?AA\n-----END A-----\n-----BEGIN B-----\nAAAA\n-----END B-----\n",
                one("B", false, &[0, 0, 0]),
            ),
            ("x-----BEGIN A-----\nAAAA\n-----END A-----\n", vec![]),
            ("-----BEGIN A-----\nAAAA\n-----END B-----\n", vec![]),
            ("-----BEGIN A-----\nAAAA\n-----END A----- x\n", vec![]),
            ("-----BEGIN A-----\nAAA\n-----END A-----\n", vec![]),
            ("-----BEGIN A-----\nAAAA\n", vec![]),
            ("-----BEGIN A\nAAAA\n-----END A-----\n", vec![]),
            ("", vec![]),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(parts in prop::collection::vec(prop::sample::select(vec![
            "-----BEGIN A-----", "-----END A-----", "\n", "\r\n", "AAAA", "x: y", " ", "-----BEGIN ", "-----END ", "-----", "=", ":",
        ]), 0..30)) {
            let text = parts.concat();
            let (_, rest) = blocks(text.as_bytes());
            prop_assert!(rest.len() <= text.len());
        }
    }
}
