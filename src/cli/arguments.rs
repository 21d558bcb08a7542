//! What each command takes.

use std::convert::Infallible;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::{Answer, EXIT_CODES, EXPLAIN_EXIT_CODES, TEMPLATE};
use crate::cluster::parse_timeout;
use crate::complete;
use crate::folder;

/// `injdoctor check`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor check reviews-7d4b9c-xk2lp              # a pod of the current namespace
  injdoctor check deploy/reviews sts/cache -n shop  # several workloads
  injdoctor check -n shop                           # everything in a namespace
  injdoctor check -A -o name                        # all that have findings, by name
  injdoctor check -f reviews.yaml                   # before it is applied
  injdoctor snapshot deploy/reviews > s.json        # record now,
  injdoctor check --from s.json                     # judge later, elsewhere

",
    after_help = EXIT_CODES
)]
pub struct Check {
    /// What to look at.
    #[command(flatten)]
    pub targets: Targets,
    /// Judge the workloads of a manifest before they are applied: a file, all of a folder, or - for
    /// standard input; may be repeated
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE|FOLDER",
        value_hint = ValueHint::AnyPath,
        conflicts_with_all = ["target", "all_namespaces", "selector"],
        help_heading = "Targets"
    )]
    pub files: Vec<String>,
    /// With the folders below that of -f
    #[arg(short = 'R', long, requires = "files", help_heading = "Targets")]
    pub recursive: bool,
    /// Refused with what to do: kustomize is kubectl's
    #[arg(
        short = 'k',
        long,
        value_name = "FOLDER",
        value_parser = refuse_kustomize,
        hide = true
    )]
    pub kustomize: Option<Infallible>,
    /// Judge a snapshot instead of a cluster; with TARGET only that one of it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["files", "selector"],
        help_heading = "Targets"
    )]
    pub from: Option<String>,
    /// Local copy of the injector's ConfigMap, for where it may not be read; the report says that it is used
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with = "from",
        help_heading = "Targets"
    )]
    pub injector_config: Option<String>,
    /// Check again until nothing is wrong with the pods any more, or for so long, such as 10m; the answer and
    /// the exit code are the last ones
    #[arg(
        long,
        value_name = "DURATION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "0",
        value_parser = parse_timeout,
        conflicts_with = "from",
        help_heading = "Output"
    )]
    pub wait: Option<Duration>,
    /// Print each change of the verdict after the answer, until interrupted
    #[arg(
        long,
        conflicts_with_all = ["from", "wait"],
        help_heading = "Output"
    )]
    pub watch: bool,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// `injdoctor namespace`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor namespace           # all namespaces
  injdoctor namespace shop pay  # two of them
  injdoctor namespace -o wide   # with why their pods are injected or not

",
    after_help = EXIT_CODES
)]
pub struct Namespace {
    /// Names of namespaces; without any, all
    #[arg(value_name = "NAMESPACE")]
    pub names: Vec<String>,
    /// Judge a snapshot instead of a cluster
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub from: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// `injdoctor revision`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor revision          # all revisions
  injdoctor revision -o wide  # with the names of all namespaces

",
    after_help = EXIT_CODES
)]
pub struct Revision {
    /// Judge a snapshot of all namespaces instead of a cluster
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub from: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// `injdoctor webhook`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor webhook                         # all injection webhooks
  injdoctor webhook istio-sidecar-injector  # one MutatingWebhookConfiguration
  injdoctor webhook -o wide                 # with the names of the namespaces

",
    after_help = EXIT_CODES
)]
pub struct Webhook {
    /// Name of a MutatingWebhookConfiguration; without it, all that inject
    #[arg(add = ArgValueCandidates::new(complete::webhooks))]
    pub name: Option<String>,
    /// Judge a snapshot instead of a cluster
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub from: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub answer: Answer,
}

/// `injdoctor snapshot`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor snapshot deploy/reviews -n shop > snapshot.json
  injdoctor check --from snapshot.json

Secrets are never read. The file holds only the fields that the diagnosis needs,
and of their values only what it needs; docs/snapshot.md lists them. What was
replaced is counted on standard error.

"
)]
pub struct Snapshot {
    /// What to look at.
    #[command(flatten)]
    pub targets: Targets,
}

/// `injdoctor demo`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor demo              # the worst one, and a list of the others

"
)]
pub struct Demo {
    /// Name of a scenario; without it, the worst one and a list of the others
    #[arg(add = ArgValueCandidates::new(complete::scenarios))]
    pub scenario: Option<String>,
}

/// `injdoctor explain`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor explain                                 # all causes
  injdoctor explain INJ101                          # one of them, by code
  injdoctor explain pod-security                    # or by name, also where it has no code yet
  kubectl get events | injdoctor explain --error -  # what an error text means
  injdoctor explain --error 'TEXT' -n shop          # and whether it is so in that namespace

",
    after_help = EXPLAIN_EXIT_CODES
)]
pub struct Explain {
    /// Code or name of a cause; without it, all are listed
    #[arg(value_name = "CODE|NAME", add = ArgValueCandidates::new(complete::causes))]
    pub subject: Option<String>,
    /// Say what an error text means: of an event, a log or a terminal; - is standard input. With -n, --context
    /// or --kubeconfig, or where the text names a Service that a webhook of the current context calls, the
    /// cluster is looked at, too
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "subject",
        allow_hyphen_values = true
    )]
    pub error: Option<String>,
    /// How to write what an error text means
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        requires = "error",
        help_heading = "Output"
    )]
    pub output: ExplainFormat,
}

/// How what an error text means is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people: the causes, what tells them apart, and what fixes them
    Text,
    /// For programs: {"matches": [{"code", "name", "confidence", "values", ...}]}, best first
    Json,
}

/// `injdoctor completion`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  source <(injdoctor completion bash)   # asks the cluster for names at each Tab
  injdoctor completion fish > ~/.config/fish/completions/injdoctor.fish
  ln -s injdoctor kubectl_complete-injdoctor   # in a folder of PATH, for kubectl injdoctor

"
)]
pub struct Completion {
    /// The shell
    pub shell: Shell,
}

/// `injdoctor version`.
#[derive(Debug, Args)]
#[command(
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor version
  injdoctor version -o json

"
)]
pub struct Version {
    /// How to write them
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub output: VersionFormat,
}

/// How versions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VersionFormat {
    /// For people
    Text,
    /// For programs: {"clientVersion", "cluster", "unread"}
    Json,
}
/// What to look at, in kubectl's words.
#[derive(Debug, Args)]
pub struct Targets {
    /// A pod by NAME; or TYPE/NAME, TYPE NAME or TYPE of a pod, deployment, statefulset, daemonset,
    /// replicaset, job or cronjob; TYPE/NAME of another kind for what it owns; without any, everything in
    /// the namespace
    #[arg(value_name = "TARGET", add = ArgValueCompleter::new(complete::targets))]
    pub target: Vec<String>,
    /// Everything in all namespaces
    #[arg(short = 'A', long, help_heading = "Targets")]
    pub all_namespaces: bool,
    /// Only workloads with these labels: key=value, key!=value, key in (a,b), key, !key
    #[arg(short = 'l', long, value_name = "SELECTOR", help_heading = "Targets")]
    pub selector: Option<String>,
}
/// `-k`: no other program is run, and kustomize is not rebuilt.
fn refuse_kustomize(folder: &str) -> Result<Infallible, String> {
    let command = folder::kustomize(folder);
    Err(format!(
        "injdoctor does not run kustomize; pipe it in: {command} | injdoctor check -f -"
    ))
}
