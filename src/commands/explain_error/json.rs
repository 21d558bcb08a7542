//! What an error text means, for programs.

use std::collections::BTreeSet;

use injdoctor_checks::advice::advice;
use injdoctor_checks::report::quote;
use injdoctor_checks::texts::{Found, Match};
use serde_json::{Map, Value, json};

/// The answer: all matches, best first; and what a cluster has of them, with the names of the checks that find anything
/// there and the answer of `check` or `webhook`.
pub fn answer(matches: &[Match], cluster: Option<(BTreeSet<&'static str>, Value)>) -> Value {
    let (found, cluster) = cluster.unzip();
    let matches: Vec<_> = matches.iter().map(|one| of(one, found.as_ref())).collect();
    json!({ "matches": matches, "cluster": cluster })
}

fn of(one: &Match, shown: Option<&BTreeSet<&'static str>>) -> Value {
    let Match {
        cause,
        found,
        times,
    } = one;
    let advice = advice(cause.name);
    json!({
        "code": super::check(cause.name).map(|check| check.code),
        "name": cause.name,
        "confidence": cause.confidence.name(),
        "means": advice.map(|advice| advice.means),
        "because": cause.because,
        "values": values(found),
        "place": { "start": found.place.start, "end": found.place.end },
        "times": times,
        "found": shown.map(|shown| shown.contains(cause.name)),
        "decide": advice.map(|advice| json!({
            "command": quote(&advice.decide(found)),
            "tells": advice.tells(found),
        })),
        "fix": advice.map(|advice| json!({
            "what": advice.fix,
            "command": advice.heal(found).map(|command| quote(&command)),
        })),
    })
}

/// The names and figures of the text.
fn values(found: &Found) -> Map<String, Value> {
    let values = found.values.iter();
    values
        .map(|value| (value.key.name(), value.text.clone().into()))
        .collect()
}
