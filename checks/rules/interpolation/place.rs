//! The places in the templates where an annotation is printed.

use super::printed::{MARK, is_harmless, printed};
use super::{Surroundings, unknown_use, volume};
use crate::rules::templates::{Block, actions, block};
use crate::rules::verdict::Verdict;
use std::collections::BTreeMap;

/// A place where a template prints an annotation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// How it is printed there.
    how: How,
    /// Whether that is so under every condition, as long as the pod has the annotation.
    pub(super) always: bool,
}

/// How a template prints an annotation.
#[derive(Debug, PartialEq, Eq)]
enum How {
    /// As it is: the line, with a mark where the value goes.
    AsItIs(String),
    /// Its items, one by one, as volumes or mounts.
    Items,
    /// In a way that is not known here.
    Otherwise,
}

/// Where the templates print the annotation of this name.
pub(super) fn places<'t>(
    name: &str,
    templates: impl Iterator<Item = &'t str>,
    intercepts: Option<bool>,
) -> Vec<Place> {
    let named = [format!("`{name}`"), format!("\"{name}\"")];
    let is_named = |action: &str| named.iter().any(|name| action.contains(name.as_str()));
    let mut places = Vec::new();
    for template in templates {
        // Whether each of the open conditions is known to hold.
        let mut open: Vec<Known> = Vec::new();
        for (start, action, end) in actions(template) {
            let always = open.iter().all(|known| *known == Known::Holds);
            match block(action) {
                Block::Opens => {
                    open.push(known(action, is_named(action), intercepts));
                }
                Block::Turns => {
                    let before = open.pop();
                    open.push(match before {
                        Some(Known::Fails) => Known::Holds,
                        _ => Known::Nothing,
                    });
                }
                Block::Closes => {
                    open.pop();
                }
                Block::Stays => {}
            }
            if is_named(action) && !open.contains(&Known::Fails) {
                let after = template.get(end..).unwrap_or_default();
                let how = how(action, line(template, start, end), after);
                places.extend(how.map(|how| Place { how, always }));
            }
        }
    }
    places
}

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Holds,
    Fails,
    Nothing,
}

/// What is known of a condition, given whether it names the annotation, which the pod has, and whether the sidecar comes
/// with its init container, if that is known. An image is only looked at where it holds a slash.
fn known(condition: &str, is_named: bool, intercepts: Option<bool>) -> Known {
    let for_all_who_have_it = [
        "if isset ",
        "if (isset ",
        "if or (isset ",
        "if contains \"/\" (annotation ",
    ];
    match condition {
        "if $noInitContainer" if intercepts == Some(true) => Known::Fails,
        _ if condition
            .starts_with("if ne (annotation .ObjectMeta `sidecar.istio.io/interceptionMode` ")
            && condition.ends_with(" `NONE`") =>
        {
            match intercepts {
                Some(true) => Known::Holds,
                Some(false) => Known::Fails,
                None => Known::Nothing,
            }
        }
        _ if is_named
            && for_all_who_have_it
                .iter()
                .any(|start| condition.starts_with(start)) =>
        {
            Known::Holds
        }
        _ => Known::Nothing,
    }
}

/// The line around an action, with the mark in its place and a word in that of others.
fn line(template: &str, start: usize, end: usize) -> String {
    let before = template.get(..start).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let after = template.get(end..).unwrap_or_default();
    let after = after.split('\n').next().unwrap_or_default();
    let others = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((plain, action)) = rest.split_once("{{") {
            out.push_str(plain);
            let printed = !action
                .trim_start_matches('-')
                .trim_start()
                .starts_with("end");
            if printed {
                out.push('x');
            }
            rest = action.split_once("}}").map_or("", |(_, rest)| rest);
        }
        out + rest
    };
    format!("{}{MARK}{}", others(before), others(after))
}

fn how(action: &str, line: String, after: &str) -> Option<How> {
    let first = action.split_whitespace().next().unwrap_or_default();
    match first {
        "if" | "else" | "$nativeSidecar" | "$capNetBindService" | "$tproxy" => None,
        _ if action.ends_with("| quote") => None,
        "annotation" | "index" if !action.contains('|') => Some(How::AsItIs(line)),
        "range"
            if action.contains("fromJSON") && next_lines(after, 3).contains("toYaml $value") =>
        {
            Some(How::Items)
        }
        _ => Some(How::Otherwise),
    }
}

fn next_lines(text: &str, count: usize) -> String {
    text.lines().take(count).collect::<Vec<_>>().join("\n")
}

impl Place {
    /// What becomes of the sidecar with the value in this place.
    pub(super) fn take(
        &self,
        name: &str,
        annotations: &BTreeMap<String, String>,
        surroundings: Surroundings,
    ) -> Verdict {
        let value = annotations.get(name).map_or("", String::as_str);
        match &self.how {
            How::AsItIs(line) => printed(line, value),
            How::Items => volume::verdict(name, value, annotations, surroundings),
            How::Otherwise if is_harmless(value) => Verdict::Valid,
            How::Otherwise => unknown_use(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;
    use super::super::{Templates, verdict};
    use super::*;

    #[test]
    fn what_is_only_compared_or_not_used_does_no_harm() {
        check("sidecar.istio.io/nativeSidecar", &["foo: bar", "\""], &[]);
        check("sidecar.istio.io/capNetBindService", &["foo: bar"], &[]);
        check("example.com/other", &["a: b\n\""], &[]);
    }

    #[test]
    fn an_unknown_use_is_no_ground_for_a_verdict() {
        let judge = |template: &str, value: &str| {
            let annotations = BTreeMap::from([("example.com/a".to_owned(), value.to_owned())]);
            let surroundings = Surroundings {
                templates: &Templates::new([template]),
                volumes: &[],
                intercepts: Some(true),
            };
            verdict("example.com/a", &annotations, surroundings)
        };
        let odd = "x: {{ index .ObjectMeta.Annotations \"example.com/a\" | upper }}";
        assert_eq!(judge(odd, "word"), Verdict::Valid);
        assert!(matches!(judge(odd, "a: b"), Verdict::CannotTell(_)));
        let quoted = "x: {{ index .ObjectMeta.Annotations \"example.com/a\" | quote }}";
        assert_eq!(judge(quoted, "a: b"), Verdict::Valid);
        let two = "x: {{ index .ObjectMeta.Annotations `example.com/a` }}\n{{ if .B }}y: \"{{ annotation .ObjectMeta `example.com/a` 1 }}\"{{ end }}";
        assert!(matches!(judge(two, "a: b"), Verdict::Invalid(_)));
        assert!(matches!(judge(two, "a\"b"), Verdict::CannotTell(_)));
        let one = "{{ if isset .ObjectMeta.Annotations `example.com/a` }}{{ if .B }}x: {{ index .ObjectMeta.Annotations `example.com/a` }}{{ end }}{{ end }}";
        assert!(matches!(judge(one, "a: b"), Verdict::Invalid(_)));
        let either = format!(
            "{one}\n{{{{ if .B }}}}{{{{ else }}}}y: \"{{{{ annotation .ObjectMeta `example.com/a` 1 }}}}\"{{{{ end }}}}"
        );
        assert!(matches!(judge(&either, "a: b"), Verdict::CannotTell(_)));
    }

    #[test]
    fn the_init_container_may_be_known_to_be_there() {
        let template = "\
{{ if $noInitContainer }}
initContainers: []
{{ else -}}
{{ if ne (annotation .ObjectMeta `sidecar.istio.io/interceptionMode` .Mode) `NONE` }}
a: \"{{ annotation .ObjectMeta `example.com/a` 1 }}\"
{{ end }}
{{ end }}
b: {{ annotation .ObjectMeta `example.com/a` 1 }}";
        let annotations = BTreeMap::from([("example.com/a".to_owned(), "a\"b".to_owned())]);
        let judge = |intercepts| {
            let surroundings = Surroundings {
                templates: &Templates::new([template]),
                volumes: &[],
                intercepts,
            };
            verdict("example.com/a", &annotations, surroundings)
        };
        assert!(matches!(judge(Some(true)), Verdict::Invalid(_)));
        assert!(matches!(judge(None), Verdict::CannotTell(_)));
        assert_eq!(judge(Some(false)), Verdict::Valid);
    }
}
