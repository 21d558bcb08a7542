//! Calls that fail although nothing visible is in their way: what their words tell of the cause.
//!
//! [`standing`] has the calls that fail now, [`cause`] which cause the words of each tell; a file for each check
//! explains one.

mod admission_review_version;
mod cause;
mod connection_reset;
mod firewall;
mod hanging;
mod istiod_certificate;
mod istiod_failing;
mod konnectivity;
mod network_policy;
mod no_route;
mod stale_connection;
mod standing;
mod successor;
mod tls_version;
mod untold;

use k8s_openapi::api::apps::v1::Deployment;

use crate::causes::Check;
use crate::fixes::deployment_object;
use crate::report::Command;

pub(in crate::causes) use standing::explains;

/// The checks of this topic.
pub(crate) static CHECKS: &[&Check] = &[
    &untold::CHECK,
    &no_route::CHECK,
    &network_policy::CHECK,
    &firewall::CHECK,
    &istiod_certificate::CHECK,
    &tls_version::CHECK,
    &connection_reset::CHECK,
    &istiod_failing::CHECK,
    &konnectivity::CHECK,
    &admission_review_version::CHECK,
    &stale_connection::CHECK,
];

/// The command that shows what istiod wrote last.
fn istiod_log(deployment: &Deployment) -> Command {
    let object = deployment_object(deployment);
    let reference = object.reference();
    let namespace = object.namespace.unwrap_or_default();
    Command::kubectl(["logs", &reference, "-n", &namespace, "--tail=50"])
}
