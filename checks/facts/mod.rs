//! What was asked of the cluster, and what came of it.
//!
//! A [`Read`] is a question to the API server, and the [`Store`] keeps for each what came of it: got,
//! absent, refused, failed, or not asked. [`Index`] finds objects in it, and [`ownership`] tells who
//! belongs to whom.

mod evidence;
mod fact;
mod index;
mod kept;
pub mod kinds;
mod log;
mod makes_pods;
mod managed_fields;
pub mod ownership;
mod pod;
pub mod policies;
mod read;
mod recorder;
mod resource;
mod selector;
mod snapshot;
mod store;
mod told_fields;
mod workload;

pub use evidence::Evidence;
pub use fact::{Fact, Missing, Unread};
pub use index::{Index, Owned};
pub use kept::Kept;
pub use log::{Line, Log};
pub use makes_pods::{MakesPods, for_workload};
pub use managed_fields::{Setter, who_set};
pub use read::{Form, LogOf, Permission, Read};
pub use recorder::{ReadSet, Recorder};
pub use resource::{Object, Objects, Resource, for_resource};
pub use snapshot::{Connection, Manifest, Snapshot, Subject};
pub use store::Store;
pub use told_fields::told_fields;
pub use workload::{
    Condition, Custom, Kind, Owner, Readiness, Rollout, Target, Template, Workload,
};
