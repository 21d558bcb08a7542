//! Texts that libyaml in Go and libyaml in Rust take for different ones: `go.yaml.in/yaml/v2` 2.4.4, `scannerc.go`, and
//! `libyaml-safer` 0.3.0, `scanner.rs`.

use std::collections::BTreeSet;

/// Whether a line ends with this character.
pub(super) fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// At the beginning of a text the Go port takes empty brackets for all of it where they are the start of a key, too.
pub(super) fn begins_with_empty_brackets(text: &str) -> bool {
    let is_blank = |character: char| character.is_whitespace();
    let mut rest = text.trim_start();
    while rest.starts_with(['#', '%', '&', '!']) || rest.starts_with("---") {
        let end = if rest.starts_with(['#', '%']) {
            rest.find(is_break)
        } else {
            rest.find(is_blank)
        };
        rest = end
            .and_then(|end| rest.get(end..))
            .unwrap_or_default()
            .trim_start();
    }
    let Some(inside) = rest.strip_prefix(['[', '{']) else {
        return false;
    };
    let inside = inside.trim_start_matches(|inside| is_blank(inside) || ",:?-".contains(inside));
    let behind = inside.strip_prefix([']', '}']);
    let line = behind.and_then(|behind| behind.split(is_break).next());
    line.is_some_and(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
}

/// Where commas stand in what may be a tag to the Go port, in a text with brackets.
pub(super) fn commas_in_tags(text: &str) -> Vec<usize> {
    let is_of_tag = |character: char| {
        character.is_ascii_alphanumeric() || "_-;/?:@&=+$,.%!~*'()[]<>".contains(character)
    };
    let mut commas = BTreeSet::new();
    if text.contains(['[', '{']) {
        for (at, _) in text.match_indices('!') {
            let (before, rest) = text.split_at(at);
            let tag = rest.split(|character| !is_of_tag(character)).next();
            if !before.ends_with(char::is_alphanumeric) {
                let within = tag.unwrap_or_default().match_indices(',');
                commas.extend(within.map(|(comma, _)| at + comma));
            }
        }
    }
    commas.into_iter().collect()
}

/// Whether the bytes of a line are more than a key may have characters, and more than its characters.
pub(super) fn is_long(line: &str) -> bool {
    line.len() > 1024 && !line.is_ascii()
}

/// Whether a number of a `%YAML` directive has more digits than the Go port takes.
pub(super) fn has_long_version(directives: &str) -> bool {
    let lines = directives.lines();
    let numbers = lines.filter_map(|line| line.strip_prefix("%YAML"));
    numbers
        .flat_map(|numbers| numbers.split('.'))
        .any(|number| number.bytes().filter(u8::is_ascii_digit).count() > 2)
}

/// Whether a text between double quotes has a slash behind a backslash, which the Go port does not know.
pub(super) fn has_escaped_slash(source: &str) -> bool {
    let mut characters = source.chars().skip_while(|character| *character != '"');
    while let Some(character) = characters.next() {
        if character == '\\' && characters.next() == Some('/') {
            return true;
        }
    }
    false
}
