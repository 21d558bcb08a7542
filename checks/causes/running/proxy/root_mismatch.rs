//! A proxy that trusts another root than istiod's.

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Change, Fix, Object, Patch, Risk};
use crate::way::{Case, names};

declare_check! {
    /// The proxy does not trust istiod's certificate.
    ///
    /// ## What it finds
    /// istio-proxy is not ready, and its log says `x509: certificate signed by unknown authority` where it asks istiod
    /// for its certificate.
    ///
    /// ## Why it matters
    /// The proxy trusts the root in ConfigMap `istio-ca-root-cert` of its namespace, and no other. It holds another root
    /// than istiod's where the CA was exchanged, where two meshes in one cluster write the same ConfigMap in turns, or
    /// where istiod may not change it.
    ///
    /// ## How to fix it
    /// Delete the ConfigMap: istiod writes it anew. Then restart the pods. Two meshes need discovery selectors that do
    /// not overlap. Who has written the ConfigMap last, its managedFields tell:
    ///
    /// ```sh
    /// kubectl get configmap istio-ca-root-cert -n NAMESPACE -o yaml --show-managed-fields
    /// ```
    ///
    /// ## References
    /// - Istio, Plug in CA certificates: <https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/>
    /// - Istio, Install multiple control planes: <https://istio.io/latest/docs/setup/install/multiple-controlplanes/>
    "INJ625", "proxy-root-mismatch", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let namespace = case.target().namespace.as_str();
        let root = Object::new("ConfigMap", namespace, names::ROOT_CERTIFICATE);
        let message = format!(
            "{} of {} cannot get ready: its sidecar does not trust istiod, as the root in ConfigMap {} of namespace {namespace} is another than istiod's",
            pods_in_words(unwell),
            case.target(),
            names::ROOT_CERTIFICATE,
        );
        let fix = Fix::new(
            "let istiod write its root anew",
            Risk::RestartsPods,
            "istiod writes the ConfigMap as soon as it is gone, and new pods trust what it holds then",
        )
        .change(Change::new(root, Patch::Delete), &())
        .restart(restart(case)?);
        Ok(not_ready(case, message).fix(fix))
    })
}
