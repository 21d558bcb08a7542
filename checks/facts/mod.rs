//! What is known about the cluster: collected elsewhere, read here.

mod evidence;
mod fact;
mod managed_fields;
mod need;
mod redact;
mod snapshot;
mod unread;
mod workload;

pub use evidence::Evidence;
pub use fact::{Fact, Missing, Unread};
pub use managed_fields::{Setter, who_set};
pub use need::{Need, Permission};
pub use redact::redact;
pub use snapshot::{Cluster, Connection, Snapshot, Subject, key};
pub use unread::{refused, unread};
pub use workload::{Condition, Kind, Rollout, Target, Template, Workload};
