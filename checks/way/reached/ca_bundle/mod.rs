//! Does the API server trust istiod's certificate?
//!
//! Sources: Kubernetes 1.36, `k8s.io/client-go/transport/transport.go` (`rootCertPool`); Istio 1.31,
//! `pilot/pkg/bootstrap/server.go` (`initIstiodCerts`, `getDNSNames`).

mod bytes;
mod churn;
mod empty;
mod mismatch;
mod not_pem;
mod patcher;
mod root;

pub use bytes::{ca_bundle, root_certificate};
pub use churn::churn;
pub use empty::{Empty, not_empty};
pub use mismatch::{Mismatch, distrusted, trusted};
pub use not_pem::{NotPem, readable};
pub use patcher::{has_istios_name, is_patched};
pub use root::{is_from_istiod, is_self_made};
