//! Pods whose native sidecar became an ordinary init container on the way.

use crate::causes::told_refusal::{rejected, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Command, Evidence, Field, Fix, Risk};
use crate::texts::Key;
use crate::way::{Answer, Call, Case, entries, names};

declare_check! {
    /// Another webhook, or an old API server, drops `restartPolicy: Always` of the native sidecar.
    ///
    /// ## What it finds
    /// Pods are refused with `may not be set for init containers without restartPolicy=Always`, or with other words of the
    /// API server that show that it takes the sidecar for an ordinary init container, and the template of the pods was not
    /// changed since.
    ///
    /// ## Why it matters
    /// There are no new pods. A webhook that is called after Istio's, or that is called again for a changed pod, reads the
    /// pod with an old library, which does not know the field, and writes it back without. Old versions of the
    /// OpenTelemetry operator, of webhooks for workload identity and of the Cassandra operator do so. API servers before
    /// 1.28 drop the field themselves.
    ///
    /// ## How to fix it
    /// Upgrade the other webhook, or exclude the pods from it. Until then, use the classic sidecar for the workload:
    ///
    /// ```sh
    /// kubectl patch deployment/NAME -n NAMESPACE -p '{"spec":{"template":{"metadata":{"annotations":{"sidecar.istio.io/nativeSidecar":"false"}}}}}'
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Sidecar containers: <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
    /// - Istio, Kubernetes native sidecars: <https://istio.io/latest/blog/2023/native-sidecars/>
    "INJ512", "native-sidecar-stripped", Admitted, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |found| {
        let calls = after_the_injection(case)?;
        let others: Vec<_> = calls
            .iter()
            .map(|call| format!("{}/{}", call.configuration, call.entry))
            .collect();
        let who = match others.as_slice() {
            [] => "no other webhook is known that changes the pod after its injection, so look at the version of the API server".to_owned(),
            [one] => format!("webhook {one} is called after the injection"),
            all => format!("these webhooks are called after the injection: {}", all.join(", ")),
        };
        let value = |key| found.value(key).unwrap_or_default();
        let message = format!(
            "a native sidecar of the pods of {} has lost its restartPolicy Always on the way: {}: {}; {who}",
            case.target(),
            value(Key::Field),
            value(Key::Reason)
        );
        let mut finding = rejected(message);
        for call in &calls {
            let object = format!("mutatingwebhookconfiguration/{}", call.configuration);
            let path = format!(".webhooks[?(@.name=='{}')]", call.entry);
            finding = finding.evidence(Evidence::new(object, path));
        }
        let classic = patch_template(
            case,
            "use the classic sidecar for these pods, until the other webhook is upgraded",
            &[(Field::Annotations, names::NATIVE, Some("false"))],
            "the sidecar is an ordinary container, of which no field is lost",
        )?;
        let see = Fix::new(
            "see who changes pods",
            Risk::ReadOnly,
            "nothing: webhooks are called in the order of these names; upgrade the one that drops the field, or exclude the pods from it",
        );
        Ok(finding
            .fix(classic)
            .fix(see.show(Command::kubectl([
                "get",
                "mutatingwebhookconfigurations",
                "-o",
                "custom-columns=CONFIGURATION:.metadata.name,WEBHOOKS:.webhooks[*].name,REINVOCATION:.webhooks[*].reinvocationPolicy",
            ]))))
    })
}

/// The webhooks of other vendors that may be called once the pod is injected: those that come later, and those that are
/// called again for a changed pod.
fn after_the_injection(case: &Case) -> Result<Vec<Call>, Missing> {
    let prediction = case.prediction();
    let injects = |call: &Call| call.injector && matches!(call.called, Answer::Yes(_));
    let Some(first) = prediction.calls.iter().position(injects) else {
        return Ok(Vec::new());
    };
    let all = prediction.calls.iter().zip(entries(case.webhooks()?));
    let others = all.enumerate().filter(|(at, (call, (_, webhook)))| {
        let comes_later = *at > first || webhook.reinvocation_policy.as_deref() == Some("IfNeeded");
        comes_later && !call.injector && !matches!(call.called, Answer::No(_))
    });
    Ok(others.map(|(_, (call, _))| call.clone()).collect())
}
