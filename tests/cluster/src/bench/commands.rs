//! What is measured, and what it is held against.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;
use testcluster::Cluster;

use super::a_pod;
use super::goals::Goal;
use super::lists;
use super::measure::Results;
use crate::mesh::Owners;

/// A command to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The program and its arguments.
    pub(super) words: Vec<String>,
    /// Another way to the cluster than usual.
    pub(super) kubeconfig: Option<PathBuf>,
    /// What it is, where the words do not say it well.
    name: Option<&'static str>,
}

impl Candidate {
    pub(super) fn new(words: &[&str]) -> Self {
        Self {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            kubeconfig: None,
            name: None,
        }
    }

    /// A bare download of these.
    fn download(name: &'static str, wanted: &[&str]) -> Result<Self> {
        let myself = env::current_exe()?;
        let myself = myself.to_string_lossy();
        let mut words = vec![&*myself, "download"];
        words.extend(wanted);
        Ok(Self {
            name: Some(name),
            ..Self::new(&words)
        })
    }

    fn over(&self, kubeconfig: &Path) -> Self {
        Self {
            kubeconfig: Some(kubeconfig.to_owned()),
            ..self.clone()
        }
    }

    pub(super) fn title(&self) -> String {
        self.name
            .map_or_else(|| self.words.join(" "), str::to_owned)
    }
}

/// The commands on one workload and on one of its pods.
pub(super) struct One {
    checks: [Candidate; 2],
    check_inject: Candidate,
    get: Candidate,
    download: Candidate,
}

impl One {
    /// Over the slow link, in milliseconds.
    const FAR: f64 = 500.0;

    pub(super) fn new(cluster: &Cluster) -> Result<Self> {
        let pod = a_pod(cluster)?;
        let of = |words: &[&str], target: &str| {
            Candidate::new(&[words, &[target, "-n", "shop"][..]].concat())
        };
        let deployment = "deploy/reviews";
        let path = "object:/apis/apps/v1/namespaces/shop/deployments/reviews";
        let check = ["injdoctor", "check"];
        Ok(Self {
            checks: [of(&check, deployment), of(&check, &format!("pod/{pod}"))],
            check_inject: of(&["istioctl", "x", "check-inject"], deployment),
            get: of(&["kubectl", "get", "-o", "json"], deployment),
            download: Candidate::download("bare download of the Deployment", &[path])?,
        })
    }

    pub(super) fn near(&self) -> Vec<Candidate> {
        let Self {
            checks,
            check_inject,
            get,
            download,
        } = self;
        let others = [check_inject, get, download].into_iter().cloned();
        checks.iter().cloned().chain(others).collect()
    }

    pub(super) fn goals_near(&self, results: &Results) -> Vec<Goal> {
        let goals = |check| {
            [
                Goal::time(results, check, &self.check_inject, 1.0),
                Goal::time(results, check, &self.get, 1.5),
            ]
        };
        self.checks.iter().flat_map(goals).collect()
    }

    pub(super) fn far(&self, kubeconfig: &Path) -> Vec<Candidate> {
        let commands = self.checks.iter().chain([&self.download]);
        commands.map(|command| command.over(kubeconfig)).collect()
    }

    /// The goals for what [`Self::far`] says.
    pub(super) fn goals_far(results: &Results, far: &[Candidate]) -> Vec<Goal> {
        let checks = far.iter().take(2);
        checks
            .map(|check| Goal::milliseconds(results, check, Self::FAR))
            .collect()
    }
}

/// The commands on a whole cluster.
pub(super) struct Sweep {
    checks: [Candidate; 2],
    analyze: Candidate,
    get: Candidate,
    download: Candidate,
}

impl Sweep {
    const TO_DOWNLOAD: f64 = 1.5;

    const MEBIBYTES: f64 = 150.0;

    /// How much more than a mesh grows may what it takes: a part of it varies from run to run.
    const MORE_THAN_LINEAR: f64 = 1.1;

    pub(super) fn of(owners: Owners) -> Result<Self> {
        Ok(Self {
            checks: [
                Self::check(),
                Candidate::new(&["injdoctor", "check", "-A", "-o", "json"]),
            ],
            analyze: Candidate::new(&["istioctl", "analyze", "-A"]),
            get: Candidate::new(&["kubectl", "get", "pods", "-A", "-o", "json"]),
            download: Candidate::download("bare download of the lists", &lists::of_sweep(owners))?,
        })
    }

    /// The command whose output is for people.
    pub(super) fn check() -> Candidate {
        Candidate::new(&["injdoctor", "check", "-A"])
    }

    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let mut all = self.candidates_for_many();
        all.push(self.get.clone());
        all
    }

    /// Without `kubectl get -o json`, which takes 200 KiB for each pod, and fails where there are many.
    pub(super) fn candidates_for_many(&self) -> Vec<Candidate> {
        let others = [&self.analyze, &self.download];
        let all = self.checks.iter().chain(others);
        all.cloned().collect()
    }

    pub(super) fn goals(&self, results: &Results) -> Vec<Goal> {
        let memory = |check| Goal::mebibytes(results, check, Self::MEBIBYTES);
        let mut all = self.goals_beside_others(results);
        all.extend(self.checks.iter().map(memory));
        all
    }

    /// The goals for a mesh that is so many times as large as the one before.
    pub(super) fn goals_for_many(
        &self,
        before: &Results,
        after: &Results,
        times: usize,
    ) -> Vec<Goal> {
        let at_most = times as f64 * Self::MORE_THAN_LINEAR;
        let growth = |check| Goal::growth(check, before, after, at_most);
        let mut all = self.goals_beside_others(after);
        all.extend(self.checks.iter().flat_map(growth));
        all
    }

    /// The goals that hold for a mesh of any size.
    fn goals_beside_others(&self, results: &Results) -> Vec<Goal> {
        let goals = |check| {
            [
                Goal::time(results, check, &self.analyze, 1.0),
                Goal::memory(results, check, &self.analyze, 1.0),
                Goal::time(results, check, &self.download, Self::TO_DOWNLOAD),
            ]
        };
        self.checks.iter().flat_map(goals).collect()
    }
}
