//! A template, as far as it is looked at.

use crate::rules::credentials::REDACTED;
use crate::rules::templates::{Block, actions, block};
use crate::rules::yaml::{self, Yaml};

/// An annotation that a template may set.
const REWRITE: &str = "rewriteAppHTTPProbers";

/// The containers that count.
const CONTAINERS: [&str; 3] = ["istio-proxy", "istio-init", "istio-validation"];

/// The annotation that names the volumes of a template.
const MOUNT: &str = "`sidecar.istio.io/userVolumeMount`";

/// A field that no pod for Windows may have as Linux has it.
const SECURITY_CONTEXT: &str = "securityContext:";

/// How lines begin that are in a field of a volume.
const DEEP: &str = "      ";

/// What else of an action is looked for.
const MARKS: [&str; 5] = [
    "$nativeSidecar",
    "$noInitContainer",
    "$value",
    ".ServiceAccount ",
    "global.proxy.privileged",
];

/// The lines that tell which containers and volumes a template brings, and how it prints the annotations that pods
/// have: `matters` tells an action that names one. Of a plain value nothing stays but what a name is.
pub fn read_lines(text: &str, matters: impl Fn(&str) -> bool) -> String {
    if !text.contains("{{") {
        return plain(text);
    }
    let mut reading = Reading::default();
    for line in lines(text) {
        reading.add(line, &matters);
    }
    reading.lines.into_iter().flatten().collect()
}

/// Lines with their ends; an action that goes on over several of them makes these one.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        end += line.len();
        let whole = text.get(start..end).unwrap_or_default();
        if whole.matches("{{").count() <= whole.matches("}}").count() {
            lines.push(whole);
            start = end;
        }
    }
    lines.extend(text.get(start..end).filter(|rest| !rest.is_empty()));
    lines
}

/// What was kept of the lines so far.
#[derive(Default)]
struct Reading {
    lines: Vec<Option<String>>,
    /// The blocks that are open.
    open: Vec<Open>,
    has_volumes: bool,
}

/// A block: the lines of its own actions, and whether anything of interest is in it.
struct Open {
    own: Vec<usize>,
    matters: bool,
}

impl Reading {
    fn add(&mut self, line: &str, matters: &impl Fn(&str) -> bool) {
        let here = self.lines.len();
        self.has_volumes |= line.trim_end() == "  volumes:";
        let is_read = self.has_volumes && !line.starts_with(DEEP) || line.contains(REWRITE);
        if !line.contains("{{") {
            let is_named = line
                .split_once("name: ")
                .is_some_and(|(_, name)| CONTAINERS.contains(&name.trim_end()) || matters(MOUNT));
            let is_kept = is_read || is_named || line.trim() == SECURITY_CONTEXT;
            self.lines.push(is_kept.then(|| masked(line)));
            self.interest_if(is_read);
            return;
        }
        let blocks: Vec<Block> = actions(line).map(|(_, action, _)| block(action)).collect();
        let is_above = self.open.is_empty();
        let decides = |action: &str| {
            let prints = action.starts_with(".Values.") || action.starts_with("fail");
            matters(action) || MARKS.iter().any(|mark| action.contains(mark)) || is_above && prints
        };
        let is_kept = is_read || actions(line).any(|(_, action, _)| decides(action));
        let changes = blocks.iter().filter(|one| **one != Block::Stays).count();
        // Of a line that ends one block and begins another, all stays.
        let is_kept = is_kept || changes > 1 && !is_balanced(&blocks);
        self.lines
            .push((is_kept || changes == 1).then(|| line.to_owned()));
        if changes > 1 && is_balanced(&blocks) {
            self.interest_if(is_kept);
            return;
        }
        for one in blocks {
            match one {
                Block::Stays => {}
                Block::Opens => self.open.push(Open {
                    own: vec![here],
                    matters: false,
                }),
                Block::Turns => self
                    .open
                    .last_mut()
                    .into_iter()
                    .for_each(|open| open.own.push(here)),
                Block::Closes => self.close(here, is_kept),
            }
        }
        self.interest_if(is_kept);
    }

    /// What is here matters, and so do the blocks around it.
    fn interest_if(&mut self, is_kept: bool) {
        for open in &mut self.open {
            open.matters |= is_kept;
        }
    }

    /// Ends a block. One in which nothing matters goes.
    fn close(&mut self, here: usize, is_kept: bool) {
        let Some(block) = self.open.pop() else {
            return;
        };
        if block.matters || is_kept {
            self.interest_if(true);
            return;
        }
        block
            .own
            .into_iter()
            .chain([here])
            .for_each(|line| self.forget(line));
    }

    fn forget(&mut self, line: usize) {
        if let Some(line) = self.lines.get_mut(line) {
            *line = None;
        }
    }
}

/// Whether a line ends every block that it begins, and no other.
fn is_balanced(blocks: &[Block]) -> bool {
    let mut open = 0_i32;
    let mut lowest = 0;
    for one in blocks {
        open += match one {
            Block::Opens => 1,
            Block::Closes => -1,
            Block::Turns | Block::Stays => 0,
        };
        lowest = lowest.min(open);
    }
    open == 0 && lowest == 0
}

/// A template without actions: plain YAML, which stays what it is.
fn plain(text: &str) -> String {
    let kind = |text: &str| match yaml::read(text) {
        Ok(Yaml::Null | Yaml::Map(_)) => 0,
        Ok(_) => 1,
        Err(_) => 2,
    };
    let lines: String = text.split_inclusive('\n').map(masked).collect();
    match (kind(&lines) == kind(text), kind(text)) {
        (true, _) => lines,
        (false, 0) => format!("{REDACTED}:"),
        (false, 1) => REDACTED.to_owned(),
        (false, _) => format!("[{REDACTED}"),
    }
}

/// A line of YAML without its value, unless that is a name or no text.
fn masked(line: &str) -> String {
    let body = line.trim_end_matches(['\n', '\r']);
    let end = line.get(body.len()..).unwrap_or_default();
    let start = body.find(|c: char| c != ' ').unwrap_or(body.len());
    let (indent, body) = body.split_at_checked(start).unwrap_or((body, ""));
    let (item, body) = match body.strip_prefix("- ") {
        Some(rest) => ("- ", rest),
        None => ("", body),
    };
    let kept = match body.split_once(':') {
        _ if body.is_empty() || body.contains(REWRITE) => body.to_owned(),
        _ if body.starts_with('#') => "#".to_owned(),
        Some((name, value)) if name == "name" || is_no_text(value.trim()) => body.to_owned(),
        Some((name, value)) if value.starts_with(' ') && !name.contains(['{', '[', '"']) => {
            format!("{name}: {REDACTED}")
        }
        _ if is_no_text(body) => body.to_owned(),
        _ => REDACTED.to_owned(),
    };
    format!("{indent}{item}{kept}{end}")
}

fn is_no_text(value: &str) -> bool {
    let words = [
        "", "|", "|-", ">", ">-", "{}", "[]", "true", "false", "null",
    ];
    words.contains(&value) || value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_template_what_is_looked_at_stays() {
        let text = "\
spec:
  containers:
  - name: istio-proxy
    args:
    - --password=hunter2
    image: {{ .Image }}
    env:
    - name: KEY
      value: hunter2
  volumes:
  - name: a
    hostPath:
      path: /secret
      {{- if .A
      .B }}
      type: x
      {{- end }}
";
        let expected = "  - name: istio-proxy
  volumes:
  - name: a
    hostPath:
";
        assert_eq!(read_lines(text, |_| false), expected);
    }

    #[test]
    fn of_the_actions_those_stay_that_name_an_annotation() {
        let text = "\
{{- if .A }}
  {{- if .B }}
a: {{ .C }}
  {{- else if .D }}
  {{- end }}
  {{- if .E }}
b: {{ annotation .ObjectMeta `x` .F }}
c: {{ .G }}
  {{- end }}
d: {{ if .H }}e{{ end }}
{{- end }}
{{- $x := and
    .I
    .J }}
{{ .Values.k }}
{{ if .K }}{{ annotation .ObjectMeta `x` }}{{ end }}
";
        let expected = "\
{{- if .A }}
  {{- if .E }}
b: {{ annotation .ObjectMeta `x` .F }}
  {{- end }}
{{- end }}
{{ .Values.k }}
{{ if .K }}{{ annotation .ObjectMeta `x` }}{{ end }}
";
        assert_eq!(read_lines(text, |action| action.contains("`x`")), expected);
    }

    #[test]
    fn plain_yaml_stays_what_it_is() {
        for (text, expected) in [
            ("", ""),
            ("just words", "REDACTED"),
            ("spec: [", "[REDACTED"),
            ("metadata: {labels: {a: b}}", "metadata: REDACTED"),
            (
                "spec:\n  a: 1\n  b: secret\n",
                "spec:\n  a: 1\n  b: REDACTED\n",
            ),
        ] {
            assert_eq!(read_lines(text, |_| true), expected, "{text:?}");
        }
    }
}
