//! A Service to which the API server cannot route.

use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use super::missing::ports;
use crate::causes::reached::explanation::{Explain, Explanation};
use crate::causes::reached::istiod;
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::reached::place::Place;
use crate::causes::reached::selector::selector_for;
use crate::causes::refused::standing_words;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Change, Fix, Object, Patch, Risk, Way};
use crate::way::reached::Unroutable;
use crate::way::{Case, Destination};

declare_check! {
    /// The Service that the webhook calls is headless or of type ExternalName.
    ///
    /// ## What it finds
    /// `spec.clusterIP` of the Service is `None`, and kube-apiserver runs without
    /// `--enable-aggregator-routing`. Or its type is `ExternalName`, and a pod was refused as the call of that
    /// name failed: whether the name answers cannot be seen from the cluster's API.
    ///
    /// ## Why it matters
    /// The API server sends the call to the cluster IP of the Service. A headless Service has none: calls fail
    /// with `cannot route to service with ClusterIP "None"`. For an ExternalName it dials that name on the port
    /// that the webhook names, whatever `targetPort` says, and asks the DNS of its own host, which does not know the
    /// cluster's Services. Pods that the webhook selects are rejected.
    ///
    /// ## How to fix it
    /// Make it a Service with a cluster IP. An ExternalName becomes one in place. Of a headless Service the
    /// API server takes the change only if it is made again. For an istiod outside of the cluster, give the
    /// installation its IP address, or let the webhook call a URL (`istiodRemote.injectionURL`).
    ///
    /// ## References
    /// - Kubernetes 1.36, `k8s.io/apiserver/pkg/util/proxy/proxy.go` (`ResolveCluster`, `ResolveEndpoint`)
    /// - Kubernetes, Service reference:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference>
    /// - Istio, External control plane: <https://istio.io/latest/docs/setup/install/external-controlplane/>
    "INJ230", "service-type", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<Unroutable>(case, &CHECK)
}

impl Explain for Unroutable {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(place) = Place::of(case, destination)? else {
            return Ok(Explanation::of(self));
        };
        let metadata = &place.service.metadata;
        let explanation = Explanation::new(&CHECK, self.to_string());
        match self {
            Self::Headless(_) => {
                let address = place
                    .field(".spec.clusterIP")
                    .actual("None")
                    .expected("an IP address")
                    .set_in(metadata, &["spec", "clusterIP"]);
                Ok(explanation.evidence([address]).fixes([make_again(&place)]))
            }
            Self::ExternalName { host, error, .. } => {
                let kind = place
                    .field(".spec.type")
                    .actual("ExternalName")
                    .expected("ClusterIP")
                    .set_in(metadata, &["spec", "type"]);
                let name = place
                    .field(".spec.externalName")
                    .actual(host)
                    .set_in(metadata, &["spec", "externalName"]);
                let fix = match istiod::deployment_of(case, destination)? {
                    Some(deployment) => give_address(&place, deployment),
                    None => Fix::new(
                        format!(
                            "give the installation the IP address of istiod in the place of {host}, or let the webhook \
                             call a URL"
                        ),
                        Risk::MeshWide,
                        "calls of the webhook arrive at the istiod outside of the cluster",
                    ),
                };
                let told = error
                    .as_ref()
                    .and_then(|_| standing_words(case, destination));
                Ok(explanation
                    .evidence([kind, name])
                    .evidence(told)
                    .fixes([fix]))
            }
        }
    }
}

fn object(place: &Place) -> Object {
    Object::new("Service", &place.reference.namespace, &place.reference.name)
}

/// Makes a headless Service again with a cluster IP: a patch that takes `None` away changes nothing.
/// Source: Kubernetes 1.36, `pkg/registry/core/service/strategy.go` (`patchAllocatedValues`).
fn make_again(place: &Place) -> Fix {
    let change = Change {
        way: Way::Recreate,
        ..Change::new(
            object(place),
            Patch::Merge(json!({ "spec": { "clusterIP": null, "clusterIPs": null } })),
        )
    };
    Fix::new(
        format!("make Service {} again, with a cluster IP", place.reference.name),
        Risk::MeshWide,
        "the Service gets a cluster IP, and calls of the webhook and of the proxies arrive at istiod",
    )
    .change(change, place.service)
}

/// Gives a Service of type ExternalName a cluster IP, and what leads from that to istiod.
fn give_address(place: &Place, deployment: &Deployment) -> Fix {
    let namespace = &place.reference.namespace;
    let mut spec = json!({ "type": "ClusterIP", "externalName": null });
    let own = place.service.spec.as_ref();
    let has_ports = own.is_some_and(|spec| spec.ports.iter().flatten().next().is_some());
    if !has_ports {
        let all = ports(place.reference).map(|(port, target)| {
            json!({ "name": format!("{port}-{target}"), "port": port, "protocol": "TCP", "targetPort": target })
        });
        set(&mut spec, "ports", json!(all));
    }
    let selector = istiod::selector(place.service);
    if !istiod::selects(&selector, &istiod::template_labels(deployment))
        && let Some(wanted) = selector_for(place.case, namespace, deployment)
    {
        set(&mut spec, "selector", json!(wanted));
    }
    Fix::new(
        format!("give Service {} a cluster IP", place.reference.name),
        Risk::MeshWide,
        format!(
            "the Service leads to the pods of deployment/{} again, for the webhook and for the proxies",
            istiod::name(deployment)
        ),
    )
    .change(
        Change::new(object(place), Patch::Merge(json!({ "spec": spec }))),
        place.service,
    )
}

fn set(fields: &mut Value, name: &str, value: Value) {
    if let Some(fields) = fields.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
