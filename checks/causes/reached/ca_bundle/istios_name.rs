//! The name that an entry needs for istiod to look after it.

use k8s_openapi::api::admissionregistration::v1::MutatingWebhook;
use serde_json::json;

use super::label;
use crate::causes::reached::entry;
use crate::fixes::Entries;
use crate::report::{Evidence, Fix, Risk};
use crate::way::injector::is_injector;
use crate::way::reached::has_istios_name;
use crate::way::{Destination, names};

/// Whether istiod passes over the entry because of its name.
pub fn is_misnamed(destination: &Destination) -> bool {
    destination.service().is_some()
        && !has_istios_name(destination.entry)
        && !label::is_somebody_elses(destination)
}

/// The name as evidence.
pub fn evidence(destination: &Destination) -> Evidence {
    let name = &destination.entry.name;
    entry::evidence(destination.configuration, destination.entry, &["name"])
        .actual(name)
        .expected(renamed(name))
}

/// Gives istiod's names to the entries that have others, whereupon istiod fills in their caBundle at once.
pub fn rename(destination: &Destination) -> Option<Fix> {
    if !is_misnamed(destination) {
        return None;
    }
    let configuration = destination.configuration;
    let is_wrong =
        |one: &&MutatingWebhook| is_injector(configuration, one) && !has_istios_name(one);
    let wrong = configuration.webhooks.iter().flatten().filter(is_wrong);
    let change = wrong.fold(Entries::of(configuration), |all, one| {
        all.set(one, [("name", Some(json!(renamed(&one.name))))])
    });
    let fix = Fix::new(
        format!(
            "give the entries of {} names that istiod looks for",
            destination.name()
        ),
        Risk::MeshWide,
        "istiod keeps their caBundle right from now on",
    );
    Some(fix.change(change.change(), configuration))
}

fn renamed(name: &str) -> String {
    format!("{name}.{}", names::INJECTOR_SUFFIX)
}
