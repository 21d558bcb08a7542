//! caBundle holds something else.

use super::distrust;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::way::reached::NotPem;
use crate::way::{Case, Destination};

declare_check! {
    /// The caBundle of the webhook holds no certificate in PEM.
    ///
    /// ## What it finds
    /// `clientConfig.caBundle` of an injection entry is not empty, but has no `CERTIFICATE` block that
    /// can be read: a placeholder such as `Cg==`, a certificate encoded in base64 twice, DER, a key.
    ///
    /// ## Why it matters
    /// The API server cannot even make the client: `could not get REST client: unable to load root
    /// certificates: unable to parse bytes as PEM block`. It refuses every pod that the webhook selects.
    ///
    /// ## How to fix it
    /// Patch the root of istiod in, from ConfigMap `istio-ca-root-cert`.
    ///
    /// ## References
    /// - Kubernetes 1.36, `k8s.io/client-go/transport/transport.go`
    "INJ208", "ca-bundle-not-pem", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<NotPem>(case, &CHECK)
}

impl Explain for NotPem {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let message = format!("{self}, so the API server cannot call at all");
        Ok(distrust::explained(case, destination, &CHECK, message))
    }
}
