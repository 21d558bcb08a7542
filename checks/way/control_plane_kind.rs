//! Which kind of control plane an injection webhook leads to: what there is to see, and which commands help, follow
//! from it.

use std::fmt;

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, ServiceReference,
};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::injector::label;
use super::names;
use super::reached::{host_port_path, meant_service};
use crate::facts::Missing;

/// A Service and its EndpointSlices; none where there is no such Service.
type Behind<'s> = Option<(&'s Service, &'s [EndpointSlice])>;

/// A control plane that is not an istiod of Istio's own charts in this cluster. Each is told by two marks together, as
/// anybody may choose a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlPlaneKind {
    /// Cloud Service Mesh, which Google runs beside the cluster.
    CloudServiceMesh,
    /// The Istio add-on of Azure Kubernetes Service: an istiod in the cluster that Azure installs.
    AksAddOn,
    /// OpenShift Service Mesh 3, or the Sail operator that it is made of: an istiod that the operator installs.
    ServiceMesh3,
    /// OpenShift Service Mesh 2, which injects members of the mesh only.
    ServiceMesh2,
    /// An istiod outside of this cluster.
    Outside,
    /// The injector of Istio before 1.5, a program of its own.
    BeforeIstiod,
}

/// The label of members, which the operator of OpenShift Service Mesh 2 sets: its value is the mesh's namespace.
/// Source: OpenShift Service Mesh 2, "Differences between a multitenant and a cluster-wide installation".
pub const MEMBER_OF: &str = "maistra.io/member-of";

impl ControlPlaneKind {
    /// The kind behind a webhook; none for an istiod of Istio's own charts. `behind` finds a Service and its EndpointSlices.
    ///
    /// Sources: Istio 1.31, `istioctl/pkg/kubeinject/google.go` (Google's hosts); the objects of clusters with AKS's add-on
    /// and Google's mesh; Sail 1.27, `pkg/helm/postrenderer.go` (the owner); Maistra 2, `istio-operator` (members); Istio 1.4,
    /// `install/kubernetes/helm/istio/charts/sidecarInjectorWebhook`.
    ///
    /// # Errors
    /// [`Missing`] where it depends on a Service that was not read.
    pub fn of<'s>(
        configuration: &MutatingWebhookConfiguration,
        webhook: &MutatingWebhook,
        behind: impl FnOnce(&ServiceReference) -> Result<Behind<'s>, Missing>,
    ) -> Result<Option<Self>, Missing> {
        let name = configuration.metadata.name.as_deref().unwrap_or_default();
        let revision = label(configuration, names::ISTIO_REV).unwrap_or_default();
        let owner = owner(configuration);
        let owned_by = |test: fn(&OwnerReference) -> bool| owner.is_some_and(test);
        let service = webhook.client_config.service.as_ref();
        let in_namespace = |name: &str| service.is_some_and(|one| one.namespace == name);
        let url = webhook.client_config.url.as_deref();
        let is_old = webhook.name == names::INJECTOR_SUFFIX;
        let marks = [
            (
                Self::CloudServiceMesh,
                [
                    revision.starts_with("asm-managed"),
                    name.starts_with("istiod-asm-managed"),
                    url.is_some_and(is_googles),
                ],
            ),
            (
                Self::AksAddOn,
                [
                    in_namespace("aks-istio-system"),
                    revision.starts_with("asm-1-"),
                    label(configuration, "release") == Some("azure-service-mesh-istio-discovery"),
                ],
            ),
            (
                Self::ServiceMesh3,
                [
                    owned_by(|one| one.kind.starts_with("IstioRevision")),
                    owned_by(|one| one.api_version.starts_with("sailoperator.io/")),
                    false,
                ],
            ),
            (
                Self::ServiceMesh2,
                [
                    selects_by(webhook, MEMBER_OF),
                    selects_by(webhook, "maistra.io/ignore-namespace"),
                    is_old,
                ],
            ),
            (
                Self::BeforeIstiod,
                [
                    is_old,
                    service.is_some_and(|one| one.name == names::INJECTOR_CONFIG),
                    false,
                ],
            ),
        ];
        let number = |marks: [bool; 3]| marks.into_iter().filter(|mark| *mark).count();
        let told = marks.into_iter().find(|(_, marks)| number(*marks) > 1);
        if let Some((kind, _)) = told {
            return Ok(Some(kind));
        }
        let leads_out = match service {
            Some(service) => behind(service)?.is_some_and(|(one, slices)| leads_out(one, slices)),
            None => url.is_some() && meant_service(webhook).is_none(),
        };
        Ok(leads_out.then_some(Self::Outside))
    }

    /// Whether there is no program of it in this cluster that anybody could look at.
    pub const fn is_out_of_sight(self) -> bool {
        matches!(self, Self::CloudServiceMesh | Self::Outside)
    }

    /// Whether what it makes of a pod cannot be foreseen from the cluster's API: it is not in the cluster, or its
    /// configuration is of a kind that is not read.
    pub const fn is_unforeseeable(self) -> bool {
        self.is_out_of_sight() || matches!(self, Self::BeforeIstiod)
    }

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CloudServiceMesh => "cloud-service-mesh",
            Self::AksAddOn => "aks-add-on",
            Self::ServiceMesh3 => "openshift-service-mesh-3",
            Self::ServiceMesh2 => "openshift-service-mesh-2",
            Self::Outside => "outside",
            Self::BeforeIstiod => "before-istio-1.5",
        }
    }
}

impl fmt::Display for ControlPlaneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CloudServiceMesh => "Cloud Service Mesh, managed by Google",
            Self::AksAddOn => "the Istio add-on of AKS",
            Self::ServiceMesh3 => "OpenShift Service Mesh 3 or Sail",
            Self::ServiceMesh2 => "OpenShift Service Mesh 2",
            Self::Outside => "a control plane outside of this cluster",
            Self::BeforeIstiod => "the injector of Istio before 1.5",
        })
    }
}

fn owner(configuration: &MutatingWebhookConfiguration) -> Option<&OwnerReference> {
    configuration
        .metadata
        .owner_references
        .iter()
        .flatten()
        .next()
}

fn is_googles(url: &str) -> bool {
    host_port_path(url).is_some_and(|(host, ..)| host.ends_with(".googleapis.com"))
}

fn selects_by(webhook: &MutatingWebhook, key: &str) -> bool {
    let selector = webhook.namespace_selector.iter();
    let mut expressions = selector.flat_map(|one| one.match_expressions.iter().flatten());
    expressions.any(|one| one.key == key)
}

/// Whether whoever answers behind a Service is no pod of this cluster: another name of a host, or endpoints that were
/// written by hand.
fn leads_out(service: &Service, slices: &[EndpointSlice]) -> bool {
    let Some(spec) = &service.spec else {
        return false;
    };
    let has_selector = spec.selector.as_ref().is_some_and(|all| !all.is_empty());
    let is_name = spec.type_.as_deref() == Some("ExternalName");
    let mut endpoints = slices.iter().flat_map(|slice| &slice.endpoints).peekable();
    let is_by_hand = |one: &Endpoint| one.target_ref.is_none();
    !has_selector && (is_name || endpoints.peek().is_some() && endpoints.all(is_by_hand))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Configuration and entry as they are in life, and one mark less: nothing is told by one alone.
    #[test]
    fn a_kind_is_told_by_two_marks() {
        use ControlPlaneKind::{
            AksAddOn, BeforeIstiod, CloudServiceMesh, Outside, ServiceMesh2, ServiceMesh3,
        };
        let service = |name: &str, namespace: &str| json!({"service": {"name": name, "namespace": namespace}});
        let url = |url: &str| json!({ "url": url });
        let rev = |revision: &str| json!({"labels": {"istio.io/rev": revision}});
        let named = |name: &str, revision: &str| json!({"name": name, "labels": {"istio.io/rev": revision}});
        let owned = |api: &str| json!({"ownerReferences": [{"apiVersion": api, "kind": "IstioRevision", "name": "default", "uid": "1"}]});
        let members = |keys: &[&str]| {
            let all: Vec<_> = keys
                .iter()
                .map(|key| json!({"key": key, "operator": "DoesNotExist"}))
                .collect();
            json!({ "matchExpressions": all })
        };
        let googles = "https://meshconfig.googleapis.com/v1internal/projects/p/inject";
        let (new, old) = (
            "rev.namespace.sidecar-injector.istio.io",
            "sidecar-injector.istio.io",
        );
        let none = members(&[]);
        let table: [(Value, &str, Value, &Value, Option<ControlPlaneKind>); 15] = [
            (
                named("istiod-asm-managed", "asm-managed"),
                new,
                url(googles),
                &none,
                Some(CloudServiceMesh),
            ),
            (
                named("istio-revision-tag-default", "asm-managed-rapid"),
                new,
                url(googles),
                &none,
                Some(CloudServiceMesh),
            ),
            (
                named("istiod-asm-managed", "asm-managed"),
                new,
                url("https://a.run.app/inject"),
                &none,
                Some(CloudServiceMesh),
            ),
            (
                rev("asm-managed"),
                new,
                service("istiod-asm-managed", "istio-system"),
                &none,
                None,
            ),
            (rev("default"), new, url(googles), &none, Some(Outside)),
            (
                rev("asm-1-27"),
                new,
                service("istiod-asm-1-27", "aks-istio-system"),
                &none,
                Some(AksAddOn),
            ),
            (
                rev("asm-1-27"),
                new,
                service("istiod-asm-1-27", "istio-system"),
                &none,
                None,
            ),
            (
                rev("mine"),
                new,
                service("istiod-mine", "aks-istio-system"),
                &none,
                None,
            ),
            (
                owned("sailoperator.io/v1"),
                new,
                service("istiod", "istio-system"),
                &none,
                Some(ServiceMesh3),
            ),
            (
                owned("example.com/v1"),
                new,
                service("istiod", "istio-system"),
                &none,
                None,
            ),
            (
                json!({}),
                old,
                service("istiod-basic", "istio-system"),
                &members(&[MEMBER_OF]),
                Some(ServiceMesh2),
            ),
            (
                rev("default"),
                new,
                service("istiod", "istio-system"),
                &members(&[MEMBER_OF]),
                None,
            ),
            (
                json!({}),
                old,
                service("istio-sidecar-injector", "istio-system"),
                &none,
                Some(BeforeIstiod),
            ),
            (
                json!({}),
                old,
                service("istiod", "istio-system"),
                &none,
                None,
            ),
            (
                rev("default"),
                new,
                url("https://istiod.istio-system.svc/inject"),
                &none,
                None,
            ),
        ];
        for (metadata, entry, client, selector, expected) in table {
            let configuration = serde_json::from_value(json!({ "metadata": metadata })).unwrap();
            let webhook = json!({
                "name": entry, "clientConfig": client, "namespaceSelector": selector,
                "admissionReviewVersions": ["v1"], "sideEffects": "None",
            });
            let webhook = serde_json::from_value(webhook).unwrap();
            let found = ControlPlaneKind::of(&configuration, &webhook, |_| Ok(None)).unwrap();
            assert_eq!(found, expected, "{metadata} {entry} {client}");
        }
    }

    #[test]
    fn a_service_leads_out_where_nothing_of_the_cluster_is_behind_it() {
        let slices = |endpoint: Value| json!([{"addressType": "IPv4", "endpoints": [endpoint]}]);
        let by_hand = slices(json!({"addresses": ["192.0.2.1"]}));
        let pod =
            slices(json!({"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "a"}}));
        for (spec, slices, expected) in [
            (json!({}), &by_hand, true),
            (json!({}), &pod, false),
            (json!({}), &json!([]), false),
            (json!({"selector": {"app": "istiod"}}), &by_hand, false),
            (
                json!({"type": "ExternalName", "externalName": "istiod.example.com"}),
                &json!([]),
                true,
            ),
        ] {
            let service = serde_json::from_value(json!({ "spec": spec })).unwrap();
            let slices: Vec<_> = serde_json::from_value(slices.clone()).unwrap();
            assert_eq!(leads_out(&service, &slices), expected, "{spec}");
        }
    }
}
