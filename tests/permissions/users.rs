//! A user for each subset of the permissions.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testcluster::{Cluster, wait_for};

use crate::subsets::{Permission, Subset, permissions};

/// May do everything.
pub const ALL: &str = "everything";

/// May do what the ClusterRoles in docs allow.
pub const DOCUMENTED: &str = "documented";

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

/// Creates the users, and waits until their permissions count.
pub fn create(cluster: &Cluster, subsets: &[Subset]) -> Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/clusterrole.yaml");
    cluster.kubectl(&["apply", "-f", &docs.to_string_lossy()])?;
    for role in ["injdoctor", "injdoctor-logs"] {
        bind(cluster, DOCUMENTED, role)?;
    }
    let permissions = permissions();
    bind(cluster, ALL, "cluster-admin")?;
    for subset in subsets {
        let granted = permissions.difference(&subset.refused);
        grant(cluster, &subset.user, granted)?;
    }
    // Each is written after those before it, and seen in that order.
    grant(cluster, "last", permissions.iter())?;
    wait_for("the permissions to count", || {
        permissions
            .iter()
            .try_for_each(|permission| may(cluster, "last", permission))
    })
}

fn grant<'a>(
    cluster: &Cluster,
    user: &str,
    granted: impl Iterator<Item = &'a Permission>,
) -> Result<()> {
    let rules: Vec<Value> = granted
        .map(|one| json!({"apiGroups": [one.group], "resources": [one.resource], "verbs": [one.verb]}))
        .collect();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": user},
        "rules": rules,
    });
    cluster
        .api()
        .create(&format!("{RBAC}/clusterroles"), &role)?;
    bind(cluster, user, user)
}

fn bind(cluster: &Cluster, user: &str, role: &str) -> Result<()> {
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": {"name": format!("{user}.{role}")},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    });
    cluster
        .api()
        .create(&format!("{RBAC}/clusterrolebindings"), &binding)?;
    Ok(())
}

fn may(cluster: &Cluster, user: &str, permission: &Permission) -> Result<()> {
    let Permission {
        group,
        resource,
        verb,
    } = permission;
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": {
            "group": group, "resource": resource, "subresource": subresource, "verb": verb,
        }},
    });
    let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let answer = cluster
        .api()
        .create(reviews, &review)
        .context("cannot ask what a user may do")?;
    ensure!(
        answer["status"]["allowed"] == true,
        "{user} may not {permission} yet"
    );
    Ok(())
}
