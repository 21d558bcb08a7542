//! Does RBAC let istiod keep the caBundle of webhooks right?
//!
//! Sources: Kubernetes 1.36, `pkg/registry/rbac/validation/rule.go` (`appliesTo`) and
//! `pkg/apis/rbac/v1/evaluation_helpers.go`; Istio 1.31, `pkg/webhooks/webhookpatch.go`, whose informer lists and watches
//! the webhooks, and which updates them.

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::rbac::v1::{PolicyRule, Subject};

use crate::facts::kinds::{ClusterRole, ClusterRoleBinding};

/// The API group of webhooks.
pub const GROUP: &str = "admissionregistration.k8s.io";
/// Their resource.
pub const WEBHOOKS: &str = "mutatingwebhookconfigurations";
const VERBS: [&str; 3] = ["list", "watch", "update"];

/// A service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Account {
    /// As which the pods of this spec run.
    pub fn of(namespace: &str, spec: &PodSpec) -> Self {
        let name = spec.service_account_name.as_deref().unwrap_or("default");
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    fn is_in(&self, subject: &Subject) -> bool {
        let Self { namespace, name } = self;
        let in_namespace = format!("system:serviceaccounts:{namespace}");
        let groups = [
            "system:serviceaccounts",
            "system:authenticated",
            in_namespace.as_str(),
        ];
        match subject.kind.as_str() {
            "ServiceAccount" => {
                subject.name == *name && subject.namespace.as_ref() == Some(namespace)
            }
            "User" => subject.name == format!("system:serviceaccount:{namespace}:{name}"),
            "Group" => groups.contains(&subject.name.as_str()),
            _ => false,
        }
    }

    /// Whether a binding gives it a ClusterRole.
    pub fn is_bound_by(&self, binding: &ClusterRoleBinding) -> bool {
        let mut subjects = binding.subjects.iter().flatten();
        subjects.any(|subject| self.is_in(subject))
    }

    /// The ClusterRoles that it has.
    pub fn roles<'a>(
        &self,
        roles: &'a [ClusterRole],
        bindings: &[ClusterRoleBinding],
    ) -> Vec<&'a ClusterRole> {
        let own = bindings.iter().filter(|binding| self.is_bound_by(binding));
        let names: Vec<_> = own.map(|binding| binding.role_ref.name.as_str()).collect();
        let name = |role: &ClusterRole| role.metadata.name.clone().unwrap_or_default();
        let bound = |role: &&ClusterRole| names.contains(&name(role).as_str());
        roles.iter().filter(bound).collect()
    }
}

/// Whether a rule names the API group of webhooks, or is about whatever there is.
pub fn is_about_webhooks(rule: &PolicyRule) -> bool {
    names_webhooks(rule) || (has(&rule.api_groups, GROUP) && has(&rule.resources, WEBHOOKS))
}

/// Whether a rule names the API group of webhooks.
pub fn names_webhooks(rule: &PolicyRule) -> bool {
    let mut groups = rule.api_groups.iter().flatten();
    groups.any(|group| group == GROUP)
}

/// Whether a list of a rule holds an item, or whatever there is.
fn has(list: &Option<Vec<String>>, wanted: &str) -> bool {
    let mut items = list.iter().flatten();
    items.any(|item| item == "*" || item == wanted)
}

/// What istiod has to do with a webhook and these ClusterRoles do not let it.
pub fn lacking(roles: &[&ClusterRole], webhook: &str) -> Vec<&'static str> {
    let rules = || roles.iter().flat_map(|role| role.rules.iter().flatten());
    let is_allowed = |verb: &str| rules().any(|rule| allows(rule, verb, webhook));
    let lacking = VERBS.into_iter().filter(|verb| !is_allowed(verb));
    lacking.collect()
}

fn allows(rule: &PolicyRule, verb: &str, webhook: &str) -> bool {
    let names = rule.resource_names.as_deref().unwrap_or_default();
    // A list is of no object by name.
    let is_named = names.is_empty() || (verb == "update" && names.iter().any(|one| one == webhook));
    rule.verbs.iter().any(|one| one == "*" || one == verb)
        && has(&rule.api_groups, GROUP)
        && has(&rule.resources, WEBHOOKS)
        && is_named
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn rules_let_do_what_kubernetes_says() {
        let all = ["list", "watch", "update"];
        let table: [(Value, &[&str]); 7] = [
            (
                json!([{ "apiGroups": [GROUP], "resources": [WEBHOOKS], "verbs": all }]),
                &[],
            ),
            (
                json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]),
                &[],
            ),
            (json!([]), &all),
            (
                json!([{ "apiGroups": [""], "resources": ["*"], "verbs": ["*"] }]),
                &all,
            ),
            (
                json!([{ "apiGroups": [GROUP], "resources": [WEBHOOKS], "verbs": ["get", "list", "watch", "patch"] }]),
                &["update"],
            ),
            (
                json!([
                    { "apiGroups": [GROUP], "resources": [WEBHOOKS], "verbs": ["list", "watch"] },
                    { "apiGroups": [GROUP], "resources": [WEBHOOKS], "verbs": ["update"], "resourceNames": ["ours"] },
                ]),
                &[],
            ),
            (
                json!([{ "apiGroups": [GROUP], "resources": [WEBHOOKS], "verbs": ["*"], "resourceNames": ["other"] }]),
                &all,
            ),
        ];
        for (rules, expected) in table {
            let role: ClusterRole = read(json!({ "metadata": { "name": "r" }, "rules": rules }));
            assert_eq!(lacking(&[&role], "ours"), expected, "{rules}");
        }
    }

    #[test]
    fn a_role_belongs_to_whom_a_binding_names() {
        let account = Account {
            namespace: "istio-system".to_owned(),
            name: "istiod".to_owned(),
        };
        let roles: [ClusterRole; 1] = [read(json!({ "metadata": { "name": "r" } }))];
        for (subject, expected) in [
            (
                json!({ "kind": "ServiceAccount", "name": "istiod", "namespace": "istio-system" }),
                1,
            ),
            (
                json!({ "kind": "ServiceAccount", "name": "istiod", "namespace": "other" }),
                0,
            ),
            (
                json!({ "kind": "User", "name": "system:serviceaccount:istio-system:istiod" }),
                1,
            ),
            (
                json!({ "kind": "Group", "name": "system:serviceaccounts:istio-system" }),
                1,
            ),
            (json!({ "kind": "Group", "name": "system:masters" }), 0),
        ] {
            let binding: ClusterRoleBinding = read(json!({
                "metadata": { "name": "b" },
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r" },
                "subjects": [subject],
            }));
            let found = account.roles(&roles, &[binding]).len();
            assert_eq!(found, expected, "{subject}");
        }
    }
}
