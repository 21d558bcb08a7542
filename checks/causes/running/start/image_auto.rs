//! The placeholder for an image, which only injection replaces.

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Command, Fix, Risk};
use crate::way::{Case, Outcome};

declare_check! {
    /// The image `auto` was never replaced: the pod of a gateway was created without injection.
    ///
    /// ## What it finds
    /// The pod waits with ErrImagePull or ImagePullBackOff for `docker.io/library/auto`.
    ///
    /// ## Why it matters
    /// Charts of gateways leave the image to the injector. No webhook was called for the pod: its namespace opted out,
    /// the revision that it names has no webhook, or the webhook came later than the pod. A Deployment does not replace
    /// the pod by itself.
    ///
    /// ## How to fix it
    /// Where the next pod is injected, restart the pods, as the printed command does. Otherwise heal first what keeps it
    /// from being injected, which is a finding of its own.
    ///
    /// ## References
    /// - Istio, Installing gateways: <https://istio.io/latest/docs/setup/additional-setup/gateway/>
    "INJ606", "image-auto", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let prediction = case.prediction();
        let is_over = prediction.outcome == Outcome::Injected;
        let next = match is_over {
            true => "the next pod is injected",
            false => "the next pod is not sure to be injected either",
        };
        let message = format!(
            "{} of {} cannot start: its image auto stands for the proxy's, and nothing has replaced it, as the pod was created without injection; {next}",
            pods_in_words(unwell),
            case.target(),
        );
        let mut finding = not_ready(case, message);
        if is_over {
            finding.because = Some("pod-predates-injection");
            let fix = Fix::new(
                "restart the pods",
                Risk::RestartsPods,
                "new pods are injected, with the proxy's image in place of auto",
            );
            return Ok(finding.fix(fix.restart(restart(case)?)));
        }
        let namespace = case.target().namespace.as_str();
        let labels = ["get", "namespace", namespace, "--show-labels"];
        Ok(finding.fix(
            Fix::new(
                "see what the namespace asks for",
                Risk::ReadOnly,
                "nothing: the finding about the next pod says what keeps it from being injected",
            )
            .show(Command::kubectl(labels)),
        ))
    })
}
