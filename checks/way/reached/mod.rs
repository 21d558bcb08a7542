//! Does the API server's call arrive at istiod?
//!
//! A call has a way of several legs: [`walk`] goes them in order, [`route`] keeps what became of each.
//! Each topic has a folder or file with what it decides, and a file for each obstacle that it knows:
//! a type, whose sentence names the object. [`obstacle`] puts them together in one declaration.
//! `causes/reached` explains them under the same names.

pub(super) mod api_server;
mod api_server_error;
mod backend;
mod ca_bundle;
mod certificate;
mod destination;
mod endpoints;
mod failed_call;
mod istiod;
mod network_policies;
mod no_proxy;
mod obstacle;
mod route;
mod service;
mod serving;
mod step;
mod url;
mod walk;

pub use api_server::environment_of;
pub use api_server_error::refusal;
pub use backend::{Backends, TargetPort, WrongPods, backends, injector_port, ports_named};
pub use ca_bundle::{
    Empty, Mismatch, NotPem, ca_bundle, churn, has_istios_name, is_from_istiod, is_patched,
    is_self_made, root_certificate,
};
pub use certificate::{Expired, WrongName};
pub use destination::{Destination, Destinations, destinations};
pub use endpoints::{NoEndpoints, endpoints};
pub use failed_call::{RETRIED, is_about, newest_failure};
pub use istiod::{Istiod, started};
pub use network_policies::{ShutOff, ingress, shut_off};
pub use no_proxy::{Detour, Proxied, Witness, detours};
pub use obstacle::{Obstacle, OnTheWay};
pub use route::{Arrival, Reached};
pub use service::{NoPort, NoService, Unroutable, called_port, host};
pub use serving::NotServing;
pub use step::{Entry, Leg};
pub use url::{Failing, host_port_path, meant_service};
pub use walk::reached;
