//! The policy is none that istiod knows.

use crate::causes::wanted::policy::edit::set_policy;
use crate::causes::wanted::{configured, declined};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Finding, Severity};
use crate::way::Case;
use crate::way::asked::means_no;
use crate::way::{Declined, Outcome};

declare_check! {
    /// The injector's policy is neither enabled nor disabled, so istiod injects nothing at all.
    ///
    /// ## What it finds
    /// The webhook is called and istiod answers, but `policy` in its ConfigMap `istio-sidecar-injector`
    /// is something else than `enabled` and `disabled` exactly: `Enabled`, `on`, `true`, or it
    /// is empty or missing.
    ///
    /// ## Why it matters
    /// Every pod of the revision goes without a sidecar, also one that asks with
    /// `sidecar.istio.io/inject=true`. Nothing shows on the pods; istiod's log says `Illegal value for
    /// autoInject`.
    ///
    /// ## How to fix it
    /// Nothing in a pod or a namespace helps: set the policy. istiod takes it over within a second,
    /// without a restart. Then restart the pods.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/kube/inject/inject.go`, `injectRequired`
    "INJ305", "policy-illegal", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let illegal = |reason: &Declined| match reason {
        Declined::PolicyIllegal(policy) => Some(policy.clone()),
        _ => None,
    };
    let (istiod, policy) = match declined(case, illegal)? {
        Ok(found) => found,
        Err(verdict) => return Ok(verdict),
    };
    let (legal, injected) = if means_no(&policy) {
        (
            "disabled",
            "every pod made from now on that asks explicitly gets the sidecar",
        )
    } else {
        (
            "enabled",
            "every pod made from now on in a namespace that asks for it gets the sidecar, unless it opts out",
        )
    };
    let message = format!(
        "ConfigMap {} of revision {} has policy: {policy:?}, which is neither enabled nor disabled: istiod injects nothing at all",
        istiod.injector_config_map(),
        istiod.revision
    );
    Ok(Verdict::of([Finding::new(
        Severity::Error,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(
        configured(case, &istiod, "policy")?
            .actual(policy)
            .expected(legal),
    )
    .fix(set_policy(case, &istiod, legal, injected)?)]))
}
