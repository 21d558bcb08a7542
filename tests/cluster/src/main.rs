//! The test cluster by hand: a shell in it, healthy or broken by a scenario; and how quick injdoctor is on it.

mod bench;
mod mesh;

use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use mesh::{Mesh, Owners};
use testcluster::{Cluster, Scenario, enter, set_up};

/// A real Kubernetes control plane with Istio, in a private network.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Subcommand)]
enum Commands {
    /// Open $SHELL with KUBECONFIG set and the programs on the PATH. Commands may also come from standard input.
    Shell {
        /// Break the cluster by this scenario first.
        scenario: Option<String>,
        /// Add a mesh of so many pods, half of them injected, in Deployments of ten.
        #[arg(long, value_name = "COUNT")]
        pods: Option<usize>,
        /// Pods without owners instead.
        #[arg(long, requires = "pods")]
        bare: bool,
    },
    /// List the scenarios.
    List,
    /// Measure injdoctor against istioctl, kubectl and bare downloads; the exit code is 1 where it misses a goal.
    Bench {
        /// 50,000 pods, too, which takes a quarter of an hour more.
        #[arg(long)]
        full: bool,
    },
    /// Run a command and print its time and its peak memory as JSON; a part of the bench.
    #[command(hide = true)]
    Measure {
        #[arg(last = true)]
        command: Vec<String>,
    },
    /// Download these, a form and a path each, and print their size; a part of the bench.
    #[command(hide = true)]
    Download { wanted: Vec<String> },
}

fn main() -> ExitCode {
    let code = match Arguments::parse().command {
        Commands::Shell {
            scenario,
            pods,
            bare,
        } => {
            let owners = if bare {
                Owners::None
            } else {
                Owners::Deployments
            };
            shell(scenario.as_deref(), pods.map(|pods| (pods, owners)))
        }
        Commands::List => list(),
        Commands::Bench { full } => bench::run(full),
        Commands::Measure { command } => bench::measure_child(&command),
        Commands::Download { wanted } => bench::download(&wanted),
    };
    code.unwrap_or_else(|error| {
        // Where even standard error is closed, the exit code has to do.
        let _ = writeln!(io::stderr(), "testcluster: {error:#}");
        ExitCode::FAILURE
    })
}

fn shell(scenario: Option<&str>, mesh: Option<(usize, Owners)>) -> Result<ExitCode> {
    let scenario = scenario.map(Scenario::named).transpose()?;
    let inside = enter()?;
    let mut cluster = Cluster::start(&inside)?;
    if let Some(scenario) = &scenario {
        set_up(&mut cluster, scenario)?;
    }
    if let Some((pods, owners)) = mesh {
        let started = Instant::now();
        let mut mesh = Mesh::new(owners);
        mesh.grow(&mut cluster, pods)?;
        let (title, time) = (mesh.title(), started.elapsed());
        writeln!(io::stderr(), "{title}, made in {time:.0?}")?;
    }
    if io::stdin().is_terminal() {
        let about = scenario.map_or("The cluster is healthy.".to_owned(), |scenario| {
            scenario.about
        });
        writeln!(
            io::stderr(),
            "{about}\nKUBECONFIG is set. It all ends with this shell."
        )?;
    }
    let shell = env::var("SHELL").unwrap_or_else(|_| "sh".to_owned());
    let status = cluster
        .command(&shell)
        .current_dir(env::current_dir()?)
        .status()
        .with_context(|| format!("cannot run {shell}"))?;
    // What a shell says of a program that was killed.
    let code = status.code().unwrap_or(255);
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

fn list() -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    for scenario in Scenario::all()? {
        writeln!(out, "{:<40} {}", scenario.name, scenario.about)?;
    }
    Ok(ExitCode::SUCCESS)
}
