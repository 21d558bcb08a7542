//! Nobody is trusted.

use super::distrust;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::reached::{Empty, host};
use crate::way::{Case, Destination};

declare_check! {
    /// The caBundle of the webhook is empty.
    ///
    /// ## What it finds
    /// `clientConfig.caBundle` of an injection entry is absent or empty. istiod fills it in as soon as
    /// it runs, for webhooks whose label `istio.io/rev` is its own revision.
    ///
    /// ## Why it matters
    /// The API server falls back to the authorities of its host, none of which signs
    /// `istiod.istio-system.svc`. It fails with `x509: certificate signed by unknown authority`, and
    /// refuses every pod that the webhook selects.
    ///
    /// ## How to fix it
    /// Patch the root of istiod in, from ConfigMap `istio-ca-root-cert`. If it does not last, somebody
    /// applies the manifest again without it (GitOps, Helm), or istiod may not patch webhooks.
    ///
    /// ## References
    /// - Istio, Sidecar injection problems, x509 certificate related errors:
    ///   <https://istio.io/latest/docs/ops/common-problems/injection/#x509-certificate-related-errors>
    "INJ207", "ca-bundle-empty", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<Empty>(case, &CHECK)
}

impl Explain for Empty {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let host = destination.service().map(host).unwrap_or_default();
        let message = format!("{self}, and no public authority signs {host}");
        Ok(distrust::explained(case, destination, &CHECK, message))
    }
}
