//! Every mesh leaves the namespace out.

use std::collections::BTreeSet;

use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::way::relabelled::WhatIf;
use crate::way::{Case, injector, names, reached};

/// Shows which namespaces the meshes take in, as it is somebody's choice which of them this one shall belong to; none where
/// a mesh does not leave it out.
///
/// # Errors
/// [`Missing`] where the webhooks were not read.
pub(super) fn choose_a_mesh(case: &Case, what_if: &WhatIf) -> Result<Option<Fix>, Missing> {
    if what_if.revisions().is_empty() || !what_if.own_revisions(case).is_empty() {
        return Ok(None);
    }
    let mut config_maps = BTreeSet::new();
    for (configuration, webhook) in injector::injectors(case.webhooks()?) {
        let revision = injector::label(configuration, names::ISTIO_REV);
        if let (Some(service), Some(revision)) = (reached::meant_service(webhook), revision) {
            let name = names::with_revision(names::MESH_CONFIG, revision);
            config_maps.insert((service.namespace.clone(), name));
        }
    }
    let fix = Fix::new(
        format!(
            "choose the mesh of namespace {}, and give it the labels that discoverySelectors of that one want",
            case.target().namespace
        ),
        Risk::ReadOnly,
        "nothing: it shows the configuration of each mesh; every one leaves the namespace out, so that istiod would not \
         serve its pods",
    );
    let show = |(namespace, name): (String, String)| {
        let words = ["get", "configmap", &name, "-n", &namespace];
        Command::kubectl(words.into_iter().chain(["-o", "jsonpath={.data.mesh}"]))
    };
    Ok(Some(config_maps.into_iter().map(show).fold(fix, Fix::show)))
}
