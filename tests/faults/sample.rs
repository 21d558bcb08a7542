//! Which faults are put into which reads.

use std::env;

use anyhow::{Context, Result};
use fastrand::Rng;
use testcluster::{Disturbance, Exchange, Fault};

/// How many for each command in each world, unless `INJDOCTOR_FAULTS` says otherwise.
const SAMPLE: usize = 40;

/// How many of all there are.
pub struct Extent {
    /// None: all.
    count: Option<usize>,
    seed: u64,
}

impl Extent {
    /// As the environment asks for it.
    pub fn wanted() -> Result<Self> {
        let count = match env::var("INJDOCTOR_FAULTS").as_deref() {
            Err(_) => Some(SAMPLE),
            Ok("all") => None,
            Ok(text) => {
                let number = text.parse().ok();
                Some(number.with_context(|| {
                    format!("INJDOCTOR_FAULTS is {text:?}, neither a number nor all")
                })?)
            }
        };
        let seed = match env::var("INJDOCTOR_SEED") {
            Err(_) => 1,
            Ok(text) => {
                let number = text.parse().ok();
                number.with_context(|| format!("INJDOCTOR_SEED is {text:?}, not a number"))?
            }
        };
        Ok(Self { count, seed })
    }

    /// The disturbances of a command whose reads these are: at random, but each fault as often as any other, and others for
    /// each number of a trial.
    pub fn of(&self, exchanges: &[Exchange], trial: u64) -> Vec<Disturbance> {
        let mut faults: Vec<Vec<Disturbance>> = Fault::all()
            .map(|fault| disturbances(exchanges, fault))
            .collect();
        let Some(count) = self.count else {
            return waiting_first(faults.into_iter().flatten().collect());
        };
        let mut random = Rng::with_seed(self.seed.wrapping_mul(1_000).wrapping_add(trial));
        for fault in &mut faults {
            random.shuffle(fault);
        }
        let mut chosen = Vec::new();
        while chosen.len() < count && faults.iter().any(|fault| !fault.is_empty()) {
            random.shuffle(&mut faults);
            chosen.extend(faults.iter_mut().filter_map(Vec::pop));
        }
        chosen.truncate(count);
        waiting_first(chosen)
    }
}

/// Those that only wait begin first, and the others are done meanwhile.
fn waiting_first(mut disturbances: Vec<Disturbance>) -> Vec<Disturbance> {
    disturbances.sort_by_key(|one| !one.fault.hangs());
    disturbances
}

/// A fault in every read that it can befall.
fn disturbances(exchanges: &[Exchange], fault: Fault) -> Vec<Disturbance> {
    let befallen = exchanges.iter().filter(|exchange| fault.befalls(exchange));
    befallen
        .flat_map(|exchange| {
            fault.times().iter().map(|times| Disturbance {
                read: exchange.read.clone(),
                fault,
                times: *times,
            })
        })
        .collect()
}
