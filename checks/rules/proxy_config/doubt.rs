//! Where YAML parsers differ: texts that istiod may read otherwise than the parser used here.

/// Whether a field begins with a tab, in a text without brackets, quotes and blocks, between which tabs are allowed.
pub(super) fn is_indented_by_tab(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(|line| line.starts_with('\t'));
    let field = |line: &str| line.starts_with('\t') && (line.contains(": ") || line.ends_with(':'));
    !text.starts_with(' ')
        && !text.contains(['[', '{', '|', '>', '"', '\'', '#'])
        && (first || lines.any(field))
}

/// Whether istiod's parser may not mind what this one does: text behind the first value, a comment without a space before
/// it, a huge number.
pub(super) fn may_go_on(problem: &str, text: &str) -> bool {
    const HARMLESS: [&str; 6] = [
        "<document start>",
        "misplaced bracket",
        "comments must be",
        "trailing content",
        "non-finite",
        "block scalar",
    ];
    let is_first = problem.contains("line 1, column 1") && text.starts_with(['{', '[']);
    let behind = problem.contains("unclosed bracket")
        && text.trim_start().starts_with(['{', '[', '"', '\''])
        && !is_first;
    behind || HARMLESS.iter().any(|error| problem.contains(error))
}

/// Documents, directives, anchors, aliases, tags, merged and complex keys, tabs, and the odder plain words between
/// brackets.
pub(super) fn has_unusual_feature(text: &str) -> bool {
    let separator = |character: char| "\u{2028}\u{2029}\u{feff}\u{85}".contains(character);
    let control = |character: char| character != '\n' && character.is_control();
    let bare = without_quoted(text);
    text.contains(separator)
        || bare.contains(control)
        || bare.lines().count() != text.lines().count()
        || bare.lines().any(|line| is_unusual_line(line.trim_start()))
        || bare
            .split([' ', '\n', '[', '{', ',', ':'])
            .any(is_unusual_word)
        || has_unusual_flow(&bare)
}

fn is_unusual_line(line: &str) -> bool {
    ["---", "...", "%", "? ", "@", ":"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn is_unusual_word(word: &str) -> bool {
    let style = word.strip_prefix(['|', '>']);
    word.starts_with(['&', '*', '!', '?', '`', '@', '%'])
        || word.starts_with("<<")
        || style.is_some_and(|style| {
            !style
                .chars()
                .all(|mark| mark.is_ascii_digit() || "+-".contains(mark))
        })
}

/// Whether there are brackets and, next to one or a comma, a colon or a dash, or somewhere a question mark or a quote inside
/// of a word.
fn has_unusual_flow(text: &str) -> bool {
    const ODD: [&str; 14] = [
        "[:", "{:", ",:", ":]", ":}", ":,", "::", "-]", "-}", "-,", "-:", "[-", "{-", ",-",
    ];
    let dense: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let quote_inside = || {
        let mut pairs = dense.chars().zip(dense.chars().skip(1));
        pairs.any(|(before, character)| before.is_alphanumeric() && matches!(character, '"' | '\''))
    };
    text.contains(['[', '{'])
        && (dense.contains('?') || ODD.iter().any(|odd| dense.contains(odd)) || quote_inside())
}

/// The text without what stands between two quotes of a kind; all of it if the last quote is not closed.
fn without_quoted(text: &str) -> String {
    let mut open = None;
    let keep = |character: &char| match (open, *character) {
        (None, quote @ ('"' | '\'')) => {
            open = Some(quote);
            true
        }
        (Some(quote), character) if quote == character => {
            open = None;
            true
        }
        (open, _) => open.is_none(),
    };
    let bare: String = text.chars().filter(keep).collect();
    if open.is_some() {
        text.to_owned()
    } else {
        bare
    }
}
