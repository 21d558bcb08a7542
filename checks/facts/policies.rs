//! Kinds that have a say about the pod besides Istio's webhooks: of each no more than tells for which pods it is
//! asked. What they decide is not evaluated, and their expressions need not leave the cluster.
//!
//! MutatingAdmissionPolicy is served as v1 from Kubernetes 1.36 on, ValidatingAdmissionPolicy from 1.30 on. Before, an
//! API server that was told to serves them as v1beta1 (from 1.34 and 1.28 on) or v1alpha1 (from 1.32 and 1.26 on), with
//! the same fields as far as they are read here.

use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, RuleWithOperations, WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::{ClusterResourceScope, Metadata, Resource};
use serde::{Deserialize, Serialize};

/// Declares a kind of `admissionregistration.k8s.io/v1`.
macro_rules! kind {
    ($(#[doc = $doc:literal])+ $name:ident, $plural:literal { $field:ident: $type:ty }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Its metadata.
            pub metadata: ObjectMeta,
            /// For which requests it is asked.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,
        }

        impl Resource for $name {
            const API_VERSION: &'static str = "admissionregistration.k8s.io/v1";
            const GROUP: &'static str = "admissionregistration.k8s.io";
            const KIND: &'static str = stringify!($name);
            const VERSION: &'static str = "v1";
            const URL_PATH_SEGMENT: &'static str = $plural;
            type Scope = ClusterResourceScope;
        }

        impl Metadata for $name {
            type Ty = ObjectMeta;

            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    };
}

kind! {
    /// Webhooks that may refuse a pod.
    ValidatingWebhookConfiguration, "validatingwebhookconfigurations" { webhooks: Vec<ValidatingWebhook> }
}
kind! {
    /// A policy in CEL that may refuse a pod.
    ValidatingAdmissionPolicy, "validatingadmissionpolicies" { spec: PolicySpec }
}
kind! {
    /// Puts a ValidatingAdmissionPolicy into force.
    ValidatingAdmissionPolicyBinding, "validatingadmissionpolicybindings" { spec: BindingSpec }
}
kind! {
    /// A policy in CEL that may change a pod, before all webhooks.
    MutatingAdmissionPolicy, "mutatingadmissionpolicies" { spec: PolicySpec }
}
kind! {
    /// Puts a MutatingAdmissionPolicy into force.
    MutatingAdmissionPolicyBinding, "mutatingadmissionpolicybindings" { spec: BindingSpec }
}

/// An entry of a [`ValidatingWebhookConfiguration`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are Kubernetes' fields")]
pub struct ValidatingWebhook {
    pub name: String,
    pub client_config: WebhookClientConfig,
    pub failure_policy: Option<String>,
    pub timeout_seconds: Option<i32>,
    pub rules: Option<Vec<RuleWithOperations>>,
    pub namespace_selector: Option<LabelSelector>,
    pub object_selector: Option<LabelSelector>,
    pub match_conditions: Option<Vec<MatchCondition>>,
}

/// For which requests a policy is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are Kubernetes' fields")]
pub struct PolicySpec {
    pub match_constraints: Option<MatchResources>,
    pub match_conditions: Option<Vec<MatchCondition>>,
}

/// For which requests a binding puts its policy into force, and what comes of a violation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are Kubernetes' fields")]
pub struct BindingSpec {
    pub policy_name: Option<String>,
    pub match_resources: Option<MatchResources>,
    pub validation_actions: Option<Vec<String>>,
}
