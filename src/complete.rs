//! What can stand where Tab is pressed: namespaces, names and contexts as they are now.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use clap_complete::engine::{CompletionCandidate, complete};
use injdoctor_checks::causes::{Cause, catalogue};
use injdoctor_checks::facts::{Kind, Read, Resource};

use crate::cli::{Cli, ConnectionFlags};
use crate::commands::{known, names};
use crate::demo::SCENARIOS;
use crate::target;

/// How long somebody waits who has pressed Tab.
const PATIENCE: Duration = Duration::from_secs(2);

/// cobra's word for no completion of file names: `ShellCompDirectiveNoFileComp` in `completions.go` (v1.10).
const NO_FILES: u8 = 4;
/// And for no blank behind what was completed: `ShellCompDirectiveNoSpace`.
const NO_SPACE: u8 = 2;

/// Answers kubectl, which runs `kubectl_complete-injdoctor` with the words so far and the one to complete.
///
/// Source: `GetPluginCompletions` in `k8s.io/kubectl/pkg/cmd/plugin/plugin_completion.go` (v0.36).
pub fn for_kubectl(words: impl Iterator<Item = OsString>, out: &mut dyn Write) -> io::Result<()> {
    let words: Vec<_> = [OsString::from("injdoctor")]
        .into_iter()
        .chain(words)
        .collect();
    let folder = env::current_dir().ok();
    let last = words.len().saturating_sub(1);
    let found = complete(&mut Cli::command(), words, last, folder.as_deref())?;
    let mut directive = if found.is_empty() { 0 } else { NO_FILES };
    for candidate in found.iter().filter(|one| !one.is_hide_set()) {
        let value = candidate.get_value().to_string_lossy();
        if value.ends_with('/') {
            directive |= NO_SPACE;
        }
        match candidate.get_help() {
            Some(help) => writeln!(out, "{value}\t{}", help.to_string().replace('\n', " "))?,
            None => writeln!(out, "{value}")?,
        }
    }
    writeln!(out, ":{directive}")
}

/// The namespaces of the cluster.
pub fn namespaces() -> Vec<CompletionCandidate> {
    let all = names(&flags(), |_| Some(Read::list(Resource::Namespace, None)));
    candidates(all)
}

/// The injection webhooks, and all others.
pub fn webhooks() -> Vec<CompletionCandidate> {
    let resource = Kind::MutatingWebhookConfiguration.resource();
    candidates(names(&flags(), |_| Some(Read::list(resource, None))))
}

/// The contexts of the kubeconfig.
pub fn contexts() -> Vec<CompletionCandidate> {
    candidates(known(&flags()).contexts)
}

/// The clusters of the kubeconfig.
pub fn clusters() -> Vec<CompletionCandidate> {
    candidates(known(&flags()).clusters)
}

/// The users of the kubeconfig.
pub fn users() -> Vec<CompletionCandidate> {
    candidates(known(&flags()).users)
}

/// The codes of all checks.
pub fn codes() -> Vec<CompletionCandidate> {
    let checked = catalogue().filter_map(|cause| Some((cause.code()?, cause)));
    checked
        .map(|(code, cause)| CompletionCandidate::new(code).help(Some(cause.name().into())))
        .collect()
}

/// The codes of all checks, and the names of the other causes.
pub fn causes() -> Vec<CompletionCandidate> {
    let described = catalogue().filter(|cause| cause.code().is_none());
    let described = described.map(|cause: Cause| CompletionCandidate::new(cause.name()));
    codes().into_iter().chain(described).collect()
}

/// The scenarios of `injdoctor demo`.
pub fn scenarios() -> Vec<CompletionCandidate> {
    let all = SCENARIOS.iter();
    all.map(|one| CompletionCandidate::new(one.name).help(Some(one.story.into())))
        .collect()
}

/// Targets: `TYPE/NAME` where the type is there already, names behind a type, and else types and pods.
pub fn targets(current: &OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let of = |kind: Kind| {
        names(&flags(), |link| {
            Some(Read::list(kind.resource(), Some(&link.namespace)))
        })
    };
    let found: Vec<String> = match (current.split_once('/'), kind_before()) {
        (Some((word, _)), _) => match target::one_kind(word) {
            Some(kind) => of(kind)
                .iter()
                .map(|name| format!("{word}/{name}"))
                .collect(),
            None => Vec::new(),
        },
        (None, Some(kind)) => of(kind),
        (None, None) => {
            let kinds = Kind::WORKLOADS.into_iter();
            let kinds = kinds.map(|kind| format!("{}/", kind.singular()));
            kinds.chain(of(Kind::Pod)).collect()
        }
    };
    let fitting = found.into_iter().filter(|one| one.starts_with(&*current));
    candidates(fitting.collect())
}

/// The kind that stands alone before the word to be completed.
fn kind_before() -> Option<Kind> {
    let mut words = words();
    words.pop();
    words
        .iter()
        .rev()
        .find_map(|word| target::one_kind(word.to_str()?))
}

fn candidates(all: Vec<String>) -> Vec<CompletionCandidate> {
    all.into_iter().map(CompletionCandidate::new).collect()
}

/// The words of the line so far. Shells put them behind `--`, and kubectl gives nothing else.
fn words() -> Vec<OsString> {
    let words: Vec<_> = env::args_os().skip(1).collect();
    let at = words.iter().position(|word| word == "--");
    let behind = words.into_iter().skip(at.map_or(0, |at| at + 2));
    behind.collect()
}

/// How to reach the cluster, as far as the line says it.
fn flags() -> ConnectionFlags {
    let line = [OsString::from("injdoctor")].into_iter().chain(words());
    let command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(line).unwrap_or_default();
    let of_command = matches
        .subcommand()
        .map_or(&matches, |(_, matches)| matches);
    let mut flags = ConnectionFlags::from_arg_matches(of_command).unwrap_or_default();
    flags.request_timeout.get_or_insert(PATIENCE);
    flags.verbose = 0;
    flags
}
