//! What happens to the pod: from facts to what the API server and istiod will do with the next pod.
//!
//! Four questions on the pod's way, each in its file: [`called`], [`reached`], [`wanted`],
//! [`rendered`]; [`predict`] puts them together, [`observe`] looks at the pods that exist, and [`running`] at how they
//! start.

pub(crate) mod admission_plugin;
mod ambient;
mod answer;
pub(crate) mod asked;
pub(crate) mod assumptions;
pub(crate) mod autoscaler;
mod beside_witnesses;
pub(crate) mod called;
mod case;
mod changes;
mod control_plane_kind;
mod defaulted;
pub mod discovery;
mod injected_pod;
pub(crate) mod injector;
mod injector_config;
mod invalid_pod;
pub(crate) mod istiod_log;
pub(crate) mod names;
mod namespace;
pub(crate) mod network_policies;
pub(crate) mod observe;
mod platform;
mod pod;
mod predict;
pub(crate) mod preferred;
pub(crate) mod reached;
pub(crate) mod relabelled;
pub(crate) mod rendered;
pub(crate) mod rights;
pub mod running;
pub(crate) mod selector;
pub(crate) mod terms;
mod timeline;
mod tunnel;
mod version;
pub(crate) mod wanted;
mod webhook_rows;
mod witness;

pub use ambient::{
    AmbientBy, asks_for_ambient, is_redirected, istiod_of_ztunnel, serves_ambient, ztunnel,
};
pub use answer::{Answer, Call, Observation, ObservedPod, Outcome, Prediction, Rejection, Seen};
pub use assumptions::{Assumption, assumptions};
pub use autoscaler::{autoscaler_lease, look_for_autoscaler};
pub use beside_witnesses::predict_beside_witnesses;
pub use called::{Called, Matched, NotCalled};
pub use case::{Case, Mesh, api_servers, endpoint_slices_of};
pub use changes::{Changed, changed, is_way_changed_since};
pub use control_plane_kind::{ControlPlaneKind, MEMBER_OF};
pub use discovery::mesh_of_config;
pub use injector::{
    entries, injectors, is_deactivated, istiod_container, istiod_container_of, label, revision,
};
pub use injector_config::{Config, InjectorConfig};
pub use names::with_revision;
pub(crate) use namespace::{is_terminating, namespace_labels};
pub use observe::{is_refusal, is_unanswered, observe};
pub use platform::{OF_KUBEADM, Platform, eks_cluster, gke_project};
pub use pod::JudgedPod;
pub use predict::predict;
pub(crate) use predict::{calls, is_static};
pub use reached::{Arrival, Destination, Destinations, Istiod, Obstacle, Reached};
pub use rendered::containers::{may_depend_on_nodes, spec_may_depend_on_nodes};
pub use rendered::{Refusal, Rendered, Sidecar};
pub use timeline::{Began, Moment, timeline};
pub use tunnel::{Agents, agents, tunnel_reads};
pub use version::{
    Number, Source, Told, Version, has_image_of, version_of_deployment, version_of_proxies,
    version_of_proxy,
};
pub use wanted::{Ask, Declined, Wanted, Wish};
pub use webhook_rows::{ValidatorRow, WebhookRow, validator_rows, validators, webhook_rows};
pub use witness::{Since, over_since};
pub(crate) use witness::{is_fresh, is_of_template};
