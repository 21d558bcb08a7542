//! The random run.

use std::collections::BTreeMap;
use std::env;
use std::str::FromStr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use testcluster::pod_of;

use crate::cases::Case;
use crate::generate;
use crate::judge::{Judgement, judge};
use crate::lab::Lab;
use crate::shrink::shrink;
use crate::tally::Tally;
use crate::world::World;

/// How many cases are tried unless `INJDOCTOR_CASES` says otherwise.
const CASES: usize = 2_000;

/// A world takes longer to make than a pod to judge.
const OBJECTS_PER_WORLD: usize = 25;

/// How many disagreements are made small; the others are only counted.
const SHRUNK: usize = 8;

/// Disagreements of the same kind, and the first of them.
struct Disagreement {
    world: World,
    judgement: Judgement,
    number: u64,
    times: usize,
}

pub fn run(lab: &mut Lab) -> Result<()> {
    let seed = setting("INJDOCTOR_SEED", 1)?;
    let cases = setting("INJDOCTOR_CASES", CASES)?;
    let first = setting("INJDOCTOR_WORLD", 0)?;
    let started = Instant::now();
    let mut tally = Tally::default();
    let mut disagreements = BTreeMap::<String, Disagreement>::new();
    for number in first.. {
        if tally.cases() >= cases {
            break;
        }
        let objects = OBJECTS_PER_WORLD.min(cases - tally.cases());
        let world = generate::world(seed, number, lab.stock(), objects);
        let judgements =
            try_out(lab, &world).with_context(|| format!("in world {number} of seed {seed}"))?;
        for (object, judgement) in world.objects.iter().zip(judgements) {
            tally.count(&judgement);
            if !judgement.agrees() {
                let disagreement =
                    disagreements
                        .entry(judgement.kind())
                        .or_insert_with(|| Disagreement {
                            world: world.with_only(object),
                            judgement,
                            number,
                            times: 0,
                        });
                disagreement.times += 1;
            }
        }
    }
    println!(
        "{} cases of seed {seed} in {:.0?}\n{tally}",
        tally.cases(),
        started.elapsed()
    );
    if disagreements.is_empty() {
        let too_open = tally.too_open();
        ensure!(too_open.is_empty(), "{}", too_open.join("\n"));
        return Ok(());
    }
    let times: usize = disagreements.values().map(|one| one.times).sum();
    for disagreement in disagreements.values().take(SHRUNK) {
        println!("\n{}", disagreement.report(lab)?);
    }
    for (kind, disagreement) in disagreements.iter().skip(SHRUNK) {
        println!(
            "\n{} times, first in world {}: {kind}",
            disagreement.times, disagreement.number
        );
    }
    bail!("{times} disagreements of {} kinds", disagreements.len())
}

fn setting<T: FromStr>(name: &str, default: T) -> Result<T> {
    match env::var(name) {
        Err(_) => Ok(default),
        Ok(text) => text
            .parse()
            .ok()
            .with_context(|| format!("{name} is {text:?}, not a number")),
    }
}

/// Judges a world's objects; those with a disagreement twice, as a cache may have lagged behind.
fn try_out(lab: &mut Lab, world: &World) -> Result<Vec<Judgement>> {
    lab.enter(world)?;
    let mut judgements = judge(&lab.cluster, &world.objects)?;
    let doubtful: Vec<usize> = (0..judgements.len())
        .filter(|index| !judgements[*index].agrees())
        .collect();
    if !doubtful.is_empty() {
        sleep(Duration::from_secs(1));
        let objects: Vec<Value> = doubtful
            .iter()
            .map(|index| world.objects[*index].clone())
            .collect();
        for (index, judgement) in doubtful.into_iter().zip(judge(&lab.cluster, &objects)?) {
            judgements[index] = judgement;
        }
    }
    Ok(judgements)
}

/// Whether an object can be judged in this world: its namespace is not what another world left behind, and it makes a
/// pod that is valid as far as it goes.
fn stands_for_itself(world: &World, object: &Value) -> bool {
    let is_valid =
        |container: &Value| container["name"].is_string() && container["image"].is_string();
    let containers = |pod: Value| {
        pod["spec"]["containers"]
            .as_array()
            .is_some_and(|all| !all.is_empty() && all.iter().all(is_valid))
    };
    !world.with_only(object).namespaces.is_empty() && pod_of(object).is_ok_and(containers)
}

impl Disagreement {
    /// The disagreement in its smallest form.
    fn report(&self, lab: &mut Lab) -> Result<String> {
        let kind = self.judgement.kind();
        let mut judgement = self.judgement.clone();
        let smallest = shrink(serde_json::to_value(&self.world)?, |smaller| {
            let Ok(world) = serde_json::from_value::<World>(smaller.clone()) else {
                return false;
            };
            let [object] = world.objects.as_slice() else {
                return false;
            };
            if !stands_for_itself(&world, object) {
                return false;
            }
            // What the API server refuses is no smaller case.
            let Ok(judgements) = lab
                .enter(&world)
                .and_then(|()| judge(&lab.cluster, &world.objects))
            else {
                return false;
            };
            let same = judgements
                .into_iter()
                .find(|judgement| !judgement.agrees() && judgement.kind() == kind);
            let keeps = same.is_some();
            judgement = same.unwrap_or_else(|| judgement.clone());
            keeps
        });
        let case = Case::of(serde_json::from_value(smallest)?, &judgement);
        Ok(format!(
            "{} times, first in world {}\n{judgement}\n{}",
            self.times,
            self.number,
            case.to_yaml()
        ))
    }
}
