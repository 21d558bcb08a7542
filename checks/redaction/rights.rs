//! ClusterRoles that no istiod has, and what rules say that are not about webhooks: they are many, and decide nothing.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::facts::kinds::{ClusterRole, ClusterRoleBinding, Deployment};
use crate::facts::{Read, Resource, Store};
use crate::way::rights::{Account, is_about_webhooks};

/// Leaves them out, and their bindings.
pub fn leave_others(reads: &mut Store) {
    let accounts = accounts(reads);
    let all_roles = Read::list(Resource::ClusterRole, None);
    let all_bindings = Read::list(Resource::ClusterRoleBinding, None);

    let mut about_webhooks = BTreeSet::new();
    for role in reads
        .list_mut::<ClusterRole>(&all_roles)
        .into_iter()
        .flatten()
    {
        let rules = role.rules.as_deref_mut().unwrap_or_default();
        if rules.iter().any(is_about_webhooks) {
            about_webhooks.extend(role.metadata.name.clone());
        }
        // Commands name a rule by its place.
        for other in rules.iter_mut().filter(|rule| !is_about_webhooks(rule)) {
            *other = PolicyRule::default();
        }
    }
    let mut own = BTreeSet::new();
    if let Some(bindings) = reads.list_mut::<ClusterRoleBinding>(&all_bindings) {
        bindings.retain(|binding| {
            about_webhooks.contains(&binding.role_ref.name)
                && accounts.iter().any(|account| account.is_bound_by(binding))
        });
        own.extend(bindings.iter().map(|one| one.role_ref.name.clone()));
    }
    if let Some(roles) = reads.list_mut::<ClusterRole>(&all_roles) {
        roles.retain(|role| {
            role.metadata
                .name
                .as_ref()
                .is_some_and(|name| own.contains(name))
        });
    }
}

/// As whom the pods of Deployments run, among them those of istiod.
fn accounts(reads: &Store) -> Vec<Account> {
    let account = |deployment: &Deployment| {
        let spec = deployment.spec.as_ref()?.template.spec.as_ref()?;
        let namespace = deployment.metadata.namespace.as_deref()?;
        Some(Account::of(namespace, spec))
    };
    reads.every().filter_map(account).collect()
}
