//! What an error text means, for programs.

use std::collections::BTreeSet;

use injdoctor_checks::advice::advice;
use injdoctor_checks::report::quote;
use injdoctor_checks::texts;
use serde_json::Value;

use crate::render::json::explanation::{
    Confidence, Decide, Explanation, ExplanationKind, Fix, Match, Place,
};
use crate::render::json::v1alpha1::ApiVersion;

/// The answer: all matches, best first; and what a cluster has of them, with the names of the checks that find anything
/// there and the answer of `check` or `webhook`.
pub fn answer(
    matches: &[texts::Match],
    cluster: Option<(BTreeSet<&'static str>, Value)>,
) -> Explanation {
    let (found, cluster) = cluster.unzip();
    Explanation {
        api_version: ApiVersion::V1alpha1,
        kind: ExplanationKind::Explanation,
        matches: matches.iter().map(|one| of(one, found.as_ref())).collect(),
        cluster,
    }
}

fn of(one: &texts::Match, found_there: Option<&BTreeSet<&'static str>>) -> Match {
    let texts::Match {
        cause,
        found,
        times,
    } = one;
    let advice = advice(cause.name);
    let values = found.values.iter();
    Match {
        code: super::check(cause.name).map(|check| check.code),
        name: cause.name,
        confidence: match cause.confidence {
            texts::Confidence::Possible => Confidence::Possible,
            texts::Confidence::Likely => Confidence::Likely,
            texts::Confidence::Certain => Confidence::Certain,
        },
        found: found_there.map(|names| names.contains(cause.name)),
        means: advice.map(|advice| advice.means),
        because: cause.because,
        values: values
            .map(|value| (value.key.name(), (&value.text).into()))
            .collect(),
        place: Place {
            start: found.place.start,
            end: found.place.end,
        },
        times: *times,
        decide: advice.map(|advice| Decide {
            command: quote(&advice.decide(found)).into(),
            tells: advice.tells(found).into(),
        }),
        fix: advice.map(|advice| Fix {
            what: advice.fix,
            command: advice.heal(found).map(|command| quote(&command).into()),
        }),
    }
}
