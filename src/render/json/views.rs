//! What `injdoctor namespace` and `injdoctor revision` print for programs: a contract as [`super::v1alpha1`].

use std::collections::BTreeMap;

use injdoctor_checks::facts::Snapshot;
use injdoctor_checks::report::{Command, Finding, Numbers, Together};
use injdoctor_checks::views;
use schemars::JsonSchema;
use serde::Serialize;

use super::convert;
use super::text::Text;
use super::v1alpha1::{ApiVersion, Cluster, ControlPlane, PredictedOutcome, RootCause};

/// What `injdoctor namespace` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceList {
    /// The version of this contract.
    pub api_version: ApiVersion,
    /// Always `NamespaceList`.
    pub kind: NamespaceListKind,
    /// Where it was looked at.
    pub cluster: Cluster,
    /// What could not be read, so that workloads or pods are not counted or not known; empty where everything was.
    pub missing: Vec<Text>,
    /// By name.
    pub items: Vec<Namespace>,
}

/// The kind of a list of namespaces.
#[derive(Debug, Serialize, JsonSchema)]
pub enum NamespaceListKind {
    /// The only one.
    NamespaceList,
}

/// One namespace.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Namespace {
    /// Its name.
    pub name: Text,
    /// Those of its labels that concern the mesh; null where it was not read.
    pub labels: Option<Vec<Label>>,
    /// Why the labels are not known; null where they are.
    pub labels_unknown: Option<Text>,
    /// What becomes of a pod that asks for nothing itself.
    pub next_pod: NextPod,
    /// Workloads.
    pub workloads: usize,
    /// Workloads of which pods are refused.
    pub refused: usize,
    /// Workloads of which too little is known for a verdict.
    pub unknown: usize,
    /// Pods that exist; null, as the following three, where those of a workload could not be read.
    pub pods: Option<usize>,
    /// Pods with a sidecar.
    pub injected: Option<usize>,
    /// Pods whose traffic goes to ztunnel.
    pub ambient: Option<usize>,
    /// Pods with the sidecar of another revision than the one that injects the next pod.
    pub other_revision: Option<usize>,
    /// Pods that are not ready, as the status of their workloads tells.
    pub not_ready: usize,
    /// What is wrong with its labels; null where nothing is.
    pub relabel: Option<Relabel>,
}

/// A label.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Label {
    /// Its key.
    pub key: Text,
    /// Its value.
    pub value: Text,
}

/// What becomes of a pod that asks for nothing itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextPod {
    /// What will happen.
    pub outcome: PredictedOutcome,
    /// The revision that injects it; null where none does.
    pub revision: Option<Text>,
    /// Whether the label of the namespace asks for the ambient data plane, and no sidecar keeps the pod out of it.
    pub ambient: bool,
    /// Why, in words.
    pub because: Text,
    /// The root cause; null where there is none, or where nobody can tell.
    pub root_cause: Option<RootCause>,
}

/// What is wrong with the labels of a namespace, and what changes it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relabel {
    /// The check that found it.
    pub cause: RootCause,
    /// What is wrong.
    pub message: Text,
    /// The commands as argument vectors, in the order in which to run them.
    pub commands: Vec<Vec<Text>>,
    /// The commands that lead back.
    pub undo: Vec<Vec<Text>>,
}

/// What `injdoctor revision` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionList {
    /// The version of this contract.
    pub api_version: ApiVersion,
    /// Always `RevisionList`.
    pub kind: RevisionListKind,
    /// Where it was looked at.
    pub cluster: Cluster,
    /// Why it is not known who uses which revision; empty where it is.
    pub missing: Vec<Text>,
    /// By name.
    pub items: Vec<Revision>,
}

/// The kind of a list of revisions.
#[derive(Debug, Serialize, JsonSchema)]
pub enum RevisionListKind {
    /// The only one.
    RevisionList,
}

/// One revision.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// Its name.
    pub name: Text,
    /// Its istiods in this cluster.
    pub istio: Vec<ControlPlane>,
    /// The MutatingWebhookConfigurations that inject with it, without those of tags.
    pub webhooks: Vec<Text>,
    /// The tags that point at it.
    pub tags: Vec<Text>,
    /// The namespaces in which its webhooks are called for a pod that asks for nothing itself.
    pub namespaces: Vec<Text>,
    /// The workloads for whose next pod its webhooks are called.
    pub workloads: usize,
    /// The pods that run its sidecar, by namespace.
    pub pods: Vec<Pods>,
    /// The pods of gateways and waypoints that its istiods have made, by namespace.
    pub gateways: Vec<Pods>,
    /// The DaemonSets of ztunnels that ask its istiods for their configuration.
    pub ztunnels: Vec<Text>,
    /// The commands that restart the workloads whose pods run its sidecar, and whose next pod gets that of another
    /// revision, as argument vectors.
    pub restart: Vec<Vec<Text>>,
    /// Whether it may be removed.
    pub removal: Removal,
}

/// Pods of a namespace.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pods {
    /// The namespace.
    pub namespace: Text,
    /// How many.
    pub pods: usize,
}

/// Whether a revision may be removed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Removal {
    /// Whether anything in this cluster uses it.
    pub answer: RemovalAnswer,
    /// What uses it; empty where nothing does.
    pub because: Vec<Text>,
}

/// Whether anything in this cluster uses a revision.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub enum RemovalAnswer {
    /// Nothing does.
    Unused,
    /// Something does.
    Used,
    /// Nothing is seen to, but facts are missing.
    Unknown,
}

/// The namespaces for programs.
pub fn namespaces(overview: &views::Overview, snapshot: &Snapshot) -> NamespaceList {
    let all = overview.namespaces();
    NamespaceList {
        api_version: ApiVersion::V1alpha1,
        kind: NamespaceListKind::NamespaceList,
        cluster: convert::cluster(snapshot),
        missing: texts(overview.missing()),
        items: all.map(|one| namespace(one, snapshot)).collect(),
    }
}

fn namespace(one: &views::Namespace, snapshot: &Snapshot) -> Namespace {
    let label = |(key, value): &(String, String)| Label {
        key: key.clone().into(),
        value: value.clone().into(),
    };
    let labels = one.labels.as_ref();
    let tally = one.tally;
    let seen = |number: usize| (tally.unseen == 0).then_some(number);
    Namespace {
        name: one.name.clone().into(),
        labels: labels.ok().map(|all| all.iter().map(label).collect()),
        labels_unknown: labels.err().map(|why| why.clone().into()),
        next_pod: NextPod {
            outcome: convert::outcome(one.outcome),
            revision: one.revision.clone().map(Text::from),
            ambient: one.ambient,
            because: one.because.clone().into(),
            root_cause: one.cause.map(convert::root_cause),
        },
        workloads: tally.workloads,
        refused: tally.refused,
        unknown: tally.unknown,
        pods: seen(tally.pods),
        injected: seen(tally.injected),
        ambient: seen(tally.ambient),
        other_revision: seen(tally.other_revision),
        not_ready: tally.not_ready,
        relabel: one.odd.as_ref().map(|odd| relabel(odd, snapshot)),
    }
}

fn relabel(odd: &views::Odd, snapshot: &Snapshot) -> Relabel {
    let together = together(&odd.findings);
    let then = together.then.iter().flatten();
    let commands = together.steps.iter().chain(then).chain(&together.restart);
    let message = odd.findings.first().map(|one| one.message.clone());
    Relabel {
        cause: convert::root_cause(odd.check),
        message: message.unwrap_or_default().into(),
        commands: words(commands, snapshot),
        undo: words(&together.undo, snapshot),
    }
}

/// The first fix of each finding, as few commands.
fn together(findings: &[Finding]) -> Together {
    let fixes = findings.iter().filter_map(|one| one.fixes.first());
    Together::new(&fixes.collect::<Vec<_>>(), &Numbers::new())
}

fn words<'a>(
    commands: impl IntoIterator<Item = &'a Command>,
    snapshot: &Snapshot,
) -> Vec<Vec<Text>> {
    let words = |command: &Command| {
        let argv = command.argv(&snapshot.connection).into_iter();
        argv.map(Text::from).collect()
    };
    commands.into_iter().map(words).collect()
}

/// The revisions for programs.
pub fn revisions(overview: &views::Overview, snapshot: &Snapshot) -> RevisionList {
    let all = overview.revisions();
    RevisionList {
        api_version: ApiVersion::V1alpha1,
        kind: RevisionListKind::RevisionList,
        cluster: convert::cluster(snapshot),
        missing: texts(&overview.missing_users()),
        items: all
            .map(|(one, removal)| revision(one, removal, snapshot))
            .collect(),
    }
}

fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Vec<Text> {
    all.into_iter().cloned().map(Text::from).collect()
}

fn pods(all: &BTreeMap<String, usize>) -> Vec<Pods> {
    let pods = all.iter().map(|(namespace, pods)| Pods {
        namespace: namespace.clone().into(),
        pods: *pods,
    });
    pods.collect()
}

fn revision(one: &views::Revision, removal: views::Removal, snapshot: &Snapshot) -> Revision {
    let (answer, because) = match removal {
        views::Removal::Unused => (RemovalAnswer::Unused, Vec::new()),
        views::Removal::Used(by) => (RemovalAnswer::Used, texts(&by)),
        views::Removal::Unknown => (RemovalAnswer::Unknown, Vec::new()),
    };
    let istiods = one.control_planes.iter().cloned();
    Revision {
        name: one.name.clone().into(),
        istio: istiods.map(convert::control_plane).collect(),
        webhooks: texts(&one.webhooks),
        tags: texts(&one.tags),
        namespaces: texts(&one.namespaces),
        workloads: one.workloads,
        pods: pods(&one.pods),
        gateways: pods(&one.gateways),
        ztunnels: texts(&one.ztunnels),
        restart: words(&together(&one.left).restart, snapshot),
        removal: Removal { answer, because },
    }
}
