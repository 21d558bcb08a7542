//! One command in one world: what it says undisturbed, then with one fault after another.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use testcluster::{Answer, Cluster, Disturbance, Exchange, FaultProxies, wait_for};

use crate::commands::{Command, EVERYTHING, Prints};
use crate::judge::{Disturbed, Undisturbed};
use crate::lab::Lab;
use crate::report::{Failure, report};
use crate::run::{Ending, injdoctor, judge_snapshot};
use crate::said::Said;
use crate::sample::Extent;
use crate::world::World;

/// Runs at once; many of them only wait.
const AT_ONCE: usize = 6;

/// How long an answer may take. Short where a fault makes every client wait that long; else so long that a slow machine is
/// no fault.
const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(30);

/// Proves it for the disturbances that are wanted; the number tells this trial from the others.
pub fn run(lab: &mut Lab, world: &World, command: &Command, number: u64) -> Result<()> {
    let extent = Extent::wanted()?;
    let (cluster, entered) = lab.enter(world)?;
    let trial = Trial {
        cluster,
        proxies: &entered.proxies,
        words: entered.words(command.words),
        prints: command.prints,
    };
    let (undisturbed, exchanges) = trial.undisturbed()?;
    ensure!(!exchanges.is_empty(), "nothing was asked through the proxy");
    let disturbances = extent.of(&exchanges, number);
    let failures = trial.disturb(&undisturbed, &disturbances)?;
    lab.asked.extend(exchanges);
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{}", report(&failures, disturbances.len()))
}

struct Trial<'a> {
    cluster: &'a Cluster,
    proxies: &'a FaultProxies,
    words: Vec<String>,
    prints: Prints,
}

impl Trial<'_> {
    /// What is said through a proxy that changes nothing: the same as without one, and the same twice.
    fn undisturbed(&self) -> Result<(Undisturbed, Vec<Exchange>)> {
        wait_for("two answers that agree", || {
            let kubeconfig = self.cluster.kubeconfig();
            let direct = injdoctor(self.cluster, &self.words, kubeconfig, LONG)?;
            let direct = self.answer(&direct)?.map_err(|why| anyhow!(why))?;
            let proxy = self.proxies.start(None)?;
            let ending = injdoctor(self.cluster, &self.words, proxy.kubeconfig(), LONG)?;
            let answer = self.answer(&ending)?.map_err(|why| anyhow!(why))?;
            ensure!(
                answer.is_same(&direct),
                "the answer through a proxy is not the same:\n{answer:?}\nand not\n{direct:?}"
            );
            let undisturbed = Undisturbed {
                answer,
                everything: self.everything()?,
                length: ending.stdout.len() + ending.stderr.len(),
            };
            Ok((undisturbed, proxy.exchanges()))
        })
    }

    fn everything(&self) -> Result<Answer> {
        let words = EVERYTHING.map(str::to_owned);
        let ending = injdoctor(self.cluster, &words, self.cluster.kubeconfig(), LONG)?;
        let exit = ending.status.code().unwrap_or(-1);
        Answer::read(&ending.stdout, exit)
    }

    /// The runs that went wrong.
    fn disturb(
        &self,
        undisturbed: &Undisturbed,
        disturbances: &[Disturbance],
    ) -> Result<Vec<Failure>> {
        let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let work = || -> Result<()> {
            while let Some(disturbance) = disturbances.get(next.fetch_add(1, Ordering::Relaxed)) {
                let wrong = self
                    .try_out(undisturbed, disturbance)
                    .with_context(|| disturbance.to_string())?;
                if !wrong.is_empty() {
                    let disturbance = disturbance.clone();
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    failures.push(Failure { disturbance, wrong });
                }
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            let mut ended = workers.into_iter().map(|worker| match worker.join() {
                Ok(ended) => ended,
                Err(_) => Err(anyhow!("the test panicked")),
            });
            ended.try_for_each(|ended| ended)
        })?;
        Ok(failures
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner))
    }

    fn try_out(&self, undisturbed: &Undisturbed, disturbance: &Disturbance) -> Result<Vec<String>> {
        let proxy = self.proxies.start(Some(disturbance.clone()))?;
        let run = |limit| injdoctor(self.cluster, &self.words, proxy.kubeconfig(), limit);
        let mut ending = run(match disturbance.fault.hangs() {
            true => SHORT,
            false => LONG,
        })?;
        // A slow machine may not get to the read in a short time.
        if proxy.disturbed() == 0 {
            ending = run(LONG)?;
        }
        ensure!(
            proxy.disturbed() > 0,
            "the read did not come, so that nothing was tried"
        );
        Ok(undisturbed.judge(&Disturbed {
            answer: self.answer(&ending)?,
            ending: &ending,
            read: &disturbance.read,
        }))
    }

    /// What a run said, or why that is no answer.
    fn answer(&self, ending: &Ending) -> Result<Result<Said, String>> {
        match self.prints {
            Prints::Snapshot if ending.status.success() => {
                let judged = judge_snapshot(self.cluster, &ending.stdout)?;
                Ok(self.read(&judged))
            }
            _ => Ok(self.read(ending)),
        }
    }

    fn read(&self, ending: &Ending) -> Result<Said, String> {
        let exit = ending.status.code().unwrap_or(-1);
        let said = Said::read(self.prints, &ending.stdout, exit);
        said.map_err(|error| format!("{error:#}; {}", ending.stderr.trim()))
    }
}
