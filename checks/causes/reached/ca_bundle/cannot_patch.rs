//! istiod may not write into the webhook.

use serde_json::json;

use super::bundles::bundles;
use super::forbidden::{Forbidden, forbidden};
use super::label;
use super::repair;
use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::{Found, effect};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::facts::kinds::ClusterRole;
use crate::fixes::restart_istiod;
use crate::report::{Change, Evidence, Finding, Fix, Object, Operation, Patch, Risk, Severity};
use crate::way::rights::{Account, GROUP, WEBHOOKS, names_webhooks};
use crate::way::{Case, Destination, Obstacle};

declare_check! {
    /// istiod may not write its root into the webhook.
    ///
    /// ## What it finds
    /// The caBundle of an injection entry is empty, no certificate or not istiod's root, and no ClusterRole of istiod's
    /// service account lets it `list`, `watch` and `update` mutatingwebhookconfigurations. It does not need the verb `patch`.
    /// ClusterRoles and their bindings are read only where a caBundle is wrong. What an authorizer other than RBAC grants
    /// is not seen.
    ///
    /// ## Why it matters
    /// istiod fills in caBundle only as long as it may. Calls fail with `x509: certificate signed by unknown authority`, and
    /// pods are rejected. Without `list` and `watch` istiod does not get ready any more after its next restart.
    ///
    /// ## How to fix it
    /// Put the rule back into the ClusterRole, or install the chart's roles again, and restart istiod. Patching the root
    /// in helps until it changes. Where istiod may do all of this and caBundle stays wrong, see whether it tries: it does not
    /// with an empty `INJECTION_WEBHOOK_CONFIG_NAME`, or with `INJECT_ENABLED=false`.
    ///
    /// ```sh
    /// kubectl auth can-i update mutatingwebhookconfigurations --as=system:serviceaccount:istio-system:istiod
    /// ```
    ///
    /// ## References
    /// - Istio, Dynamic admission webhooks overview: <https://istio.io/latest/docs/ops/configuration/mesh/webhook/>
    /// - Istio 1.31, `pkg/webhooks/webhookpatch.go`
    "INJ225", "istiod-cannot-patch-webhook", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| match destination.route.obstacle(case) {
            Some(obstacle) if obstacle.is_distrust() => finding(case, destination, obstacle),
            Some(_) => Ok(None),
            None => destination
                .route
                .unknown(case)
                .cloned()
                .map_or(Ok(None), Err),
        });
    }
    found.verdict()
}

fn finding(
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
) -> Result<Option<Finding>, Missing> {
    let Some(forbidden) = forbidden(case, destination)? else {
        return Ok(None);
    };
    let Account { namespace, name } = &forbidden.account;
    let verbs = forbidden.verbs.join(", ");
    let message = format!(
        "no ClusterRole lets service account {name} of {namespace}, as which istiod runs, {verbs} {WEBHOOKS}, so istiod cannot write its root into {}: {obstacle}",
        destination.name()
    );
    let mut finding = Finding::new(
        Severity::Error,
        effect(case, destination, obstacle),
        message,
    )
    .evidence(forbidden.evidence());
    finding.evidence.extend(bundles(case, destination));
    finding.fixes = vec![forbidden.fix(case, destination)];
    let label = label::of(case, destination);
    finding
        .fixes
        .extend(repair::fixes(case, destination, &label));
    Ok(Some(finding))
}

impl Forbidden<'_> {
    /// The ClusterRole that has the rules about webhooks, as the chart's has.
    fn role(&self) -> Option<&ClusterRole> {
        let mut roles = self.roles.iter();
        roles
            .find(|role| role.rules.iter().flatten().any(names_webhooks))
            .copied()
    }

    fn evidence(&self) -> Evidence {
        let expected = format!("{} of {WEBHOOKS}.{GROUP}", self.verbs.join(", "));
        let evidence = match self.role() {
            Some(role) => Evidence::new(format!("clusterrole/{}", name(role)), ".rules")
                .set_in(&role.metadata, &["rules"]),
            None => {
                let Account { namespace, name } = &self.account;
                Evidence::new(
                    format!("clusterroles of serviceaccount/{name} -n {namespace}"),
                    ".rules",
                )
            }
        };
        evidence.actual("no rule for it").expected(expected)
    }

    fn fix(&self, case: &Case, destination: &Destination) -> Fix {
        let effect = "istiod fills in caBundle when it starts, and keeps it right from now on";
        let (Some(role), Ok(Some(deployment))) =
            (self.role(), istiod::deployment_of(case, destination))
        else {
            let title = "install the ClusterRole and the ClusterRoleBinding of istiod's chart again, then restart istiod";
            return Fix::new(title, Risk::MeshWide, effect);
        };
        let rule = json!({
            "apiGroups": [GROUP],
            "resources": [WEBHOOKS],
            "verbs": ["get", "list", "watch", "update", "patch"],
        });
        let operations = vec![Operation::Add("/rules/-".to_owned(), rule)];
        let object = Object::unscoped("ClusterRole", name(role));
        let title = format!(
            "put the rule for webhooks back into clusterrole/{}, and restart istiod",
            name(role)
        );
        let fix = Fix::new(title, Risk::MeshWide, effect)
            .change(Change::new(object, Patch::Operations(operations)), role);
        restart_istiod(fix, deployment)
    }
}

fn name(role: &ClusterRole) -> &str {
    role.metadata.name.as_deref().unwrap_or_default()
}
