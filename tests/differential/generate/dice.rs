//! Chance, from a seed.

use fastrand::Rng;

/// Throws that are the same again for the same seed.
pub struct Dice(Rng);

impl Dice {
    /// The dice of one world: a world can be made again without those before it.
    pub fn new(seed: u64, world: u64) -> Self {
        Self(Rng::with_seed(
            seed.wrapping_mul(1_000_003).wrapping_add(world),
        ))
    }

    /// True in this many of a hundred cases.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    /// A number below this one.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.usize(0..limit)
    }

    /// One of several, each as likely as the others.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of several by their weights.
    pub fn weighted<'a, T>(&mut self, from: &'a [(u32, T)]) -> &'a T {
        let mut left = self.0.u32(0..from.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in from {
            if left < *weight {
                return one;
            }
            left -= weight;
        }
        &from[0].1
    }

    /// Several different ones in any order.
    pub fn several<'a, T>(&mut self, count: usize, from: &'a [T]) -> Vec<&'a T> {
        self.0.choose_multiple(from, count)
    }
}
