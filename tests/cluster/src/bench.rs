//! How quick injdoctor is, and how much memory it takes, beside the tools that people have anyway and beside a bare
//! download of what it reads. Everything is measured in turn on the same cluster, each run as a process of its own.

mod child;
mod commands;
mod download;
mod drill;
mod goals;
mod lists;
mod measure;
mod slow_link;

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testcluster::{Cluster, Scenario, enter, set_up};

pub(crate) use child::tell_of as measure_child;
pub(crate) use download::run as download;

use crate::mesh::{Mesh, Owners};
use commands::{Candidate, One, Sweep};
use drill::Drill;
use goals::Goal;
use measure::{Results, measure};

/// The size that the goals are set for.
const PODS: usize = 10_000;

/// What is measured with `--full`, too.
const MANY_PODS: usize = 50_000;

const RUNS_OF_ONE: usize = 21;
/// Some of these fall into the API server's collecting of garbage, which for 50,000 pods that were just made takes seconds.
const RUNS_OF_SWEEP: usize = 7;

/// Measures everything and says whether the goals are met, in the exit code, too.
pub(crate) fn run(full: bool) -> Result<ExitCode> {
    build_injdoctor()?;
    let inside = enter()?;
    let mut bench = Bench {
        cluster: Cluster::start(&inside)?,
        missed: 0,
    };
    set_up(
        &mut bench.cluster,
        &Scenario::named("healthy/namespace-label")?,
    )?;
    bench.one_object()?;
    bench.drill()?;

    let mut mesh = bench.mesh(Owners::None)?;
    bench.sweep(&mesh)?;
    mesh.remove(&mut bench.cluster)?;

    mesh = bench.mesh(Owners::Deployments)?;
    let some = bench.sweep(&mesh)?;
    bench.snapshot(&some)?;
    if full {
        mesh.grow(&mut bench.cluster, MANY_PODS)?;
        bench.many(&mesh, &some)?;
    }
    Ok(match bench.missed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

struct Bench {
    cluster: Cluster,
    /// How many goals were missed so far.
    missed: usize,
}

impl Bench {
    /// One workload and one pod, near and over a slow link.
    fn one_object(&mut self) -> Result<()> {
        let one = One::new(&self.cluster)?;
        let near = measure(&self.cluster, &one.near(), RUNS_OF_ONE)?;
        self.report("one object", &near, one.goals_near(&near))?;

        let far = one.far(&slow_link::kubeconfig(self.cluster.kubeconfig())?);
        let results = measure(&self.cluster, &far, RUNS_OF_ONE)?;
        let title = format!("one object, {} ms away", slow_link::ROUND_TRIP.as_millis());
        self.report(&title, &results, One::goals_far(&results, &far))
    }

    /// Workloads whose logs are not as they should be.
    fn drill(&mut self) -> Result<()> {
        let drill = Drill::start(&self.cluster)?;
        let results = measure(&self.cluster, &drill.candidates(), RUNS_OF_SWEEP)?;
        self.report(
            "pods that are not ready, by their logs",
            &results,
            drill.goals(&results),
        )?;
        Drill::remove(&mut self.cluster)
    }

    fn mesh(&mut self, owners: Owners) -> Result<Mesh> {
        let started = Instant::now();
        let mut mesh = Mesh::new(owners);
        mesh.grow(&mut self.cluster, PODS)?;
        let (title, time) = (mesh.title(), started.elapsed());
        writeln!(io::stdout(), "\n{title}, made in {time:.0?}")?;
        Ok(mesh)
    }

    fn sweep(&mut self, mesh: &Mesh) -> Result<Results> {
        let sweep = Sweep::of(mesh.owners())?;
        let results = measure(&self.cluster, &sweep.candidates(), RUNS_OF_SWEEP)?;
        self.report(&mesh.title(), &results, sweep.goals(&results))?;
        Ok(results)
    }

    fn many(&mut self, mesh: &Mesh, some: &Results) -> Result<()> {
        let sweep = Sweep::of(mesh.owners())?;
        let many = measure(&self.cluster, &sweep.candidates_for_many(), RUNS_OF_SWEEP)?;
        let times = MANY_PODS / PODS;
        let goals = sweep.goals_for_many(some, &many, times);
        self.report(&mesh.title(), &many, goals)
    }

    /// A sweep that was recorded, judged from its file.
    fn snapshot(&mut self, live: &Results) -> Result<()> {
        let path = self.folder()?.join("snapshot.json");
        let recorded = self
            .cluster
            .command("injdoctor")
            .args(["snapshot", "-A"])
            .stdin(Stdio::null())
            .stdout(File::create(&path)?)
            .status()
            .context("cannot run injdoctor")?;
        ensure!(recorded.success(), "injdoctor snapshot -A: {recorded}");
        let size = fs::metadata(&path)?.len();
        let check = Candidate::new(&["injdoctor", "check", "--from", "snapshot.json"]);
        let results = measure(&self.cluster, std::slice::from_ref(&check), RUNS_OF_SWEEP)?;
        let goals = vec![
            Goal::memory_of_file(&results, &check, size),
            Goal::memory_of_recorded(&results, &check, live, &Sweep::check()),
        ];
        self.report("a file of this mesh", &results, goals)
    }

    /// The folder that the cluster runs its commands in.
    fn folder(&self) -> Result<PathBuf> {
        let folder = self.cluster.kubeconfig().parent();
        folder.map(Path::to_owned).context("a folder")
    }

    fn report(&mut self, title: &str, results: &Results, goals: Vec<Goal>) -> Result<()> {
        let mut out = io::stdout().lock();
        results.print(title, &mut out)?;
        for goal in &goals {
            writeln!(out, "{goal}")?;
        }
        self.missed += goals.iter().filter(|goal| !goal.is_met()).count();
        Ok(())
    }
}

/// A pod that really runs, in `shop`.
fn a_pod(cluster: &Cluster) -> Result<String> {
    let pods = cluster.api().get("/api/v1/namespaces/shop/pods")?;
    let name = pods.pointer("/items/0/metadata/name");
    let name = name.and_then(Value::as_str).context("no pod in shop")?;
    Ok(name.to_owned())
}

/// injdoctor is a program of another package, which cargo does not build for this one.
fn build_injdoctor() -> Result<()> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "injdoctor"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let status = build.status().context("cannot run cargo")?;
    ensure!(status.success(), "injdoctor does not build");
    Ok(())
}
