//! The pod that tests are about.

use super::evaluation::Program;
use super::{Condition, Request};

pub(super) fn pod() -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "web-", "namespace": "shop", "labels": {"app": "web", "tier": "front"}},
        "spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y"}], "terminationGracePeriodSeconds": 30},
    })
}

pub(super) fn request() -> Request {
    Request::new(pod(), "shop", false).unwrap()
}

/// What a condition is for [`pod`].
pub(super) fn eval(expression: &str) -> Condition {
    Program::new(expression).evaluate(&request())
}
