//! The characters of a line: colours, escapes, entities and quotes.

use super::Normal;
use crate::texts::words::{BOUNDARY, floor};

/// How often a text may be escaped: by that many strings around it.
const DEPTHS: usize = 5;

/// Whether quotes of each depth stand around strings, so that a message ends there.
#[derive(Clone, Copy, Debug, Default)]
struct Quotes {
    around: [bool; DEPTHS],
}

/// Writes a line, which begins at a place of the original.
pub(super) fn write(line: &str, at: usize, normal: &mut Normal<'_>) {
    let quotes = quotes_of(line);
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let here = at + (line.len() - rest.len());
        let after = match c {
            '\\' => escape(rest, here, quotes, normal),
            '\u{1b}' | '^' => colour(rest),
            '&' => entity(rest, here, normal),
            '[' => link_begins(rest),
            ']' => link_ends(rest),
            '"' => {
                quote(0, here, quotes, normal);
                rest.strip_prefix('"')
            }
            _ => None,
        };
        rest = match after {
            Some(after) => after,
            None => {
                plain(c, here, normal);
                rest.strip_prefix(c).unwrap_or_default()
            }
        };
    }
}

/// A character as it is meant.
fn plain(c: char, at: usize, normal: &mut Normal<'_>) {
    match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => normal.push('"', at),
        '\u{2018}' | '\u{2019}' => normal.push('\'', at),
        // Invisible marks that chats and web pages add.
        '\u{200b}' | '\u{feff}' | '\u{ad}' => {}
        c if c.is_whitespace() || c.is_control() => normal.space(at),
        c => normal.push(c, at),
    }
}

fn quote(depth: usize, at: usize, quotes: Quotes, normal: &mut Normal<'_>) {
    let is_around = quotes.around.get(depth).copied().unwrap_or(false);
    normal.push(if is_around { BOUNDARY } else { '"' }, at);
}

/// How deep a character is escaped that so many backslashes stand before: one string doubles them.
fn depth(backslashes: usize) -> usize {
    let backslashes = backslashes.min(1 << DEPTHS);
    (backslashes + 1).ilog2() as usize
}

/// What backslashes stand before.
fn escape<'l>(
    rest: &'l str,
    at: usize,
    quotes: Quotes,
    normal: &mut Normal<'_>,
) -> Option<&'l str> {
    let after = rest.trim_start_matches('\\');
    let count = rest.len() - after.len();
    let next = after.chars().next()?;
    let gone = after.strip_prefix(next);
    match next {
        '"' => quote(depth(count), at, quotes, normal),
        'n' | 'r' | 't' => normal.space(at),
        'u' | 'x' => {
            let digits = if next == 'u' { 4 } else { 2 };
            let (code, rest) = gone?.split_at_checked(digits)?;
            let c = u32::from_str_radix(code, 16)
                .ok()
                .and_then(char::from_u32)?;
            return match c {
                '\u{1b}' => colour_after(rest),
                '"' => {
                    quote(depth(count), at, quotes, normal);
                    Some(rest)
                }
                c => {
                    plain(c, at, normal);
                    Some(rest)
                }
            };
        }
        '0' => return colour_after(gone?.strip_prefix("33")?),
        '\'' | '/' => normal.push(next, at),
        _ => return None,
    }
    gone
}

/// What comes after a sequence that colours: `ESC [ 3 1 m`, or `^[[31m` as some terminals show it.
fn colour(rest: &str) -> Option<&str> {
    let after = rest
        .strip_prefix('\u{1b}')
        .or_else(|| rest.strip_prefix("^["))?;
    colour_after(after)
}

fn colour_after(after: &str) -> Option<&str> {
    let after = after.strip_prefix('[')?;
    let end = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?');
    let last = end.chars().next().filter(char::is_ascii_alphabetic)?;
    end.strip_prefix(last)
}

/// The longest address of a link that is looked for.
const LONGEST_LINK: usize = 300;

/// What comes after the bracket that begins a link of Markdown: `[https://a.svc](https://a.svc)` stands for `https://a.svc`.
fn link_begins(rest: &str) -> Option<&str> {
    let inside = rest.strip_prefix('[')?;
    let near = inside.get(..floor(inside, LONGEST_LINK)).unwrap_or(inside);
    let (text, after) = near.split_once(']')?;
    (!text.contains('[') && after.starts_with("(http")).then_some(inside)
}

/// What comes after the address of a link.
fn link_ends(rest: &str) -> Option<&str> {
    let address = rest
        .strip_prefix("](")
        .filter(|at| at.starts_with("http"))?;
    let near = address
        .get(..floor(address, LONGEST_LINK))
        .unwrap_or(address);
    let (link, _) = near.split_once(')')?;
    address.get(link.len() + 1..)
}

/// What comes after an entity of HTML.
fn entity<'l>(rest: &'l str, at: usize, normal: &mut Normal<'_>) -> Option<&'l str> {
    let entities = [
        ("&quot;", '"'),
        ("&#34;", '"'),
        ("&#39;", '\''),
        ("&apos;", '\''),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&nbsp;", ' '),
    ];
    let (after, c) = entities
        .iter()
        .find_map(|(entity, c)| Some((rest.strip_prefix(entity)?, *c)))?;
    plain(c, at, normal);
    Some(after)
}

/// Which quotes of a line stand around strings: those of JSON and of `key="value"`, as long as no other
/// string is escaped less than they are.
fn quotes_of(line: &str) -> Quotes {
    let mut quotes = Quotes::default();
    if !line.contains('"') {
        return quotes;
    }
    let mut deepest = 0;
    let mut opens = [false; DEPTHS];
    let mut opens_value = false;
    let mut backslashes = 0;
    let mut before = [' ', ' '];
    for (at, c) in line.char_indices() {
        match c {
            '\\' => {
                backslashes += 1;
                continue;
            }
            '"' => {
                let depth = depth(backslashes).min(DEPTHS - 1);
                deepest = deepest.max(depth);
                let opens_string = match before {
                    // {"key": or ["value", or msg="value".
                    [_, '{' | '['] => true,
                    [_, '='] => line.get(..at).is_some_and(ends_with_key),
                    // "key":"value" and "key": "value".
                    ['"', ':'] => true,
                    // A member of an object on a line of its own.
                    [' ', ' '] if depth == 0 => is_member(line),
                    _ => false,
                };
                opens_value |= opens_string && before[1] == '=';
                if opens_string && let Some(one) = opens.get_mut(depth) {
                    *one = true;
                }
            }
            _ => {}
        }
        backslashes = 0;
        if !c.is_whitespace() || before == [' ', ' '] {
            before = [before[1], c];
            if c.is_whitespace() {
                before = [' ', ' '];
            }
        }
    }
    // Values of other messages are printed as JSON too, in the middle of a line.
    let is_json = line.trim_start().starts_with(['{', '[', '"']) || deepest > 0;
    for (depth, around) in quotes.around.iter_mut().enumerate() {
        let is_open = opens.get(depth).copied().unwrap_or(false) && (is_json || opens_value);
        // Quotes of the deepest strings belong to the message, unless they are all there are.
        *around = is_open && (depth < deepest || depth == 0);
    }
    quotes
}

/// Whether a line up to a quote ends with a key of a log whose value is a message: `msg=`.
fn ends_with_key(before: &str) -> bool {
    const KEYS: &[&str] = &[
        "msg", "err", "error", "message", "log", "reason", "app", "webhook", "event",
    ];
    let key = before.trim_end_matches(['\\', '"']).trim_end_matches('=');
    let start = key.rfind(|c: char| !c.is_ascii_alphanumeric());
    let word = start.map_or(key, |at| key.get(at + 1..).unwrap_or(key));
    KEYS.contains(&word)
}

/// Whether a line is a member of a JSON object that is written over several lines: `"message": "...",`.
fn is_member(line: &str) -> bool {
    let line = line.trim_start();
    let Some((key, rest)) = line.strip_prefix('"').and_then(|rest| rest.split_once('"')) else {
        return false;
    };
    !key.contains(' ') && rest.trim_start().starts_with(": \"")
}
