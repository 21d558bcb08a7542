//! Scenarios: states of a cluster as data, with what a diagnosis of them has to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use crate::control_plane::ApiServerSettings;

/// A file of `tests/scenarios`.
///
/// It begins in a healthy world: a Deployment `reviews` in a namespace `shop`, both made for the scenario and removed
/// after it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The stage of the injection that it belongs to and its own name: `called/namespace-label-value`.
    #[serde(skip)]
    pub name: String,
    /// The check whose page shows what is printed here.
    #[serde(skip)]
    pub shown: Option<String>,
    /// One sentence that says what is the matter.
    pub about: String,
    /// The labels of the namespace `shop` before it is broken.
    #[serde(default = "injection_enabled")]
    pub namespace: BTreeMap<String, String>,
    /// Says that its pods really run. Otherwise they are only reported as running.
    #[serde(default)]
    pub pods: Option<Pods>,
    /// What builds the rest of the world, still healthy.
    #[serde(default)]
    pub given: Vec<Step>,
    /// What breaks it.
    #[serde(default, rename = "break")]
    pub breaking: Vec<Step>,
    /// The arguments of `injdoctor check`.
    #[serde(default = "reviews")]
    pub target: Vec<String>,
    /// What the diagnosis has to say.
    pub expect: Expectation,
    /// What is special about proposed fixes, by how their titles begin.
    #[serde(default)]
    pub fixes: BTreeMap<String, Note>,
    /// What the proposed commands have to achieve.
    #[serde(default)]
    pub heal: Option<Heal>,
    /// What `injdoctor webhook` says.
    #[serde(default)]
    pub webhook: Option<Webhook>,
}

/// What `injdoctor webhook` finds, and its first fix heals.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The name of the check; none where nothing is found.
    #[serde(default)]
    pub finds: Option<String>,
    /// What succeeds after the fix.
    #[serde(default)]
    pub then: Vec<Step>,
    /// Words that say what nobody knows, where in the end not all is known to be well.
    #[serde(default)]
    pub unknown: Option<String>,
}

/// How pods run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pods {
    /// The programs of the machine that are run in them, beside those that are everywhere.
    #[serde(default)]
    pub programs: BTreeSet<String>,
    /// The images that cannot be pulled, with the words of the container runtime.
    #[serde(default)]
    pub unpullable: BTreeMap<String, String>,
    /// The images that were built for another architecture.
    #[serde(default)]
    pub foreign: BTreeSet<String>,
    /// The containers, by name, that are killed for the memory they use, if they are killed.
    #[serde(default, rename = "out of memory")]
    pub out_of_memory: BTreeSet<String>,
    /// Why no pod gets a network, with the words of the container runtime.
    #[serde(default)]
    pub sandbox: Option<String>,
    /// Whether the CNI plugin of Istio redirects the traffic of new pods that have no istio-init.
    #[serde(default)]
    pub cni: bool,
    /// The version of a kubelet that takes native sidecars for init containers which end: one before Kubernetes 1.28.
    #[serde(default, rename = "old kubelet")]
    pub old_kubelet: Option<String>,
    /// Whether the node does not answer where the API server asks it for logs.
    #[serde(default)]
    pub silent: bool,
}

/// What is special about a fix.
#[derive(Clone, Debug, Deserialize)]
pub enum Note {
    /// Its commands are not run, for this reason.
    #[serde(rename = "not run")]
    NotRun(String),
    /// Its undo does not lead back to just the broken world, for this reason.
    #[serde(rename = "undo is not exact")]
    Inexact(String),
}

/// Something that is done to the cluster.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Applies these manifests.
    Apply(String),
    /// Runs a script by `bash -e`.
    Run(String),
    /// Repeats a script until it succeeds.
    WaitFor(String),
    /// Cuts the connections that the API server holds to webhooks.
    CutConnections,
    /// From now on resets what the API server sends to webhooks, or lets it pass again.
    ResetConnections(bool),
    /// From now on pods run in another way.
    Pods(Pods),
    /// Starts the API server anew with further flags and another environment. No kubectl command does that: the API
    /// server is configured by a file on the node.
    ApiServer(ApiServerSettings),
}

/// What a diagnosis has to say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The name of the root cause; none for a healthy target.
    #[serde(rename = "root cause")]
    pub root_cause: Option<String>,
    /// The name of a check that finds something which is no cause of anything yet.
    #[serde(default)]
    pub finds: Option<String>,
    /// What the words of the refusal alone tell first, where that is not the root cause.
    #[serde(default)]
    pub told: Option<String>,
    /// What the warnings and errors of istiod's log tell, nothing more surely. Without it they tell nothing else for certain than what the
    /// scenario is about.
    #[serde(default, rename = "istiod says")]
    pub istiod_says: Option<String>,
    /// A command that is proposed, and cannot be run here.
    #[serde(default)]
    pub proposes: Option<String>,
    /// What is predicted for the next pod. The API server's dry run has to agree.
    pub predicted: Predicted,
    /// What is seen on the pods that exist.
    #[serde(default)]
    pub observed: Option<Observed>,
    /// The exit code.
    pub exit: i32,
}

impl Expectation {
    /// The checks that find something, that of the root cause first.
    pub fn checks(&self) -> impl Iterator<Item = &str> {
        let names = [&self.root_cause, &self.finds].into_iter();
        names.filter_map(|name| name.as_deref())
    }
}

/// What becomes of the next pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the words of a diagnosis, explained there")]
pub enum Predicted {
    Injected,
    NotInjected,
    Rejected,
    Unknown,
}

/// What became of the pods that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the words of a diagnosis, explained there")]
pub enum Observed {
    Injected,
    NotInjected,
    Mixed,
    NoPods,
    Rejected,
}

/// How the target is healed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heal {
    /// What the API server's dry run says after the commands of the first fix: that of the root cause, or else of what is
    /// found.
    pub outcome: HealedOutcome,
    /// What is to be done after them that is not a command of the tool.
    #[serde(default)]
    pub then: Vec<Step>,
}

/// What healing has to achieve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum HealedOutcome {
    /// The next pod is injected, and the diagnosis finds nothing more.
    Injected,
    /// The same, and the pods that exist get ready.
    Ready,
    /// The next pod is created without a sidecar, as it should be, and the diagnosis finds nothing more.
    NotInjected,
    /// The next pod is created; whether it is injected is another question.
    #[serde(rename = "not rejected")]
    NotRejected,
    /// There is no healing: no command is run.
    #[serde(rename = "nothing")]
    Nothing,
}

fn injection_enabled() -> BTreeMap<String, String> {
    BTreeMap::from([("istio-injection".to_owned(), "enabled".to_owned())])
}

fn reviews() -> Vec<String> {
    ["deploy/reviews", "-n", "shop"].map(str::to_owned).to_vec()
}

impl Scenario {
    /// The checks that find something.
    pub fn checks(&self) -> impl Iterator<Item = &str> {
        let webhook = self.webhook.as_ref();
        let found = webhook.and_then(|webhook| webhook.finds.as_deref());
        self.expect.checks().chain(found)
    }

    /// All scenarios, by stage and name.
    pub fn all() -> Result<Vec<Self>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let mut scenarios = Vec::new();
        for stage in entries(&root)? {
            for file in entries(&stage)? {
                let scenario = Self::load(&stage, &file);
                scenarios.push(scenario.with_context(|| format!("in {}", file.display()))?);
            }
        }
        choose_shown(&mut scenarios);
        Ok(scenarios)
    }

    /// The scenario of this name, with or without its stage.
    pub fn named(name: &str) -> Result<Self> {
        Self::all()?
            .into_iter()
            .find(|scenario| scenario.name == name || scenario.name.ends_with(&format!("/{name}")))
            .ok_or_else(|| anyhow!("there is no scenario {name}; the command `list` shows all"))
    }

    /// What is special about the fix of this title.
    pub(crate) fn note(&self, title: &str) -> Option<&Note> {
        let mut notes = self.fixes.iter();
        let found = notes.find(|(start, _)| title.starts_with(start.as_str()));
        found.map(|(_, note)| note)
    }

    fn load(stage: &Path, file: &Path) -> Result<Self> {
        let mut scenario: Self = serde_saphyr::from_str(&fs::read_to_string(file)?)?;
        let part = |path: &Path| {
            path.file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        scenario.name = format!("{}/{}", part(stage), part(file));
        Ok(scenario)
    }
}

/// For each check the scenario of its name, or else the first that has it.
fn choose_shown(scenarios: &mut [Scenario]) {
    let checks: BTreeSet<_> = scenarios
        .iter()
        .flat_map(|scenario| scenario.checks().map(str::to_owned))
        .collect();
    for check in checks {
        let of_check = |one: &Scenario| one.checks().any(|name| name == check);
        let named = |one: &Scenario| of_check(one) && one.name.ends_with(&format!("/{check}"));
        let chosen = scenarios
            .iter()
            .position(named)
            .or_else(|| scenarios.iter().position(of_check));
        if let Some(scenario) = chosen.and_then(|at| scenarios.get_mut(at)) {
            scenario.shown = Some(check);
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
