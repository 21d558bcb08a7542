//! The permissions, and the subsets of them that are tried out.

use std::collections::BTreeSet;
use std::fmt;

use fastrand::Rng;

/// One verb on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    pub group: &'static str,
    pub resource: &'static str,
    pub verb: &'static str,
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)
    }
}

/// What a user may not do.
pub struct Subset {
    pub user: String,
    pub refused: BTreeSet<Permission>,
    /// The world it is for; none: all of them.
    pub world: Option<usize>,
}

/// How many random subsets a world gets.
const RANDOM: usize = 10;

/// Everything that any check reads.
pub fn permissions() -> BTreeSet<Permission> {
    let all = injdoctor::docs::permissions().into_iter();
    all.map(|[group, resource, verb]| Permission {
        group,
        resource,
        verb,
    })
    .collect()
}

/// Each permission refused by itself, all at once, and other random ones for each world.
pub fn subsets(worlds: usize) -> Vec<Subset> {
    let all = permissions();
    let mut subsets: Vec<_> = all
        .iter()
        .map(|permission| Subset {
            // No name has a slash.
            user: format!(
                "without-{}-{}",
                permission.verb,
                permission.resource.replace('/', "-")
            ),
            refused: BTreeSet::from([*permission]),
            world: None,
        })
        .collect();
    subsets.push(Subset {
        user: "nobody".to_owned(),
        refused: all.clone(),
        world: None,
    });
    let mut random = Rng::with_seed(1);
    for world in 0..worlds {
        subsets.extend((0..RANDOM).map(|number| {
            let share = random.f64();
            Subset {
                user: format!("random-{world}-{number}"),
                refused: all
                    .iter()
                    .copied()
                    .filter(|_| random.f64() < share)
                    .collect(),
                world: Some(world),
            }
        }));
    }
    subsets
}
