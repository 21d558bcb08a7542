//! What tells the versions of the istiods.

use std::collections::BTreeMap;

use super::Dice;
use crate::world::{REVISIONS, Told};

/// The version that both istiods have.
const VERSION: &str = "1.31.0";

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Other images and tags than those of the installation, in few worlds: an istiod has to start for each.
pub fn generate(dice: &mut Dice) -> BTreeMap<String, Told> {
    let mut versions = BTreeMap::new();
    for revision in REVISIONS {
        if dice.percent(8) {
            versions.insert(revision.to_owned(), told(dice));
        }
    }
    versions
}

fn told(dice: &mut Dice) -> Told {
    let told = |image: &str, tag: &str, label: Option<&str>| Told {
        image: image.to_owned(),
        tag: tag.to_owned(),
        label: label.map(str::to_owned),
    };
    let (latest, digest) = ("istio/pilot:latest", format!("istio/pilot@{DIGEST}"));
    let both = format!("istio/pilot:{VERSION}@{DIGEST}");
    let all = [
        (3, told(latest, "latest", None)),
        (
            2,
            told("registry.example:5000/mesh/pilot:prod-7", "prod-7", None),
        ),
        (1, told(latest, VERSION, None)),
        (1, told(latest, "latest", Some(VERSION))),
        (1, told(&digest, VERSION, Some("1.0.0"))),
        (2, told(&both, "latest", None)),
        (1, told(latest, VERSION, Some("1.24.6"))),
    ];
    dice.weighted(&all).clone()
}
