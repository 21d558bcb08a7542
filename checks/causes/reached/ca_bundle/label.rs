//! The label by which istiod finds the webhooks whose caBundle it keeps right.
//!
//! Source: Istio 1.31, `pkg/webhooks/webhookpatch.go`: it patches configurations whose label
//! `istio.io/rev` is its own revision exactly.

use crate::causes::reached::entry;
use crate::report::{Change, Evidence, Field, Fix, Object, Patch, Risk};
use crate::way::injector::label;
use crate::way::{Case, Destination, names};

/// The label of a configuration against the istiod that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// It is that istiod's revision, or which istiod it leads to is not known.
    Fine,
    /// There is none.
    Missing,
    /// It is another one.
    Other(String),
}

/// How the label of a destination's configuration compares.
pub fn of(case: &Case, destination: &Destination) -> Label {
    let Some(istiod) = destination.route.istiod(case) else {
        return Label::Fine;
    };
    match label(destination.configuration, names::ISTIO_REV) {
        None if is_somebody_elses(destination) => Label::Fine,
        None => Label::Missing,
        Some(revision) if revision == istiod.revision => Label::Fine,
        // Then the Service leads astray, not the label.
        Some(revision) if is_named_for(case, destination, revision) => Label::Fine,
        Some(revision) => Label::Other(revision.to_owned()),
    }
}

/// Whether another program fills in caBundle, as cert-manager's injector does.
pub fn is_somebody_elses(destination: &Destination) -> bool {
    let annotations = destination
        .configuration
        .metadata
        .annotations
        .iter()
        .flatten();
    annotations
        .into_iter()
        .any(|(key, _)| key.contains("inject-ca") || key.contains("inject-cabundle"))
}

fn is_named_for(case: &Case, destination: &Destination, revision: &str) -> bool {
    let own = names::with_revision("istiod", revision);
    destination
        .service()
        .is_some_and(|service| service.name == own)
        && destination
            .route
            .istiod(case)
            .is_some_and(|istiod| names::with_revision("istiod", &istiod.revision) != own)
}

/// The label as evidence.
pub fn evidence(case: &Case, destination: &Destination) -> Evidence {
    let configuration = destination.configuration;
    let path = format!(".metadata.labels['{}']", names::ISTIO_REV);
    let mut evidence = Evidence::new(entry::object(configuration), path).set_in(
        &configuration.metadata,
        &["metadata", "labels", names::ISTIO_REV],
    );
    evidence.actual = label(configuration, names::ISTIO_REV).map(str::to_owned);
    evidence.expected = destination
        .route
        .istiod(case)
        .map(|istiod| istiod.revision.clone());
    evidence
}

/// Sets the label, whereupon istiod fills in caBundle at once.
pub fn set(case: &Case, destination: &Destination) -> Option<Fix> {
    let revision = &destination.route.istiod(case)?.revision;
    let entry = (names::ISTIO_REV.to_owned(), Some(revision.clone()));
    let object = Object::unscoped("MutatingWebhookConfiguration", destination.name());
    let change = Change::new(object, Patch::Metadata(Field::Labels, vec![entry]));
    Some(
        Fix::new(
            format!(
                "label {} with the revision of the istiod that it leads to",
                destination.name()
            ),
            Risk::MeshWide,
            format!("istiod of revision {revision} keeps its caBundle right from now on"),
        )
        .change(change, destination.configuration),
    )
}
