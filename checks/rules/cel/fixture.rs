//! The pod that tests are about.

use super::{Condition, Request, evaluate};

pub(super) fn pod() -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "web-", "namespace": "shop", "labels": {"app": "web", "tier": "front"}},
        "spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y"}], "terminationGracePeriodSeconds": 30},
    })
}

/// What a condition is for [`pod`].
pub(super) fn eval(expression: &str) -> Condition {
    evaluate(
        expression,
        &Request {
            pod: &pod(),
            namespace: "shop",
            dry_run: false,
        },
    )
}
