//! ClusterRoles that say nothing of webhooks: they are many, and decide nothing.

use crate::facts::kinds::{ClusterRole, ClusterRoleBinding};
use crate::facts::{Read, Resource, Store};
use crate::way::rights::{GROUP, has_rules_for};

/// Leaves them and their bindings out.
pub fn leave_others(reads: &mut Store) {
    let roles = Read::list(Resource::ClusterRole, None);
    let Some(roles) = reads.list_mut::<ClusterRole>(&roles) else {
        return;
    };
    roles.retain(|role| has_rules_for(role, &[GROUP, "*"]));
    let names: Vec<_> = roles
        .iter()
        .map(|role| role.metadata.name.clone())
        .collect();
    let bindings = Read::list(Resource::ClusterRoleBinding, None);
    if let Some(bindings) = reads.list_mut::<ClusterRoleBinding>(&bindings) {
        bindings.retain(|one| names.contains(&Some(one.role_ref.name.clone())));
    }
}
