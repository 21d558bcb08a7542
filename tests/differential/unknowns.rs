//! What injdoctor may leave open, because nobody could tell it from the objects of the cluster.

/// Words of a reason, and why it is a good one.
const EXPECTED: [(&str, &str); 9] = [
    (
        "cannot be seen from the cluster's API",
        "a webhook by URL leads out of the cluster, and whether anybody answers there no object says",
    ),
    (
        "revisions or versions in turn",
        "a Service that selects several istiods: which of them injects is left to chance",
    ),
    (
        "istiod keeps an older configuration",
        "the injector's configuration does not parse; what istiod read before stands nowhere",
    ),
    (
        "goes on with what it read",
        "the injector's ConfigMap is gone; what istiod read before stands nowhere",
    ),
    (
        "whether a Secret holds another certificate is not visible",
        "istiod's own certificate does not bear the name, but one that an administrator puts into a Secret may",
    ),
    (
        "what that makes of the first injection is not known here",
        "two injections with other templates, or of a pod that brings an injection's status: each moves and merges what the other left",
    ),
    (
        "as the injection before it leaves it",
        "a later webhook's conditions on what the template makes of the pod",
    ),
    (
        "mean the same to Prometheus, and istiod takes any of them",
        "two spellings of one annotation: istiod takes the one that comes first in a map of Go, which is left to chance",
    ),
    (
        "cannot be evaluated here",
        "a matchCondition that asks who creates the pod and what they may do",
    ),
];

/// Whether injdoctor may say that it does not know for this reason.
pub fn is_expected(because: &str) -> bool {
    EXPECTED.iter().any(|(words, _)| because.contains(words))
}
