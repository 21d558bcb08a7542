//! How quick injdoctor is beside the tools that people have anyway, each measured in turn on the same cluster.

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testcluster::{Cluster, Scenario, enter, set_up, wait_for};

const NAMESPACES: usize = 50;
const DEPLOYMENTS_PER_NAMESPACE: usize = 4;
const PODS_PER_DEPLOYMENT: usize = 5;
const PODS: usize = NAMESPACES * DEPLOYMENTS_PER_NAMESPACE * PODS_PER_DEPLOYMENT;

const RUNS_OF_ONE: usize = 21;
const RUNS_OF_ALL: usize = 11;

/// A command line whose first word is the program.
type Words = &'static [&'static str];

const CHECK: Words = &["injdoctor", "check", "deploy/reviews", "-n", "shop"];
const CHECK_INJECT: Words = &[
    "istioctl",
    "x",
    "check-inject",
    "deploy/reviews",
    "-n",
    "shop",
];
const GET: Words = &[
    "kubectl",
    "get",
    "deploy/reviews",
    "-n",
    "shop",
    "-o",
    "json",
];
const CHECK_ALL: Words = &["injdoctor", "check", "-A"];
const ANALYZE_ALL: Words = &["istioctl", "analyze", "-A"];
const GET_ALL: Words = &["kubectl", "get", "pods", "-A", "-o", "json"];

/// What the ratio of two medians may be at most.
struct Goal {
    of: Words,
    to: Words,
    at_most: f64,
}

const GOALS_OF_ONE: [Goal; 2] = [
    Goal {
        of: CHECK,
        to: CHECK_INJECT,
        at_most: 1.0,
    },
    Goal {
        of: CHECK,
        to: GET,
        at_most: 1.5,
    },
];
const GOALS_OF_ALL: [Goal; 1] = [Goal {
    of: CHECK_ALL,
    to: ANALYZE_ALL,
    at_most: 1.0,
}];

/// Measures everything and says whether the goals are met, in the exit code, too.
pub fn run() -> Result<ExitCode> {
    build_injdoctor()?;
    let inside = enter()?;
    let mut cluster = Cluster::start(&inside)?;
    set_up(&mut cluster, &Scenario::named("healthy/namespace-label")?)?;
    let one = measure(&cluster, &[CHECK, CHECK_INJECT, GET], RUNS_OF_ONE)?;
    report("one Deployment", &one)?;
    let met_for_one = judge(&one, &GOALS_OF_ONE)?;

    fill(&cluster)?;
    let all = measure(&cluster, &[CHECK_ALL, ANALYZE_ALL, GET_ALL], RUNS_OF_ALL)?;
    report(&format!("{PODS} pods in {NAMESPACES} namespaces"), &all)?;
    let met_for_all = judge(&all, &GOALS_OF_ALL)?;
    Ok(if met_for_one && met_for_all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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

/// What was measured of a command, the quickest run first.
struct Times {
    command: Words,
    runs: Vec<Duration>,
}

impl Times {
    fn at(&self, share: usize) -> f64 {
        let last = self.runs.len().saturating_sub(1);
        self.runs
            .get(last * share / 100)
            .map_or(f64::NAN, |run| run.as_secs_f64() * 1000.0)
    }

    fn median(&self) -> f64 {
        self.at(50)
    }
}

/// Runs the commands in turn, so that whatever else the machine does slows down all of them.
fn measure(cluster: &Cluster, commands: &[Words], runs: usize) -> Result<Vec<Times>> {
    let mut all: Vec<_> = commands
        .iter()
        .map(|command| Times {
            command,
            runs: Vec::new(),
        })
        .collect();
    for times in &all {
        once(cluster, times.command)?;
    }
    for _ in 0..runs {
        for times in &mut all {
            times.runs.push(once(cluster, times.command)?);
        }
    }
    for times in &mut all {
        times.runs.sort();
    }
    Ok(all)
}

fn once(cluster: &Cluster, words: Words) -> Result<Duration> {
    let (program, arguments) = words.split_first().context("no program")?;
    let mut command: Command = cluster.command(program);
    command.args(arguments).stdin(Stdio::null());
    let started = Instant::now();
    let output = command
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    let time = started.elapsed();
    // Findings have exit codes of their own; to have nothing to say is what a failure looks like.
    ensure!(
        !output.stdout.is_empty() && output.status.code() != Some(2),
        "{} failed: {}",
        words.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(time)
}

fn report(title: &str, all: &[Times]) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n{:<48}{:>10}{:>10}{:>10}",
        title, "min", "median", "max"
    )?;
    for times in all {
        let command = times.command.join(" ");
        write!(out, "{command:<48}")?;
        for share in [0, 50, 100] {
            write!(out, "{:>7.0} ms", times.at(share))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn judge(all: &[Times], goals: &[Goal]) -> Result<bool> {
    let mut out = io::stdout().lock();
    let median = |command: Words| {
        let times = all.iter().find(|times| times.command == command);
        times.map_or(f64::NAN, Times::median)
    };
    let mut all_met = true;
    for Goal { of, to, at_most } in goals {
        let ratio = median(of) / median(to);
        let met = ratio <= *at_most;
        all_met &= met;
        let words = |command: Words| command.split_at(command.len().min(3)).0.join(" ");
        let verdict = if met { "met" } else { "MISSED" };
        let title = format!("{} / {}", words(of), words(to));
        writeln!(
            out,
            "{title:<48}{ratio:>7.2}      goal: at most {at_most:.1}, {verdict}"
        )?;
    }
    Ok(all_met)
}

/// Makes many Deployments and waits until all their pods run.
fn fill(cluster: &Cluster) -> Result<()> {
    let api = cluster.api();
    let started = Instant::now();
    for number in 0..NAMESPACES {
        let name = format!("team-{number}");
        // Half of the namespaces are in the mesh.
        let labels = if number % 2 == 0 {
            json!({"istio-injection": "enabled"})
        } else {
            json!({})
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        api.create("/api/v1/namespaces", &namespace)?;
        for app in 0..DEPLOYMENTS_PER_NAMESPACE {
            let deployments = format!("/apis/apps/v1/namespaces/{name}/deployments");
            api.create(&deployments, &deployment(&format!("app-{app}")))?;
        }
    }
    wait_for("all pods to run", || {
        let pods = api.get("/api/v1/pods?labelSelector=bench")?;
        let running = |pod: &&Value| pod.pointer("/status/phase") == Some(&json!("Running"));
        let pods = pods.pointer("/items").and_then(Value::as_array);
        let count = pods.into_iter().flatten().filter(running).count();
        ensure!(count == PODS, "{count} of {PODS} pods run");
        Ok(())
    })?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "\n{PODS} pods are there after {:.0?}",
        started.elapsed()
    )?;
    Ok(())
}

fn deployment(name: &str) -> Value {
    let labels = json!({"app": name, "bench": ""});
    let container = json!({
        "name": "app",
        "image": "app:1",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": PODS_PER_DEPLOYMENT,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    })
}
