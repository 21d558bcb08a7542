//! Somebody else's root.

use super::bundles::bundle;
use super::distrust;
use crate::causes::reached::entry::show_managers;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::refused::standing_words;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Fix, Risk};
use crate::way::reached::Mismatch;
use crate::way::{Case, ControlPlaneKind, Destination};

declare_check! {
    /// The caBundle of the webhook is not valid for the root that istiod serves with.
    ///
    /// ## What it finds
    /// The md5 of caBundle differs from the md5 of `root-cert.pem` in ConfigMap `istio-ca-root-cert`,
    /// and none of its certificates has the name and key of istiod's root. Different bytes alone are no
    /// finding: a bundle of several roots may be valid for istiod. Nor does the same md5 prove that a
    /// certificate is in its time; see certificate-expired. Of an istiod outside of the cluster the root is not
    /// visible: there the error of the API server tells, if it is newer than the webhook.
    ///
    /// ## Why it matters
    /// The API server fails with `x509: certificate signed by unknown authority`, and refuses every pod
    /// that the webhook selects. It happens when Istio was installed again or its authority changed,
    /// while the webhook kept the old bundle: a hand-made webhook or tag, GitOps that puts the old
    /// value back, an istiod that may not patch it.
    ///
    /// ## How to fix it
    /// Patch the root of istiod in, from ConfigMap `istio-ca-root-cert`.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems, x509 certificate related errors:
    ///   <https://istio.io/latest/docs/ops/common-problems/injection/#x509-certificate-related-errors>
    "INJ209", "ca-bundle-mismatch", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<Mismatch>(case, &CHECK)
}

impl Explain for Mismatch {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let message = self.to_string();
        let kind = case.control_plane_kind(destination.configuration, destination.entry)?;
        if kind == Some(ControlPlaneKind::Outside) {
            return Ok(outside(case, destination, message));
        }
        Ok(distrust::explained(case, destination, &CHECK, message))
    }
}

/// The root of an istiod outside of this cluster is not visible here: whoever runs it has it. What answers there may also be
/// another program, where its address is wrong.
fn outside(case: &Case, destination: &Destination, message: String) -> Explanation {
    let fix = Fix::new(
        format!(
            "ask whoever runs the istiod outside of this cluster for its root, and write that into caBundle of {}",
            destination.name()
        ),
        Risk::MeshWide,
        "the API server trusts that istiod, unless the address behind the Service is another program's; the command shows \
         caBundle with who set it",
    )
    .show(show_managers(destination.configuration));
    Explanation::new(&CHECK, message)
        .evidence([bundle(destination)])
        .evidence(standing_words(case, destination))
        .fixes([fix])
}
