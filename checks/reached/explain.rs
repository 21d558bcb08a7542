//! An obstacle explained: why it is one, what that rests on, and what clears it away.

use super::{api_server_no_proxy, ca_bundle, injector, istiod_endpoints, webhook_service};
use crate::decide::{Destination, Unreachable};
use crate::facts::{Facts, Missing};
use crate::report::{Evidence, Fix};

/// An obstacle explained.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    /// Why the call does not arrive: a message, and a clause that may stand after "because".
    pub because: String,
    /// What that rests on, the decisive field first.
    pub evidence: Vec<Evidence>,
    /// What clears it away, the best first.
    pub fixes: Vec<Fix>,
}

/// An obstacle explained: the same words, evidence and fixes for the check that finds it and for
/// webhook-fail-open, whose cause it is.
///
/// # Errors
/// [`Missing`] where what tells the causes apart was not read.
pub fn explain(
    facts: &Facts,
    destination: &Destination,
    obstacle: &Unreachable,
) -> Result<Explanation, Missing> {
    match obstacle {
        Unreachable::ServiceMissing => Ok(webhook_service::explain(facts, destination)),
        Unreachable::NoEndpoints { .. }
        | Unreachable::WrongPods(_)
        | Unreachable::PortMissing { .. }
        | Unreachable::TargetPort { .. } => istiod_endpoints::explain(facts, destination, obstacle),
        Unreachable::Proxied { because, .. } => {
            Ok(api_server_no_proxy::explain(facts, destination, because))
        }
        Unreachable::CaBundleEmpty
        | Unreachable::CaBundleNotPem
        | Unreachable::CaBundleMismatch(_)
        | Unreachable::CertificateExpired(_) => {
            Ok(ca_bundle::explain(facts, destination, obstacle))
        }
        Unreachable::NotServing(why) => Ok(injector::explain(facts, destination, why)),
        Unreachable::ServiceType(_) | Unreachable::CertificateName(_) | Unreachable::Failing(_) => {
            Ok(Explanation {
                because: format!("calls of {} fail: {obstacle}", destination.name()),
                ..Explanation::default()
            })
        }
    }
}

/// An object of a namespace in kubectl's words: `service/istiod -n istio-system`.
pub fn object(kind: &str, name: &str, namespace: &str) -> String {
    format!("{kind}/{name} -n {namespace}")
}
