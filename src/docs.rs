//! What `docs/` says about the checks, generated from them. `tests/docs.rs` holds the files against
//! this, and writes them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use injdoctor_checks::Stage;
use injdoctor_checks::causes::{Cause, Check, catalogue};
use injdoctor_checks::facts::Resource;
use injdoctor_checks::redaction::{Keep, fields};
use injdoctor_checks::registry;

use crate::render::json::explanation::Explanation;
use crate::render::json::schema;
use crate::render::json::v1alpha1::Answer;
use crate::render::json::views::{NamespaceList, RevisionList};

/// Every generated file: its path in `docs/`, and its content.
pub fn files() -> BTreeMap<String, String> {
    let mut files: BTreeMap<_, _> = registry()
        .map(|check| (format!("checks/{}.md", check.code), check_page(check)))
        .collect();
    files.insert("checks/README.md".to_owned(), index());
    files.insert("clusterrole.yaml".to_owned(), cluster_role());
    files.insert("snapshot.md".to_owned(), snapshot());
    for (name, schema) in [
        ("diagnosis", schema::<Answer>()),
        ("explanation", schema::<Explanation>()),
        ("namespaces", schema::<NamespaceList>()),
        ("revisions", schema::<RevisionList>()),
    ] {
        files.insert(
            format!("json/{name}-v1alpha1.schema.json"),
            written(&schema),
        );
    }
    files
}

/// Which fields of which kind `injdoctor snapshot` writes, as Markdown.
fn snapshot() -> String {
    let mut page = "\
# What a snapshot holds

`injdoctor snapshot` writes these fields and no others, and never reads a Secret. In the place of a value, or of a part of
it, that the diagnosis does not need stands `REDACTED`; what was replaced is counted on standard error. `check --from`
says the same of the file as of the cluster. Where a matchCondition of a webhook may ask for other fields of a pod, these
are there with their texts replaced, and a condition that may read such a text is not evaluated.
"
    .to_owned();
    for resource in Resource::ALL {
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n| field | what of it | why |\n|---|---|---|\n",
            resource.kind()
        );
        for (path, keep, why) in fields(resource) {
            let _ = writeln!(page, "| `{path}` | {} | {why} |", what(keep));
        }
    }
    page
}

fn what(keep: Keep) -> &'static str {
    match keep {
        Keep::Whole => "all",
        Keep::Presence => "that it is there",
        Keep::IfAsked => "all, where a matchCondition may ask for it",
        Keep::Text => "the text without what looks like a credential",
        Keep::Image => "the image without a user",
        Keep::Labels => "labels of Istio, and those that selectors name",
        Keep::Annotations => {
            "annotations of Istio, Prometheus and the cluster autoscaler, as far as their values decide"
        }
        Keep::Setters => "who set the fields that findings tell about, and when",
        Keep::Arguments => "the flags that decide",
        Keep::Environment => "the variables that decide",
        Keep::Data => "istiod's keys, as far as they decide",
        Keep::Certificates => {
            "all: certificates are public; of equal ones the first, and for the others its md5"
        }
        Keep::Url => "scheme, host and port, and the path as below `service.path`",
        Keep::Subjects => "service accounts, and groups of Kubernetes",
        Keep::Path => "istiod's path, and of others the first step",
    }
}

/// What each check reads, as recorded over all its cases: a line for each code, and one for assumptions.
const READS: &str = include_str!("../docs/reads.txt");

/// The permissions of all lines of [`READS`]: code, verb and resource.
fn all_reads() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = READS.lines().filter_map(|line| line.split_once(": "));
    lines.flat_map(|(code, reads)| {
        let reads = reads.split(", ").filter_map(|read| read.split_once(' '));
        reads.map(move |(verb, resource)| (code, verb, resource))
    })
}

/// The codes of the checks that look at what a read with this verb of this resource brings.
pub fn checks_that_read(verb: &str, resource: &str) -> Vec<&'static str> {
    let reads = all_reads().filter(|(_, one, of)| (*one, *of) == (verb, resource));
    let codes = reads.map(|(code, ..)| code);
    codes.filter(|code| code.starts_with("INJ")).collect()
}

/// The permissions that a check's reads take: verb and resource.
fn reads(check: &Check) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = all_reads().filter(|(code, ..)| *code == check.code);
    own.map(|(_, verb, resource)| (verb, resource))
}

/// The page of a cause as Markdown: of a check, its documentation with what it looks like and reads.
pub fn page(cause: Cause) -> String {
    match cause {
        Cause::Checked(check) => check_page(check),
        Cause::Described(described) => described.page.to_owned(),
    }
}

fn check_page(check: &Check) -> String {
    let mut page = format!("# {} {}\n\n{}\n", check.code, check.name, check.markdown());
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "\n## What it looks like\n\n```console\n{}```\n",
        check.output
    );
    let mut verbs: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (verb, resource) in reads(check) {
        verbs.entry(verb).or_default().push(format!("`{resource}`"));
    }
    let verbs = verbs.into_iter();
    let words = verbs.map(|(verb, resources)| format!("{verb} {}", resources.join(", ")));
    let words = words.collect::<Vec<_>>().join("; ");
    let _ = write!(page, "\n## What it reads\n\n{words}\n");
    page
}

/// What a stage asks.
pub fn question(stage: Stage) -> &'static str {
    match stage {
        Stage::Mesh => "the mesh as a whole",
        Stage::Called => "does the API server call an injection webhook for the pod?",
        Stage::Reached => "does the call reach istiod, and do both trust each other?",
        Stage::Wanted => "does istiod want to inject the pod?",
        Stage::Rendered => "can istiod render the sidecar for the pod?",
        Stage::Admitted => "does the API server admit the pod as it is injected?",
        Stage::Running => "does the pod start, and does its proxy work?",
    }
}

fn index() -> String {
    let mut text = "\
# Causes

Each has a page; `injdoctor explain CODE` or `injdoctor explain NAME` shows the same. What has no code has no check yet.
"
    .to_owned();
    for stage in Stage::ALL {
        let _ = write!(text, "\n## {}: {}\n\n", stage.name(), question(stage));
        text.push_str("| code | name | what it is |\n|---|---|---|\n");
        for cause in catalogue().filter(|cause| cause.stage() == stage) {
            let (name, sentence) = (cause.name(), cause.sentence().trim_end_matches('.'));
            let _ = match cause.code() {
                Some(code) => writeln!(text, "| [{code}]({code}.md) | {name} | {sentence} |"),
                None => writeln!(
                    text,
                    "| no check finds it yet | [{name}](../causes/{name}.md) | {sentence} |"
                ),
            };
        }
    }
    text
}

/// Every permission that any check's reads take, and those for the assumptions of a prediction: API group,
/// resource and verb.
pub fn permissions() -> BTreeSet<[&'static str; 3]> {
    let permissions = all_reads().map(|(_, verb, resource)| {
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        [group, resource, verb]
    });
    permissions.collect()
}

/// The ClusterRoles that allow everything that is read, and nothing more: logs are allowed apart, as they disclose what
/// programs write.
fn cluster_role() -> String {
    let (logs, rest): (Vec<_>, _) = permissions()
        .into_iter()
        .partition(|[_, resource, _]| *resource == Resource::Log.plural());
    let rest = rules("injdoctor", rest);
    let logs = rules("injdoctor-logs", logs);
    format!(
        "\
# What injdoctor reads, and nothing more. It changes nothing and never reads Secrets.
# `check --wait` and `check --watch` take the verb watch as well, on each of these.
{rest}---
# The logs of containers that are not well, of which it shows what is about the mesh or the network, and of istiod its lines
# about a pod that fares otherwise than expected. Without them the answer is unknown where only a log tells.
{logs}"
    )
}

fn rules(name: &str, permissions: Vec<[&str; 3]>) -> String {
    let mut verbs: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for [group, resource, verb] in permissions {
        verbs.entry((group, resource)).or_default().insert(verb);
    }
    let mut rules: BTreeMap<(&str, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs {
        rules.entry((group, verbs)).or_default().push(resource);
    }
    let mut text = format!(
        "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {name}
rules:
"
    );
    for ((group, verbs), resources) in rules {
        let verbs = verbs.into_iter().collect::<Vec<_>>().join(", ");
        let resources = resources.join(", ");
        let _ = write!(
            text,
            "  - apiGroups: [\"{group}\"]\n    resources: [{resources}]\n    verbs: [{verbs}]\n"
        );
    }
    text
}

fn written(schema: &schemars::Schema) -> String {
    // A schema is plain JSON; writing it to a string cannot fail.
    let text = serde_json::to_string_pretty(schema).unwrap_or_default();
    text + "\n"
}

/// The codes of `docs/codes.txt`, with what is registered and not yet in it at the end.
///
/// # Errors
/// What keeps a code from meaning the same for ever: it was renamed, or disappeared without the
/// word `retired` behind its name, or came back.
pub fn codes(committed: &str) -> Result<String, Vec<String>> {
    let registered: BTreeMap<_, _> = registry().map(|check| (check.code, check.name)).collect();
    let mut known = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in committed.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split_whitespace().collect();
        let ([code, name] | [code, name, "retired"]) = words.as_slice() else {
            wrong.push(format!(
                "{line:?} is not a code, a name, and perhaps `retired`"
            ));
            continue;
        };
        if known.insert(*code, *name).is_some() {
            wrong.push(format!("{code} stands there twice"));
        }
        match (registered.get(code), words.len()) {
            (Some(_), 3) => wrong.push(format!(
                "{code} is retired: its code must not be used again"
            )),
            (Some(now), _) if now != name => {
                wrong.push(format!("{code} is {name}, and must not become {now}"));
            }
            (None, 2) => wrong.push(format!("{code} {name} is gone: write `retired` behind it")),
            _ => {}
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut text = match committed {
        "" => "# Every code that ever was, in the order of their making. A code is never reused.\n"
            .to_owned(),
        committed => committed.to_owned(),
    };
    for check in registry().filter(|check| !known.contains_key(check.code)) {
        let _ = writeln!(text, "{} {}", check.code, check.name);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_the_same_for_ever() {
        let all = codes("").unwrap();
        assert_eq!(codes(&all).unwrap(), all, "nothing to add");
        let first = registry().next().unwrap();
        let renamed = format!("{} something-else", first.code);
        assert!(
            codes(&renamed)
                .unwrap_err()
                .concat()
                .contains("must not become")
        );
        let again = format!("{} {} retired", first.code, first.name);
        assert!(
            codes(&again)
                .unwrap_err()
                .concat()
                .contains("must not be used again")
        );
        assert!(
            codes("INJ999 gone")
                .unwrap_err()
                .concat()
                .contains("write `retired`")
        );
        assert!(codes("INJ999 gone retired").is_ok());
        assert!(codes("INJ999 gone retired\nINJ999 gone retired").is_err());
    }
}
