//! Somebody else's root.

use super::distrust;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::reached::Mismatch;
use crate::way::{Case, Destination};

declare_check! {
    /// The caBundle of the webhook is not valid for the root that istiod serves with.
    ///
    /// ## What it finds
    /// The md5 of caBundle differs from the md5 of `root-cert.pem` in ConfigMap `istio-ca-root-cert`,
    /// and none of its certificates has the name and key of istiod's root. Different bytes alone are no
    /// finding: a bundle of several roots may be valid for istiod. Nor does the same md5 prove that a
    /// certificate is in its time; see certificate-expired.
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
        Ok(distrust::explained(case, destination, &CHECK, message))
    }
}
