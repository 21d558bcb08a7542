//! ClusterRoles that no istiod has, and rules that say nothing of webhooks: they are many, and decide nothing.

use crate::facts::kinds::{ClusterRole, ClusterRoleBinding, Deployment};
use crate::facts::{Fact, Objects, Read, Resource, Store};
use crate::way::rights::{Account, is_about_webhooks};

/// Leaves them out, and their bindings.
pub fn leave_others(reads: &mut Store) {
    let accounts = accounts(reads);
    let bindings = Read::list(Resource::ClusterRoleBinding, None);
    let Some(bindings) = reads.list_mut::<ClusterRoleBinding>(&bindings) else {
        return;
    };
    bindings.retain(|binding| accounts.iter().any(|account| account.is_bound_by(binding)));
    let names: Vec<_> = bindings
        .iter()
        .map(|binding| Some(binding.role_ref.name.clone()))
        .collect();
    let roles = Read::list(Resource::ClusterRole, None);
    let Some(roles) = reads.list_mut::<ClusterRole>(&roles) else {
        return;
    };
    roles.retain(|role| names.contains(&role.metadata.name));
    for rules in roles.iter_mut().filter_map(|role| role.rules.as_mut()) {
        rules.retain(is_about_webhooks);
    }
}

/// As whom the pods of Deployments run, among them those of istiod.
fn accounts(reads: &Store) -> Vec<Account> {
    let deployments = reads.reads_of(Resource::Deployment);
    let deployments = deployments.flat_map(|(_, fact)| match fact {
        Fact::Got(Objects::Deployment(all)) => all.as_slice(),
        _ => &[],
    });
    let account = |deployment: &Deployment| {
        let spec = deployment.spec.as_ref()?.template.spec.as_ref()?;
        let namespace = deployment.metadata.namespace.as_deref()?;
        Some(Account::of(namespace, spec))
    };
    deployments.filter_map(account).collect()
}
