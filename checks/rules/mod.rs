//! Pure evaluators: small re-implementations of decisions that the Kubernetes API server and istiod take, written
//! from their Go sources (Kubernetes 1.36, Istio 1.31/1.32-dev, Go 1.26) so that the checks can say what those would
//! answer without asking them.
//!
//! Nothing here reads a clock, the environment, a file or the network, and nothing prints. Where the truth depends on
//! something that cannot be known from here, the answer is a variant of its own (`CannotTell`, `CannotEvaluate`),
//! never a guess.

pub mod annotations;
pub mod cel;
pub mod certificates;
pub mod credentials;
pub mod drainability;
pub(crate) mod go;
pub mod interpolation;
pub mod istio_keys;
pub mod last_applied;
pub mod no_proxy;
pub mod overrides;
pub mod prometheus;
pub mod proxy_config;
pub mod templates;
pub mod verdict;
pub mod yaml;
