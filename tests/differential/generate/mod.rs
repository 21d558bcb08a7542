//! Random worlds from a seed.

mod annotations;
mod conditions;
mod dice;
mod injectors;
mod namespaces;
mod objects;
mod selectors;
mod services;
mod versions;
mod webhooks;

pub use dice::Dice;
pub use namespaces::NAMESPACES;

use std::collections::BTreeMap;

use crate::lab::Stock;
use crate::world::{REVISIONS, World};

/// The world of this number, with so many objects in it.
pub fn world(seed: u64, number: u64, stock: &Stock, objects: usize) -> World {
    let dice = &mut Dice::new(seed, number);
    let mut world = World {
        webhooks: webhooks::generate(dice, &stock.webhooks),
        policies: Vec::new(),
        services: services::generate(dice),
        injectors: injectors::generate(dice),
        versions: BTreeMap::new(),
        stopped: Vec::new(),
        namespaces: namespaces::generate(dice),
        objects: Vec::new(),
    };
    if dice.percent(18) {
        world.stopped = vec![(*dice.pick(&REVISIONS)).to_owned()];
    }
    let namespaces: Vec<_> = world.namespaces.keys().cloned().collect();
    world.objects = (0..objects)
        .map(|index| {
            let namespace = dice.pick(&namespaces).clone();
            objects::generate(dice, &namespace, index)
        })
        .collect();
    world.versions = versions::generate(dice);
    for number in 0..*dice.weighted(&[(76, 0), (18, 1), (6, 2)]) {
        world.webhooks.push(webhooks::answering(dice, number));
    }
    if dice.percent(6) {
        world.policies = vec![webhooks::policy(dice, 0)];
    }
    world
}
