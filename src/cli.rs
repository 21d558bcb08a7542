//! The command line.

use std::convert::Infallible;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use injdoctor_checks::causes;
use injdoctor_checks::report::Severity;
use secrecy::SecretString;

use crate::cluster::{Size, parse_size, parse_timeout};
use crate::codes::{self, Choice};
use crate::complete;
use crate::folder;

const TEMPLATE: &str = "\
{about}

{before-help}{usage-heading} {usage}

{all-args}{after-help}";

const EXIT_CODES: &str = "\
Exit codes, the same in every format:
  0  no finding at or above --fail-on
  1  findings
  2  wrong usage, or no connection
  3  no verdict, because facts were missing";

const EXPLAIN_EXIT_CODES: &str = "\
Exit codes, the same in every format:
  0  explained; and no finding at or above warning in a cluster that was looked at
  1  findings in that cluster
  2  wrong usage, or no connection
  3  the error text names no cause that is known; or no verdict on that cluster,
     because facts were missing";

/// Says why a Kubernetes pod is not, or cannot be, injected with the Istio sidecar, and how to fix it
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 80,
    help_template = TEMPLATE,
    before_help = "\
Examples:
  injdoctor check deploy/reviews -n shop   # one workload
  injdoctor check -A                       # every workload of the cluster
  injdoctor webhook                        # the injection webhooks themselves
  injdoctor demo                           # a broken mesh, without any cluster

",
    after_help = EXIT_CODES
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to reach the cluster.
    #[command(flatten)]
    pub connection: ConnectionFlags,
    /// When to colour the output: auto is on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub color: ColorChoice,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say whether pods are, will be or cannot be injected, why, and how to fix it
    Check(Check),
    /// Show namespaces: their labels, what becomes of their pods, and what changes odd labels
    Namespace(Namespace),
    /// Show revisions: their istiods and versions, tags, namespaces and pods, and whether they are used
    Revision(Revision),
    /// Show the injection webhooks: whom they call, whether that works, what they select
    Webhook(Webhook),
    /// Write what a diagnosis rests on to standard output, without secrets, for `check --from`
    Snapshot(Snapshot),
    /// Diagnose a broken cluster that was recorded earlier; no cluster is needed
    Demo(Demo),
    /// Explain a cause, or an error text: what it means, how to tell it, how to fix it
    Explain(Explain),
    /// Print the completion script of a shell
    Completion(Completion),
    /// Print the versions of injdoctor, of the API server and of the control planes
    Version(Version),
}

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

/// How to answer.
#[derive(Clone, Debug, Args)]
pub struct Answer {
    /// Format of the answer
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output"
    )]
    pub output: Format,
    /// Severity from which findings make the exit code 1
    #[arg(
        long,
        value_name = "SEVERITY",
        default_value = "warning",
        help_heading = "Output"
    )]
    pub fail_on: FailOn,
    /// Only findings of these, by code or name, with commas between them; what nothing explains stays
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        value_parser = codes::check,
        add = ArgValueCandidates::new(complete::codes),
        help_heading = "Output"
    )]
    pub select: Vec<&'static causes::Check>,
    /// No findings of these, neither in the answer nor in the exit code; what nothing explains stays
    #[arg(
        long,
        value_name = "CODE",
        value_delimiter = ',',
        value_parser = codes::check,
        add = ArgValueCandidates::new(complete::codes),
        conflicts_with = "select",
        help_heading = "Output"
    )]
    pub ignore: Vec<&'static causes::Check>,
}

impl Answer {
    /// An answer in which all findings count.
    pub fn with_all(output: Format, fail_on: FailOn) -> Self {
        Self {
            output,
            fail_on,
            select: Vec::new(),
            ignore: Vec::new(),
        }
    }

    /// Which findings count.
    pub fn choice(&self) -> Choice<'_> {
        match self.select.as_slice() {
            [] => Choice::AllBut(&self.ignore),
            these => Choice::Only(these),
        }
    }
}

/// `-k`: no other program is run, and kustomize is not rebuilt.
fn refuse_kustomize(folder: &str) -> Result<Infallible, String> {
    let command = folder::kustomize(folder);
    Err(format!(
        "injdoctor does not run kustomize; pipe it in: {command} | injdoctor check -f -"
    ))
}

/// kubectl's flags for reaching the cluster.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Cluster")]
pub struct ConnectionFlags {
    /// Namespace to look in
    #[arg(
        short = 'n',
        long,
        global = true,
        value_name = "NAMESPACE",
        add = ArgValueCandidates::new(complete::namespaces)
    )]
    pub namespace: Option<String>,
    /// Context of the kubeconfig to use
    #[arg(
        long,
        global = true,
        value_name = "CONTEXT",
        add = ArgValueCandidates::new(complete::contexts)
    )]
    pub context: Option<String>,
    /// Path of the kubeconfig; else KUBECONFIG, else ~/.kube/config, else the pod's service account
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<String>,
    /// Cluster of the kubeconfig to use
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::clusters)
    )]
    pub cluster: Option<String>,
    /// User of the kubeconfig to use
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        add = ArgValueCandidates::new(complete::users)
    )]
    pub user: Option<String>,
    /// Address of the API server
    #[arg(short = 's', long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// Bearer token for the API server; the commands that are printed do not repeat it
    #[arg(long, global = true, value_name = "TOKEN")]
    pub token: Option<SecretString>,
    /// Do not verify the API server's certificate: whoever is on the way can answer in its place
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        hide_possible_values = true
    )]
    pub insecure_skip_tls_verify: Option<bool>,
    /// User to impersonate
    #[arg(id = "as_user", long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(
        id = "as_groups",
        long = "as-group",
        global = true,
        value_name = "GROUP"
    )]
    pub as_groups: Vec<String>,
    /// Uid to impersonate
    #[arg(long, global = true, value_name = "UID")]
    pub as_uid: Option<String>,
    /// Time that one request may take, such as 5s or 1m; 0 waits for ever
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_timeout)]
    pub request_timeout: Option<Duration>,
    /// Bytes that one answer may have, such as 256Mi; else 16Mi for an object, 64Mi for a page of a list
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_size)]
    pub max_read_size: Option<Size>,
    /// Tell each request on standard error, with status, bytes and milliseconds; -vv also what was
    /// planned, and for which checks
    #[arg(short = 'v', long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

impl ConnectionFlags {
    /// A flag that is given and is for a cluster alone; none where none is.
    pub fn reaching(&self) -> Option<&'static str> {
        let flags = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--cluster", self.cluster.is_some()),
            ("--user", self.user.is_some()),
            ("--server", self.server.is_some()),
            ("--token", self.token.is_some()),
            (
                "--insecure-skip-tls-verify",
                self.insecure_skip_tls_verify.is_some(),
            ),
            ("--as", self.as_user.is_some()),
            ("--as-group", !self.as_groups.is_empty()),
            ("--as-uid", self.as_uid.is_some()),
            ("--max-read-size", self.max_read_size.is_some()),
            ("-v", self.verbose > 0),
        ];
        flags
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag))
    }

    /// A flag that is given and means nothing where no cluster is reached and nothing is read.
    pub fn any(&self) -> Option<&'static str> {
        let flags = [
            ("-n", self.namespace.is_some()),
            ("--request-timeout", self.request_timeout.is_some()),
        ];
        let others = flags
            .into_iter()
            .find_map(|(flag, given)| given.then_some(flag));
        self.reaching().or(others)
    }
}

/// The formats of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the root cause and what fixes it
    Text,
    /// For people: every check, every call and every fix as well
    Wide,
    /// For programs, by the schema in docs/json
    Json,
    /// The same as YAML
    Yaml,
    /// The same as JSON with a line for each target
    Jsonl,
    /// Only the names of targets with findings at or above --fail-on, for xargs -L1 injdoctor check
    Name,
    /// For CI systems: a test case for each target
    Junit,
    /// To paste into a chat: the verdict, and each cause once with its fix
    Markdown,
}

/// The severity from which findings fail the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Pods are rejected, or others break
    Error,
    /// Somebody asked for injection and does not get it, or the reverse
    Warning,
    /// Anything at all
    Info,
    /// No finding fails the run
    Never,
}

impl FailOn {
    /// Whether a finding of this severity fails the run.
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => true,
            Self::Never => false,
        }
    }
}

/// When to colour the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn conflict(arguments: &[&str]) -> bool {
        match Cli::try_parse_from([&["injdoctor"], arguments].concat()) {
            Err(error) => error.kind() == ErrorKind::ArgumentConflict,
            Ok(_) => false,
        }
    }

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_cannot_be_meant_together_is_refused() {
        assert!(conflict(&["check", "--from", "s.json", "-f", "m.yaml"]));
        assert!(conflict(&["check", "-f", "m.yaml", "deploy/x"]));
        assert!(!conflict(&[
            "check", "--from", "s.json", "deploy/x", "-n", "shop"
        ]));
        assert!(!conflict(&["check", "-A", "-l", "app=x"]));
        // Names and -A, or a selector, are refused where the words are read: `deploy -A` is fine.
        assert!(!conflict(&["check", "-A", "deploy"]));
    }

    #[test]
    fn kubectls_flags_go_before_and_after_the_command() {
        for arguments in [
            ["injdoctor", "-n", "shop", "check", "x"],
            ["injdoctor", "check", "x", "-n", "shop"],
        ] {
            let cli = Cli::try_parse_from(arguments).unwrap();
            assert_eq!(cli.connection.namespace.as_deref(), Some("shop"));
        }
    }
}
