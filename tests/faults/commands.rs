//! The commands that are disturbed.

/// A command line of injdoctor, about the namespace `shop`.
pub struct Command {
    /// Its name in the test's.
    pub name: &'static str,
    /// The words; [`POD`] stands for the name of a pod of the Deployment `reviews`.
    pub words: &'static [&'static str],
    /// What it prints.
    pub prints: Prints,
}

/// What a command prints.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Prints {
    /// Diagnoses.
    Diagnoses,
    /// The view of the mesh by revision, or by namespace, or the versions of all its parts.
    View,
    /// A snapshot, to be judged by `check --from`.
    Snapshot,
}

/// Stands for the name of a pod, which the cluster gives it.
pub const POD: &str = "pod/POD";

use Prints::{Diagnoses, Snapshot, View};

pub const COMMANDS: [Command; 10] = [
    Command {
        name: "check deploy",
        words: &["check", "deploy/reviews", "-n", "shop", "-o", "json"],
        prints: Diagnoses,
    },
    Command {
        name: "check pod",
        words: &["check", POD, "-n", "shop", "-o", "json"],
        prints: Diagnoses,
    },
    Command {
        name: "check -A",
        words: &["check", "-A", "-o", "json"],
        prints: Diagnoses,
    },
    Command {
        name: "check -A -l",
        words: &["check", "-A", "-l", "app=reviews", "-o", "json"],
        prints: Diagnoses,
    },
    Command {
        name: "check -n",
        words: &["check", "-n", "shop", "-o", "json"],
        prints: Diagnoses,
    },
    Command {
        name: "webhook",
        words: &["webhook", "-o", "json"],
        prints: Diagnoses,
    },
    Command {
        name: "revision",
        words: &["revision", "-o", "json"],
        prints: View,
    },
    Command {
        name: "namespace",
        words: &["namespace", "-o", "json"],
        prints: View,
    },
    Command {
        name: "version",
        words: &["version", "-o", "json"],
        prints: View,
    },
    Command {
        name: "snapshot",
        words: &["snapshot", "deploy/reviews", "-n", "shop"],
        prints: Snapshot,
    },
];

/// All objects that a sweep can show, whoever owns them.
pub const EVERYTHING: [&str; 5] = ["check", "deploy,rs,sts,ds,job,cj,pod", "-A", "-o", "json"];
