//! The command line.

mod answer;
mod arguments;
mod connection;

use clap::{Parser, Subcommand, ValueEnum};

pub use answer::{Answer, FailOn, Format};
pub use arguments::{
    Check, Completion, Demo, Explain, ExplainFormat, Namespace, Revision, Snapshot, Targets,
    Version, VersionFormat, Webhook,
};
pub use connection::ConnectionFlags;

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
