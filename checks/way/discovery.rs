//! Which namespaces an istiod looks at, and writes its root into: `discoverySelectors` of the mesh's configuration.
//!
//! Source: Istio 1.31, `pkg/kube/namespace/filter.go`: a namespace has to meet one of them; without any, all are looked at.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::injector::label;
use super::injector_config::json;
use super::reached::meant_service;
use super::selector::{Labels, requirements, unmet};
use super::{Case, names};

/// The selectors in a mesh's ConfigMap; what istiod cannot read selects nothing new.
pub fn discovery_selectors(config_map: &ConfigMap) -> Vec<LabelSelector> {
    let mesh = mesh_of_config(config_map);
    mesh.map(|mesh| selectors_in(&mesh)).unwrap_or_default()
}

fn selectors_in(mesh: &Value) -> Vec<LabelSelector> {
    let value = selectors_of(mesh).cloned();
    let selectors = value.and_then(|value| serde_json::from_value(value).ok());
    selectors.unwrap_or_default()
}

/// The configuration in a mesh's ConfigMap; none where istiod cannot read it.
pub fn mesh_of_config(config_map: &ConfigMap) -> Option<Value> {
    let text = config_map.data.as_ref()?.get("mesh")?;
    json(text).ok()
}

/// The field, by its name in JSON or in the protocol buffer.
pub fn selectors_of(mesh: &Value) -> Option<&Value> {
    mesh.get("discoverySelectors")
        .or_else(|| mesh.get("discovery_selectors"))
}

/// Whether a namespace with these labels is left out.
pub fn leaves_out(selectors: &[LabelSelector], labels: &Labels) -> bool {
    let is_met = |selector: &LabelSelector| {
        requirements(Some(selector)).is_ok_and(|all| unmet(&all, labels).is_none())
    };
    !selectors.is_empty() && !selectors.iter().any(is_met)
}

/// An entry of a webhook, with its configuration.
type Call<'a> = (&'a MutatingWebhookConfiguration, &'a MutatingWebhook);

/// Whether the istiod behind an injection webhook is known to leave a namespace with these labels out: it is in another
/// mesh, and would get a sidecar without the root by which that trusts istiod.
pub fn is_of_another_mesh(case: &Case, call: Call, labels: &Labels) -> bool {
    selectors_behind(case, call).is_some_and(|selectors| leaves_out(&selectors, labels))
}

/// Those of the live injection webhooks that are not known to be of another mesh than a namespace with these labels; all of
/// them where the only mesh leaves it out, as there is no better one. `call` has the entry of each.
pub fn of_own_mesh<'a, T>(
    case: &Case,
    live: impl Iterator<Item = T>,
    call: impl Fn(&T) -> Call<'a>,
    labels: &Labels,
) -> Vec<T> {
    let (others, own): (Vec<_>, Vec<_>) =
        live.partition(|one| is_of_another_mesh(case, call(one), labels));
    match own.is_empty() && is_one_mesh(case, others.iter().map(call)) {
        true => others,
        false => own,
    }
}

/// Whether none of the istiods behind these webhooks looks at other namespaces than another: the same would be left out by
/// all.
pub fn is_one_mesh<'a>(case: &Case, live: impl Iterator<Item = Call<'a>>) -> bool {
    let configs = live.filter_map(|call| selectors_behind(case, call));
    let mut configs = configs.peekable();
    let first = configs.peek().cloned();
    configs.all(|one| Some(one) == first)
}

/// The discoverySelectors of the istiod that an injection webhook is meant for; none where they are not known.
fn selectors_behind(case: &Case, (configuration, webhook): Call) -> Option<Vec<LabelSelector>> {
    let revision = label(configuration, names::ISTIO_REV)?;
    let service = meant_service(webhook)?;
    let name = names::with_revision(names::MESH_CONFIG, revision);
    let config_map = case.mesh_config_map(&service.namespace, &name);
    config_map.ok().flatten()?;
    // What istiod cannot read selects nothing new.
    let mesh = case.mesh_config(&service.namespace, &name).ok().flatten();
    let mesh = mesh.as_deref().and_then(|mesh| mesh.as_ref().ok());
    Some(mesh.map(selectors_in).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_meets_one_of_the_selectors() {
        let labels = Labels::from([("team".to_owned(), "a".to_owned())]);
        for (mesh, expected) in [
            ("", false),
            ("discoverySelectors: []", false),
            ("discoverySelectors: [{matchLabels: {team: a}}]", false),
            ("discoverySelectors: [{matchLabels: {team: b}}]", true),
            ("discovery_selectors: [{matchLabels: {team: b}}]", true),
            (
                "discoverySelectors: [{matchLabels: {team: b}}, {matchExpressions: [{key: team, operator: Exists}]}]",
                false,
            ),
        ] {
            let config_map = ConfigMap {
                data: Some([("mesh".to_owned(), mesh.to_owned())].into()),
                ..ConfigMap::default()
            };
            let selectors = discovery_selectors(&config_map);
            assert_eq!(leaves_out(&selectors, &labels), expected, "{mesh}");
        }
    }
}
