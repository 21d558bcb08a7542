//! What a disturbed run may say.

use serde_json::Value;
use testcluster::{Answer, Read, Resource};

use crate::run::Ending;
use crate::said::Said;

/// What injdoctor may hold in memory at once, in bytes. An undisturbed run holds a seventh of it, in a debug build.
const MEMORY: u64 = 300 << 20;

/// How much longer the output of a disturbed run may be, in bytes: the words of others are cut, though told for each check.
const LONGER: usize = 1 << 20;

/// What is said where there is no answer: that there is no API server, or none that knows the user.
const NO_CONNECTION: [&str; 3] = [
    "cannot reach the API server",
    "does not answer like a Kubernetes API server",
    "does not accept the credentials",
];

/// What was said without a fault.
pub struct Undisturbed {
    pub answer: Said,
    /// What was said of everything that there is.
    pub everything: Answer,
    /// The length of the output, in bytes.
    pub length: usize,
}

/// What came of a disturbed run.
pub struct Disturbed<'a> {
    /// Of the command that was disturbed.
    pub ending: &'a Ending,
    /// What it said, or why it is no answer; in place of a snapshot what is said from it.
    pub answer: Result<Said, String>,
    pub read: &'a Read,
}

impl Undisturbed {
    /// Everything that is wrong with a disturbed run.
    pub fn judge(&self, disturbed: &Disturbed<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        let Disturbed {
            ending,
            answer,
            read,
        } = disturbed;
        if ending.memory > MEMORY {
            wrong.push(format!("it took {} MiB of memory", ending.memory >> 20));
        }
        let length = ending.stdout.len() + ending.stderr.len();
        if length > self.length + LONGER {
            wrong.push(format!("it printed {} KiB", length >> 10));
        }
        match (ending.status.code(), answer) {
            (Some(124), _) => wrong.push("it did not end".to_owned()),
            (Some(0 | 1 | 3), Ok(answer)) => wrong.extend(self.judge_answer(answer, read)),
            (Some(0 | 1 | 3), Err(why)) => wrong.push(format!("it gave no answer: {why}")),
            (Some(2), _) => wrong.extend(judge_error(ending, read)),
            _ => wrong.push(format!("it ended with {}", ending.status)),
        }
        wrong
    }

    /// The answer is the same in all that it says, or it says what it could not read and contradicts in nothing.
    fn judge_answer(&self, answer: &Said, read: &Read) -> Vec<String> {
        if self.answer.is_same(answer) {
            return Vec::new();
        }
        let mut wrong = self.answer.contradictions(answer, &self.everything);
        if !answer.is_told(|unread| is_about(unread, read)) {
            wrong.push("it does not say that it could not read this".to_owned());
        }
        wrong
    }
}

/// Without an answer, it is to say that there is no connection, or which read failed.
fn judge_error(ending: &Ending, read: &Read) -> Vec<String> {
    let mut wrong = Vec::new();
    if !ending.tells_nothing() {
        wrong.push("it ended with exit code 2, but printed an answer".to_owned());
    }
    let says = |words: &str| ending.stderr.contains(words);
    let names_read = read.resource().map(|resource| match resource.name {
        Some(_) => format!("cannot get {}", plural(resource)),
        None => format!("cannot list {}", plural(resource)),
    });
    let names_read = names_read.unwrap_or_else(|| format!("cannot get {}", read.path));
    if !NO_CONNECTION.iter().any(|words| says(words)) && !says(&names_read) {
        wrong.push(format!("it said: {}", ending.stderr.trim()));
    }
    wrong
}

/// Whether an entry of `unread` is about a read.
fn is_about(unread: &Value, read: &Read) -> bool {
    let field = |name: &str| unread.get(name).and_then(Value::as_str);
    let Some(resource) = read.resource() else {
        return field("resource") == Some(read.path.as_str());
    };
    field("resource") == Some(plural(resource).as_str())
        && field("name") == resource.name
        && field("namespace") == resource.namespace
}

/// A resource as RBAC and injdoctor write it.
fn plural(resource: Resource<'_>) -> String {
    match resource.group {
        "" => resource.plural.to_owned(),
        group => format!("{}.{group}", resource.plural),
    }
}
