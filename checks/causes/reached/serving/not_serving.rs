//! istiod answers, but not as an injector.

use super::{config_map, disabled, wrong_path};
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::reached::NotServing;
use crate::way::{Case, Destination};

declare_check! {
    /// istiod answers, but does not serve the injector.
    ///
    /// ## What it finds
    /// The webhook calls another path than `/inject`, istiod runs with `INJECT_ENABLED=false`, or the
    /// injector's ConfigMap was absent when istiod started. The latter cannot be seen later on: only
    /// the API server's error proves it.
    ///
    /// ## Why it matters
    /// istiod answers with 404, the API server fails with `the server could not find the requested
    /// resource`, and refuses every pod that the webhook selects. istiod looks for the ConfigMap
    /// `istio-sidecar-injector` (with `-REVISION` for all but the default) once, when it starts; without
    /// it neither the injector runs nor what keeps caBundle right.
    ///
    /// ## How to fix it
    /// Put path or variable right. For the ConfigMap, apply the installation again and restart istiod.
    ///
    /// ## References
    /// - Istio 1.31, `pilot/pkg/bootstrap/sidecarinjector.go`
    "INJ212", "injector-not-serving", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<NotServing>(case, &CHECK)
}

impl Explain for NotServing {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let explanation = Explanation::new(&CHECK, self.to_string());
        let deployment = istiod::deployment_of(case, destination).ok().flatten();
        let (evidence, fixes) = match (self, deployment) {
            (Self::Path { path, .. }, _) => wrong_path::shown(destination, path),
            (Self::Disabled, Some(deployment)) => disabled::shown(deployment),
            (Self::Disabled, None) => return Ok(explanation),
            (Self::ConfigMap(name), _) => config_map::shown(case, destination, deployment, name),
        };
        Ok(explanation.evidence(evidence).fixes(fixes))
    }
}
