//! The fix that sets `policy`.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::facts::Missing;
use crate::fixes::{restart, set_line};
use crate::report::{Fix, Risk};
use crate::way::Case;
use crate::way::Istiod;

/// Sets `policy` in the ConfigMap of an istiod, and restarts the target's pods.
///
/// # Errors
/// [`Missing`] where the target or the ConfigMap was not read.
pub fn set_policy(
    case: &Case,
    istiod: &Istiod,
    policy: &str,
    effect: &str,
) -> Result<Fix, Missing> {
    let (name, namespace) = (istiod.injector_config_map(), &istiod.namespace);
    let Some(config_map) = case.injector_config_map(namespace, &name)? else {
        return Err(Missing(format!(
            "ConfigMap {name} is absent from {namespace}"
        )));
    };
    let until = match release(config_map) {
        Some(release) => format!(
            "the next upgrade of Helm release {release} sets it back, unless its values say"
        ),
        None => "the next installation sets it back, unless its values say".to_owned(),
    };
    let changes = format!("{effect}; {until} global.proxy.autoInject={policy}");
    let title = format!("set policy: {policy} in the injector's ConfigMap, then restart the pods");
    Ok(
        match set_line(config_map, "policy:", format!("policy: {policy}")) {
            Some(change) => Fix::new(title, Risk::MeshWide, changes)
                .change(change, config_map)
                .restart(restart(case)?),
            // No command can be told that would find the place: a person has to.
            None => {
                let by_hand = format!(
                    "{title}: by hand in key config, with kubectl edit configmap {name} -n {namespace}"
                );
                Fix::new(by_hand, Risk::MeshWide, changes)
            }
        },
    )
}

/// The Helm release that a ConfigMap belongs to. `istioctl install` writes the charts' labels, too, but
/// not this annotation.
fn release(config_map: &ConfigMap) -> Option<&str> {
    let annotations = config_map.metadata.annotations.as_ref()?;
    annotations
        .get("meta.helm.sh/release-name")
        .map(String::as_str)
}
