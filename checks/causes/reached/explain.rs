//! An obstacle explained: why it is one, what that rests on, and what clears it away.

use super::{ca_bundle, endpoints, no_proxy, service, serving};
use crate::facts::Missing;
use crate::report::{Evidence, Fix};
use crate::way::Case;
use crate::way::{Destination, Obstacle};

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
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
) -> Result<Explanation, Missing> {
    match obstacle {
        Obstacle::ServiceMissing => Ok(service::explain(case, destination)),
        Obstacle::NoEndpoints { .. }
        | Obstacle::WrongPods(_)
        | Obstacle::PortMissing { .. }
        | Obstacle::TargetPort { .. } => endpoints::explain(case, destination, obstacle),
        Obstacle::Proxied { because, .. } => Ok(no_proxy::explain(case, destination, because)),
        Obstacle::CaBundleEmpty
        | Obstacle::CaBundleNotPem
        | Obstacle::CaBundleMismatch(_)
        | Obstacle::CertificateExpired(_) => Ok(ca_bundle::explain(case, destination, obstacle)),
        Obstacle::NotServing(why) => Ok(serving::explain(case, destination, why)),
        Obstacle::ServiceType(_) | Obstacle::CertificateName(_) | Obstacle::Failing(_) => {
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
