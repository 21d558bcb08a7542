//! What `injdoctor revision`, `injdoctor namespace` and `injdoctor version` say, held against what it says undisturbed.

use anyhow::{Result, ensure};
use serde_json::Value;

/// What such a command answers about an item: whether a revision may be removed, what becomes of the next pod of a
/// namespace.
const ANSWERS: [&str; 2] = ["/removal/answer", "/nextPod/outcome"];

/// What it counts of a namespace. Who knows less counts no more.
const NUMBERS: [&str; 6] = [
    "refused",
    "pods",
    "injected",
    "ambient",
    "otherRevision",
    "notReady",
];

/// The document that such a command prints, and how the run ended.
#[derive(Clone, Debug)]
pub struct View {
    document: Value,
    exit: i32,
}

impl View {
    /// What a run printed.
    pub fn read(stdout: &[u8], exit: i32) -> Result<Self> {
        let document: Value = serde_json::from_slice(stdout)?;
        ensure!(
            document.get("cluster").is_some_and(Value::is_object),
            "the answer names no cluster"
        );
        Ok(Self { document, exit })
    }

    pub fn exit(&self) -> i32 {
        self.exit
    }

    /// The document but for the time.
    pub fn without_clock(&self) -> Value {
        let mut document = self.document.clone();
        document.pointer_mut("/cluster/recordedAt").map(Value::take);
        document
    }

    /// Whether it says that something could not be read.
    fn says_what_is_missing(&self) -> bool {
        let lists = ["/missing", "/unread"];
        let mut lists = lists
            .into_iter()
            .filter_map(|one| self.document.pointer(one));
        let is_any = |list: &Value| list.as_array().is_some_and(|all| !all.is_empty());
        lists.any(is_any) || self.exit == 3
    }

    /// Where another answer to the same question says something else than this one, instead of less.
    pub fn contradictions(&self, fewer: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for item in self.items() {
            let name = item.get("name").cloned().unwrap_or_default();
            let other = fewer.items().find(|one| one.get("name") == Some(&name));
            let Some(other) = other else {
                if !fewer.says_what_is_missing() {
                    found.push(format!("{name} is not there, and nothing says why"));
                }
                continue;
            };
            let answer = |item: &Value| {
                let mut answers = ANSWERS.iter().filter_map(|one| item.pointer(one));
                answers.next().and_then(Value::as_str).map(str::to_owned)
            };
            let (all, less) = (answer(item), answer(other));
            if less != all && less.as_deref() != Some("Unknown") {
                found.push(format!("that {name} is {all:?} has become {less:?}"));
            }
            for field in NUMBERS {
                let number = |item: &Value| item.get(field).and_then(Value::as_u64);
                let (all, less) = (number(item), number(other));
                if less > all {
                    found.push(format!("{field} of {name} were {all:?}, and are {less:?}"));
                }
            }
        }
        found.extend(self.contradicted_version(fewer));
        if self.istiods().count() > fewer.istiods().count() && !fewer.says_what_is_missing() {
            found.push("istiods are not there, and nothing says why".to_owned());
        }
        for istiod in fewer.istiods() {
            let is_known = self.istiods().any(|one| {
                let same = |field| one.get(field) == istiod.get(field);
                let version = istiod.get("version").filter(|version| !version.is_null());
                same("name") && same("namespace") && version.is_none_or(|_| same("version"))
            });
            if !is_known {
                found.push(format!("there is no {istiod}"));
            }
        }
        if self.exit != fewer.exit && fewer.exit == 0 {
            found.push(format!("the exit code is 0, not {}", self.exit));
        }
        found
    }

    /// Where another answer has another version of the API server, or none without a reason.
    fn contradicted_version(&self, fewer: &Self) -> Option<String> {
        let version = |view: &Self| view.document.pointer("/cluster/kubernetesVersion").cloned();
        let (all, less) = (version(self), version(fewer));
        let reason = fewer.document.pointer("/cluster/kubernetesVersionUnknown");
        match less {
            less if less == all => None,
            Some(Value::Null) if reason.is_some_and(Value::is_string) => None,
            Some(Value::Null) => Some("Kubernetes has no version, and nothing says why".to_owned()),
            less => Some(format!("the version {all:?} has become {less:?}")),
        }
    }

    fn items(&self) -> impl Iterator<Item = &Value> {
        let items = self.document.get("items").and_then(Value::as_array);
        items.into_iter().flatten()
    }

    fn istiods(&self) -> impl Iterator<Item = &Value> {
        let all = self.document.pointer("/cluster/istio");
        all.and_then(Value::as_array).into_iter().flatten()
    }
}
