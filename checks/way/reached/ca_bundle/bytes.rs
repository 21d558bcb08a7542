//! caBundle and istiod's root as they were read.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;

use crate::facts::Missing;
use crate::way::Case;

/// The bytes of caBundle; empty where it is absent.
pub fn ca_bundle(webhook: &MutatingWebhook) -> &[u8] {
    webhook
        .client_config
        .ca_bundle
        .as_ref()
        .map_or(&[], |bundle| bundle.0.as_slice())
}

/// `root-cert.pem` of istio-ca-root-cert in a namespace.
///
/// # Errors
/// [`Missing`] where the ConfigMap was not read.
pub fn root_certificate<'a>(
    case: &Case<'a>,
    namespace: &str,
) -> Result<Option<&'a String>, Missing> {
    let config_map = case.root_certificate(namespace)?;
    Ok(config_map.and_then(|config_map| config_map.data.as_ref()?.get("root-cert.pem")))
}
