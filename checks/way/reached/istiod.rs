//! The istiod that a call is for.

use std::collections::BTreeSet;

use crate::facts::kinds::Pod;
use jiff::Timestamp;

use crate::way::injector::{NativeSidecars, istiod_container};
use crate::way::{Version, names};

/// The istiod behind a webhook entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Istiod {
    /// Its namespace.
    pub namespace: String,
    /// Its revision: environment variable `REVISION`, never a label's text.
    pub revision: String,
    /// Its version.
    pub version: Version,
    /// Where it puts the proxy: all that it may be, where its version or several istiods leave it open.
    pub native_sidecars: BTreeSet<NativeSidecars>,
}

impl Istiod {
    /// The ConfigMap from which it takes the injector's configuration.
    pub fn injector_config_map(&self) -> String {
        names::with_revision("istio-sidecar-injector", &self.revision)
    }
}

/// When the container of an istiod started.
pub fn started(pod: &Pod) -> Option<Timestamp> {
    let name = &istiod_container(pod)?.name;
    let statuses = pod.status.as_ref()?.container_statuses.as_deref()?;
    let status = statuses.iter().find(|status| status.name == *name)?;
    let running = status.state.as_ref()?.running.as_ref()?;
    running.started_at.as_ref().map(|at| at.0)
}
