//! The right root, out of its time.

use jiff::{SignedDuration, Timestamp};

use crate::causes::reached::ca_bundle::bundles::bundles;
use crate::causes::reached::ca_bundle::label::{self, Label};
use crate::causes::reached::ca_bundle::repair;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::{Found, judge};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Effect, Finding, Severity};
use crate::rules::certificates::Trust;
use crate::way::Case;
use crate::way::reached::{Expired, Leg, ca_bundle, root_certificate};
use crate::way::{Answer, Destination};

declare_check! {
    /// A certificate between the API server and istiod has expired or is not yet valid.
    ///
    /// ## What it finds
    /// caBundle holds istiod's root, yet out of its time by the clock that read the cluster. Within 30
    /// days before it expires, it is mentioned.
    ///
    /// ## Why it matters
    /// The API server fails with `x509: certificate has expired or is not yet valid`, and refuses every
    /// pod that the webhook selects. Soon the proxies will trust nobody either: the root of the webhook
    /// is the root of the mesh.
    ///
    /// ## How to fix it
    /// Where `istio-ca-root-cert` already holds a newer certificate of the same key, patch that into
    /// caBundle. Else renew the root: the authority's Secret, then istiod, then the workloads. Where
    /// the certificate is not yet valid, look at the clocks of the nodes first.
    ///
    /// ## References
    /// - Istio, Plug in CA certificates: <https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/>
    "INJ210", "certificate-expired", Reached, about Webhooks,
    run
}

/// How long before its end a certificate is mentioned.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

fn run(case: &Case) -> Result<Verdict, Missing> {
    let verdict = judge::<Expired>(case, &CHECK)?;
    if verdict != Verdict::Passed {
        return Ok(verdict);
    }
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| nearing(case, destination));
    }
    found.verdict()
}

impl Explain for Expired {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let mut evidence = bundles(case, destination);
        if let Some(bundle) = evidence.first_mut() {
            bundle.expected = Some("a certificate in its time".to_owned());
        }
        let label = label::of(case, destination);
        let unlabelled = matches!(label, Label::Missing | Label::Other(_));
        Ok(Explanation::new(&CHECK, self.to_string())
            .evidence(evidence)
            .evidence(unlabelled.then(|| label::evidence(case, destination)))
            .fixes(repair::fixes(case, destination, &label)))
    }
}

fn nearing(case: &Case, destination: &Destination) -> Result<Option<Finding>, Missing> {
    let (Some(service), Some(Answer::Yes(()))) = (
        destination.service(),
        destination.route.leg(case, Leg::Trust),
    ) else {
        return Ok(None);
    };
    let Some(root) = root_certificate(case, &service.namespace)? else {
        return Ok(None);
    };
    let bytes = ca_bundle(destination.entry);
    let soon = case.now().saturating_add(SOON).unwrap_or(Timestamp::MAX);
    let Trust::Expired { why } = case.trusts_at(bytes, root, soon) else {
        return Ok(None);
    };
    let why = why.replace(" expired at ", " expires at ");
    let message = format!(
        "within 30 days {} will not be trusted any more: {why}",
        destination.name()
    );
    let mut finding = Finding::new(Severity::Info, Effect::Beside, message);
    finding.evidence = bundles(case, destination);
    Ok(Some(finding))
}
