//! Kubernetes' types of the kinds that are read.

pub use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
pub use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
pub use k8s_openapi::api::batch::v1::{CronJob, Job};
pub use k8s_openapi::api::coordination::v1::Lease;
pub use k8s_openapi::api::core::v1::{
    ConfigMap, Event, LimitRange, Namespace, Node, ResourceQuota, Service,
};
pub use k8s_openapi::api::discovery::v1::EndpointSlice;
pub use k8s_openapi::api::networking::v1::NetworkPolicy;
pub use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};

pub use super::log::Log;
pub use super::pod::Pod;
pub use super::policies::{
    MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
};
