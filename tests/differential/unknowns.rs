//! What injdoctor may leave open, because nobody could tell it from the objects of the cluster, and how often.

/// A reason to leave a case open.
#[derive(Debug, PartialEq)]
pub struct Reason {
    /// Words that it is told by.
    pub words: &'static str,
    /// Of a hundred cases, how many may be left open for it.
    pub most: f64,
}

/// Of a hundred cases, how many may be left open in all.
pub const MOST: f64 = 5.4;

/// Each reason, and why it is a good one.
const EXPECTED: [(Reason, &str); 11] = [
    (
        Reason {
            words: "cannot be seen from the cluster's API",
            most: 1.0,
        },
        "a webhook by URL leads out of the cluster, and whether anybody answers there no object says",
    ),
    (
        Reason {
            words: "programs or revisions in turn",
            most: 1.5,
        },
        "a Service that selects several istiods: which of them injects is left to chance",
    ),
    (
        Reason {
            words: "the version of istiod decides",
            most: 0.8,
        },
        "neither istiod's image nor anything beside it names its version, and versions differ in what they make of the pod",
    ),
    (
        Reason {
            words: "istiod keeps an older configuration",
            most: 2.0,
        },
        "the injector's configuration does not parse; what istiod read before stands nowhere",
    ),
    (
        Reason {
            words: "goes on with what it read",
            most: 0.8,
        },
        "the injector's ConfigMap is gone; what istiod read before stands nowhere",
    ),
    (
        Reason {
            words: "whether a Secret holds another certificate is not visible",
            most: 1.2,
        },
        "istiod's own certificate does not bear the name, but one that an administrator puts into a Secret may",
    ),
    (
        Reason {
            words: "what that makes of the first injection is not known here",
            most: 0.3,
        },
        "two injections with other templates, or of a pod that brings an injection's status: each moves and merges what the other left",
    ),
    (
        Reason {
            words: "as the injection leaves it",
            most: 0.3,
        },
        "a later webhook's conditions on what the template makes of the pod",
    ),
    (
        Reason {
            words: "mean the same to Prometheus, and istiod takes any of them",
            most: 0.3,
        },
        "two spellings of one annotation: istiod takes the one that comes first in a map of Go, which is left to chance",
    ),
    (
        Reason {
            words: "the cluster that the webhook's path names",
            most: 0.1,
        },
        "istiod knows the nodes of other clusters by Secrets that are not read",
    ),
    (
        Reason {
            words: "cannot be evaluated here",
            most: 1.2,
        },
        "a matchCondition that asks who creates the pod and what they may do",
    ),
];

/// The reason for which injdoctor may say that it does not know, if this is one.
pub fn reason(because: &str) -> Option<&'static Reason> {
    let mut reasons = EXPECTED.iter().map(|(reason, _)| reason);
    reasons.find(|reason| because.contains(reason.words))
}

/// Whether more cases are left open than chance explains: three standard deviations above `most` of a hundred.
pub fn are_too_many(open: usize, cases: usize, most: f64) -> bool {
    let expected = most / 100.0 * cases as f64;
    open as f64 > expected + 3.0 * expected.sqrt()
}
