//! OpenShift Service Mesh 2 injects members only: namespaces that a ServiceMeshMemberRoll names.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;

use crate::causes::fields::namespace_label;
use crate::facts::Missing;
use crate::fixes::restart;
use crate::report::{Command, Effect, Finding, Fix, Risk, Severity};
use crate::way::asked::asks;
use crate::way::{Case, MEMBER_OF, Outcome, namespace_labels};

/// That somebody asks for injection in a namespace that is no member; none where it is one, or nobody asks.
///
/// # Errors
/// [`Missing`] where the target or its namespace was not read.
pub fn not_a_member(case: &Case, webhook: &MutatingWebhook) -> Result<Option<Finding>, Missing> {
    let Some(mesh) = mesh(webhook) else {
        return Ok(None);
    };
    let Some(asked) = asks(case)? else {
        return Ok(None);
    };
    if namespace_labels(case)?.get(MEMBER_OF) == Some(mesh) {
        return Ok(None);
    }
    let namespace = &case.target().namespace;
    let message = format!(
        "namespace {namespace} is no member of the mesh of {mesh}, so its injector is never asked, although {} asks for injection",
        asked.in_words()
    );
    let effect = Effect::Decides(Outcome::NotInjected);
    let finding = Finding::new(Severity::Warning, effect, message)
        .evidence(namespace_label(case, MEMBER_OF)?.expected(mesh))
        .evidence(asked.evidence);
    let json = r#"[{"op":"add","path":"/spec/members/-","value":"NAMESPACE"}]"#;
    let add = Fix::new(
        format!("make {namespace} a member, by the ServiceMeshMemberRoll of {mesh}"),
        Risk::MeshWide,
        "the operator labels the namespace, and the injector is asked about its new pods",
    )
    .unforeseen(
        Command::oc([
            "patch",
            "servicemeshmemberroll",
            "default",
            "-n",
            mesh,
            "--type",
            "json",
            "-p",
            &json.replace("NAMESPACE", namespace),
        ]),
        "the operator labels the namespace by itself",
    )
    .restart(restart(case)?);
    Ok(Some(finding.fix(add)))
}

/// The namespace of the mesh whose members a webhook selects.
fn mesh(webhook: &MutatingWebhook) -> Option<&String> {
    let expressions = webhook
        .namespace_selector
        .as_ref()?
        .match_expressions
        .as_ref()?;
    let members = expressions
        .iter()
        .find(|one| one.key == MEMBER_OF && one.operator == "In")?;
    members.values.as_ref()?.first()
}
