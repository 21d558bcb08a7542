//! Namespaces by their labels.

use std::collections::BTreeMap;

use super::Dice;
use crate::world::Labels;

/// The namespaces that worlds are about.
pub const NAMESPACES: [&str; 11] = [
    "bank",
    "blog",
    "mail",
    "news",
    "shop",
    "wiki",
    // istiod ignores these, or lives in them.
    "istio-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
    "local-path-storage",
];

/// Ordinary ones come first.
const ORDINARY: usize = 6;

/// The values of `istio-injection` and `istio.io/rev`.
type Asked = (Option<&'static str>, Option<&'static str>);

/// Two labels that decide, in the combinations that are met.
const INJECTION: [(u32, Asked); 23] = [
    (12, (None, None)),
    (34, (Some("enabled"), None)),
    (3, (Some("disabled"), None)),
    (1, (Some("Enabled"), None)),
    (1, (Some("true"), None)),
    (1, (Some(""), None)),
    (14, (None, Some("canary"))),
    (14, (None, Some("prod"))),
    (6, (None, Some("default"))),
    (2, (None, Some("gone"))),
    (1, (None, Some("Canary"))),
    (1, (None, Some(""))),
    (3, (Some("enabled"), Some("canary"))),
    (2, (Some("enabled"), Some("prod"))),
    (2, (Some("enabled"), Some("default"))),
    (1, (Some("enabled"), Some("gone"))),
    (1, (Some("disabled"), Some("canary"))),
    (1, (Some("disabled"), Some("default"))),
    (1, (Some("true"), Some("prod"))),
    (1, (Some(""), Some("canary"))),
    (1, (Some("enabled"), Some(""))),
    (1, (Some("Enabled"), Some("default"))),
    (1, (Some("injection"), Some("prod"))),
];

/// Labels that custom selectors, Istio's other parts, or vendors look at.
const OTHERS: [(&str, &[&str]); 6] = [
    ("team", &["blue", "red", ""]),
    ("env", &["prod", "test"]),
    ("control-plane", &["true", "controller-manager"]),
    ("istio.io/dataplane-mode", &["ambient", "none"]),
    ("sidecar.istio.io/inject", &["true", "false"]),
    ("topology.istio.io/network", &["net-1"]),
];

/// Some namespaces with their labels.
pub fn generate(dice: &mut Dice) -> BTreeMap<String, Labels> {
    let (ordinary, special) = NAMESPACES.split_at(ORDINARY);
    let mut names = dice.several(5, ordinary);
    if dice.percent(40) {
        names.push(dice.pick(special));
    }
    names
        .into_iter()
        .map(|name| ((*name).to_owned(), labels(dice)))
        .collect()
}

fn labels(dice: &mut Dice) -> Labels {
    let (injection, revision) = *dice.weighted(&INJECTION);
    let mut labels = Labels::new();
    labels.extend(injection.map(|value| ("istio-injection".to_owned(), value.to_owned())));
    labels.extend(revision.map(|value| ("istio.io/rev".to_owned(), value.to_owned())));
    for (key, values) in OTHERS {
        if dice.percent(15) {
            labels.insert(key.to_owned(), (*dice.pick(values)).to_owned());
        }
    }
    labels
}
