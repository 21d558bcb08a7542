//! What injdoctor says, held against what it says when nothing keeps it from reading: it may know less, but nothing else.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::json::{list, text};

/// The check whose finding is that permissions are missing.
const ACCESS_DENIED: &str = "access-denied";

/// What `-o json` brought, and how the run ended.
#[derive(Clone, Debug)]
pub struct Answer {
    diagnoses: Vec<Diagnosis>,
    exit: i32,
}

/// What is said about one target.
#[derive(Clone, Debug, PartialEq)]
struct Diagnosis(Value);

impl Answer {
    /// The answer of a run: a diagnosis, or a list of them.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn read(stdout: &[u8], exit: i32) -> Result<Self> {
        let mut document: Value = serde_json::from_slice(stdout)?;
        let diagnoses = match text(&document, "/kind") {
            "Diagnosis" => vec![document],
            "DiagnosisList" => {
                let items = document.pointer_mut("/items").map(Value::take);
                serde_json::from_value(items.unwrap_or_default()).context("no items")?
            }
            kind => anyhow::bail!("the answer is a {kind:?}"),
        };
        Ok(Self {
            diagnoses: diagnoses.into_iter().map(Diagnosis).collect(),
            exit,
        })
    }

    /// The exit code.
    pub fn exit(&self) -> i32 {
        self.exit
    }

    /// The diagnoses but for what differs between two runs that found the same: the time, and the user in the commands.
    pub fn without_clock(&self) -> Vec<Value> {
        let diagnoses = self.diagnoses.iter();
        diagnoses.map(Diagnosis::without_clock).collect()
    }

    /// What is said of the pods that exist; of the first target where there are several.
    pub fn observed(&self) -> &str {
        self.diagnoses.first().map_or("", Diagnosis::observed)
    }

    /// The reads that brought nothing, of all targets.
    pub fn unread(&self) -> impl Iterator<Item = &Value> {
        self.diagnoses.iter().flat_map(Diagnosis::unread)
    }

    /// Where another answer to the same question, by somebody who could read less, says something else than this one,
    /// instead of less.
    pub fn contradictions(&self, fewer: &Self) -> Vec<String> {
        self.contradictions_beside(fewer, self)
    }

    /// The same where a target that cannot be told for want of its owners may be answered by these instead, as far as
    /// `others` says the same of them.
    pub fn contradictions_beside(&self, fewer: &Self, others: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for diagnosis in &self.diagnoses {
            let target = diagnosis.target();
            match fewer.about(&target) {
                Some(other) => {
                    let differences = diagnosis.contradictions(other, fewer.exit);
                    found.extend(
                        differences
                            .into_iter()
                            .map(|one| format!("{target}: {one}")),
                    );
                }
                None if fewer.diagnoses.iter().any(Diagnosis::stands_for_unread) => {}
                None => found.push(format!("{target} is not there, and nothing says why")),
            }
        }
        for diagnosis in &fewer.diagnoses {
            let target = diagnosis.target();
            if self.about(&target).is_some() || diagnosis.stands_for_unread() {
                continue;
            }
            match others.about(&target) {
                Some(other) => {
                    let differences = other.contradictions(diagnosis, fewer.exit);
                    found.extend(
                        differences
                            .into_iter()
                            .map(|one| format!("{target}: {one}")),
                    );
                }
                None => found.push(format!("there is no {target}")),
            }
        }
        let exits: &[i32] = if self.exit == 0 { &[0, 1, 3] } else { &[1, 3] };
        if !exits.contains(&fewer.exit) {
            found.push(format!(
                "the exit code is {}, not {}",
                fewer.exit, self.exit
            ));
        }
        found
    }

    fn about(&self, target: &str) -> Option<&Diagnosis> {
        self.diagnoses.iter().find(|one| one.target() == target)
    }
}

impl Diagnosis {
    fn target(&self) -> String {
        let part = |name| text(&self.0, name);
        format!(
            "{} {}/{}",
            part("/target/kind"),
            part("/target/namespace"),
            part("/target/name")
        )
    }

    fn without_clock(&self) -> Value {
        let mut diagnosis = self.0.clone();
        // The last time that a rejection was tried again, and how often it was.
        for time in [
            "/cluster/recordedAt",
            "/observed/rejection/at",
            "/observed/rejection/times",
        ] {
            diagnosis.pointer_mut(time).map(Value::take);
        }
        let findings = diagnosis.pointer_mut("/findings");
        for finding in findings.and_then(Value::as_array_mut).into_iter().flatten() {
            finding.pointer_mut("/fixes").map(Value::take);
        }
        diagnosis
    }

    fn predicted(&self) -> &str {
        text(&self.0, "/predicted/outcome")
    }

    fn observed(&self) -> &str {
        text(&self.0, "/observed/outcome")
    }

    fn root_cause(&self) -> Option<&str> {
        self.0.pointer("/rootCause/name").and_then(Value::as_str)
    }

    fn checks(&self) -> BTreeMap<&str, &str> {
        let checks = list(&self.0, "/checks").iter();
        checks
            .map(|check| (text(check, "/name"), text(check, "/status")))
            .collect()
    }

    fn unread(&self) -> impl Iterator<Item = &Value> {
        list(&self.0, "/unread").iter()
    }

    fn is_blind(&self) -> bool {
        self.unread().next().is_some()
    }

    /// Whether it is no target, but a kind of which nothing could be read.
    fn stands_for_unread(&self) -> bool {
        let is_unknown = matches!(self.predicted(), "" | "Unknown");
        text(&self.0, "/target/name").is_empty() && is_unknown && self.is_blind()
    }

    /// Where the answer to somebody with fewer permissions says something else than this one, instead of less.
    fn contradictions(&self, fewer: &Self, exit: i32) -> Vec<String> {
        let mut found = Vec::new();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                found.push(what);
            }
        };
        let (all, predicted) = (self.predicted(), fewer.predicted());
        expect(
            is_less(all, predicted),
            format!("predicted is {predicted}, not {all}"),
        );
        expect(
            predicted == all || fewer.is_blind(),
            "nothing says what is missing".to_owned(),
        );
        let (all, observed) = (self.observed(), fewer.observed());
        expect(
            is_less(all, observed),
            format!("observed is {observed}, not {all}"),
        );

        let statuses = fewer.checks();
        for (check, all) in self
            .checks()
            .into_iter()
            .filter(|(check, _)| *check != ACCESS_DENIED)
        {
            let status = statuses.get(check).copied().unwrap_or_default();
            expect(
                is_less(all, status),
                format!("check {check} is {status}, not {all}"),
            );
        }

        match (self.root_cause(), fewer.root_cause()) {
            (all, cause) if all == cause => {}
            (_, Some(ACCESS_DENIED)) => expect(
                fewer.is_blind(),
                "access is denied, but to nothing".to_owned(),
            ),
            (Some(all), None) => expect(
                statuses.get(all) == Some(&"unknown") && exit != 0,
                format!("the root cause {all} is not there, and the exit code is {exit}"),
            ),
            (all, cause) => expect(false, format!("the root cause is {cause:?}, not {all:?}")),
        }
        for what in self.contradictions_of_webhooks(fewer) {
            expect(false, what);
        }
        found
    }

    /// The same for the rows of a webhook configuration: a field may be empty or say that it is unknown.
    fn contradictions_of_webhooks(&self, fewer: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let (rows, others) = (list(&self.0, "/webhooks"), list(&fewer.0, "/webhooks"));
        for row in rows {
            let name = text(row, "/webhook");
            let Some(other) = others.iter().find(|one| text(one, "/webhook") == name) else {
                found.push(format!("there is no row for webhook {name}"));
                continue;
            };
            let fields = row.as_object().into_iter().flatten();
            // Why a field is empty may differ.
            for (field, all) in fields.filter(|(field, _)| !field.ends_with("Unknown")) {
                let value = other.get(field).unwrap_or(&Value::Null);
                let is_unknown = value
                    .as_str()
                    .is_some_and(|text| text.starts_with("unknown"));
                if value != all && !value.is_null() && !is_unknown {
                    found.push(format!("{field} of webhook {name} is {value}, not {all}"));
                }
            }
        }
        found
    }
}

/// Whether one of the words of a diagnosis says the same, or that it is unknown.
fn is_less(all: &str, fewer: &str) -> bool {
    fewer == all || fewer.eq_ignore_ascii_case("unknown")
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.diagnoses.as_slice() {
            [diagnosis] => write!(f, "  {diagnosis}; ")?,
            diagnoses => write!(f, "  {} diagnoses; ", diagnoses.len())?,
        }
        write!(f, "exit code {}", self.exit)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "predicted {}: {}; observed {}; root cause {}",
            self.predicted(),
            text(&self.0, "/predicted/because"),
            self.observed(),
            self.root_cause().unwrap_or("none"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn diagnosis(name: &str, predicted: &str, unread: bool) -> Value {
        let unread = unread.then(|| json!({"verb": "list", "resource": "pods"}));
        json!({
            "kind": "Diagnosis",
            "target": {"kind": "Deployment", "namespace": "shop", "name": name},
            "predicted": {"outcome": predicted},
            "unread": unread.into_iter().collect::<Vec<_>>(),
        })
    }

    fn answer(diagnoses: &[&Value], exit: i32) -> Answer {
        let document = json!({"kind": "DiagnosisList", "items": diagnoses});
        Answer::read(document.to_string().as_bytes(), exit).unwrap()
    }

    #[test]
    fn less_is_no_contradiction_and_anything_else_is() {
        let injected = &diagnosis("web", "Injected", false);
        let rejected = &diagnosis("web", "Rejected", false);
        let unknown = &diagnosis("web", "Unknown", true);
        let unexplained = &diagnosis("web", "Unknown", false);
        let unread_kind = &diagnosis("", "Unknown", true);
        let other = &diagnosis("db", "Injected", false);
        type Said<'a> = (&'a [&'a Value], i32);
        let table: [(&str, Said, Said, bool); 8] = [
            ("the same", (&[injected], 0), (&[injected], 0), true),
            ("less", (&[injected], 0), (&[unknown], 3), true),
            ("another", (&[rejected], 1), (&[injected], 0), false),
            (
                "less, but not why",
                (&[injected], 0),
                (&[unexplained], 3),
                false,
            ),
            ("less is not well", (&[rejected], 1), (&[unknown], 0), false),
            ("gone", (&[rejected], 1), (&[], 0), false),
            ("gone, and why", (&[rejected], 1), (&[unread_kind], 3), true),
            ("more", (&[injected], 0), (&[injected, other], 0), false),
        ];
        for (name, (all, exit), (fewer, exit_of_fewer), holds) in table {
            let found = answer(all, exit).contradictions(&answer(fewer, exit_of_fewer));
            assert_eq!(found.is_empty(), holds, "{name}: {found:?}");
        }
    }
}
