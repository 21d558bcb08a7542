//! The configuration was changed, and istiod cannot read it.

use crate::causes::wanted::in_injector;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::see_injector_config;
use crate::report::{Effect, Finding, Severity};
use crate::way::wanted::injector_config;
use crate::way::{Case, Istiod, Outcome};

declare_check! {
    /// The injector's ConfigMap does not parse, so istiod goes on with what it read before.
    ///
    /// ## What it finds
    /// Key `config` or `values` of the ConfigMap `istio-sidecar-injector` of the revision that injects the pod is missing, no valid
    /// YAML, or has a field of another type, as a text where a list has to be. Whether a template in it parses is not looked at.
    ///
    /// ## Why it matters
    /// What the ConfigMap says is not what istiod does: a changed policy, selector or template has no effect, and nobody can see
    /// what istiod has in its place. Only its log says so. After its next restart istiod does not start any more; with a rolling
    /// update the old pod goes on as long as it lives.
    ///
    /// ## How to fix it
    /// Correct the text, or install the chart's again: istiod takes it over within a second. Do not restart istiod before that.
    ///
    /// ```sh
    /// kubectl edit configmap istio-sidecar-injector -n istio-system
    /// helm upgrade istiod istio/istiod -n istio-system --reuse-values
    /// ```
    ///
    /// ## References
    /// - Istio, Installing the sidecar: <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/>
    /// - Istio 1.31, `pkg/kube/inject/watcher.go` and `webhook.go` (`updateConfig`)
    "INJ317", "injector-config-stale", Wanted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    super::of_each_istiod(case, |istiod| {
        let parsed = injector_config(case, istiod)?;
        let config = parsed.config.as_ref().err();
        let errors = [("config", config), ("values", parsed.values.as_ref().err())].into_iter();
        let errors = errors.filter_map(|(key, error)| Some((key, error?)));
        errors
            .map(|(key, error)| finding(case, istiod, key, error))
            .collect()
    })
}

fn finding(case: &Case, istiod: &Istiod, key: &str, error: &str) -> Result<Finding, Missing> {
    let name = istiod.injector_config_map();
    let message = format!(
        "key {key} of ConfigMap {name} does not parse ({error}), so istiod of revision {} goes on with what it read before, and does not start any more after a restart",
        istiod.revision
    );
    let effect = match case.prediction().outcome {
        Outcome::Unknown => Effect::Decides(Outcome::Unknown),
        _ => Effect::Beside,
    };
    let title =
        format!("correct key {key} by hand with kubectl edit, before anybody restarts istiod");
    let evidence = in_injector(case, istiod, key, &format!(".data.{key}"))?;
    Ok(Finding::new(Severity::Warning, effect, message)
        .evidence(evidence.actual(error))
        .fix(see_injector_config(istiod, &title)))
}
