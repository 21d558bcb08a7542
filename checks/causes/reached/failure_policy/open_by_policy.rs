//! Pods would slip through without a sidecar.

use super::fail_open::{closed, policy};
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Finding, Fix, Severity};
use crate::way::{Answer, Case};

declare_check! {
    /// The webhook's calls arrive now, but it would fail open.
    ///
    /// ## What it finds
    /// `failurePolicy` of an injection entry is `Ignore`, and its calls arrive.
    ///
    /// ## Why it matters
    /// While istiod is down or restarts, pods are created without a sidecar, and nothing tells of it: no
    /// event, no annotation. They stay outside of the mesh until they are restarted. Istio ships `Fail`.
    ///
    /// ## How to fix it
    /// Nothing needs fixing where it is intended. Else set `failurePolicy: Fail`, also where the webhook is
    /// installed from.
    ///
    /// ## References
    /// - Kubernetes, Failure policy:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy>
    "INJ215", "webhook-fails-open-by-policy", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    let destinations = found.destinations.clone();
    for destination in destinations.all.iter().filter(|one| !one.fails_closed) {
        found.note(|| match destination.route.reached(case) {
            Answer::No(_) => Ok(None),
            Answer::Unknown(missing) => Err(missing),
            Answer::Yes(_) => {
                let message = format!(
                    "{} would fail open: failurePolicy is Ignore, so while istiod cannot be called, pods go without a sidecar",
                    destination.name()
                );
                let fix = Fix {
                    title: "let the webhook fail closed, as the installation ships it".to_owned(),
                    ..closed(destination, None)
                };
                let finding = Finding::new(Severity::Info, Effect::Beside, message)
                    .evidence(policy(destination))
                    .fix(fix);
                Ok(Some(finding))
            }
        });
    }
    found.verdict()
}
