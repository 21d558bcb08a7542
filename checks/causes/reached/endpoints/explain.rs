//! The obstacles at the endpoints explained.

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};

use super::endpoint_cause::{Why, of_destination, why};
use super::pod_state::{cannot_start, has_restarted, state};
use super::selector::{in_words, selector_for};
use super::{port, selector};
use crate::causes::reached::explain::{Explanation, object};
use crate::causes::reached::{istiod, patch, service};
use crate::facts::Missing;
use crate::report::{Command, Evidence, Fix, Risk};
use crate::way::Case;
use crate::way::injector::istiod_container;
use crate::way::reached::{called_port, endpoints, injector_port};
use crate::way::{Destination, Obstacle, names};

/// An obstacle at the endpoints explained.
///
/// # Errors
/// [`Missing`] where the pods or Deployments that tell the causes apart were not read.
pub fn explain(
    case: &Case,
    destination: &Destination,
    obstacle: &Obstacle,
) -> Result<Explanation, Missing> {
    let Some(reference) = destination.service() else {
        return Ok(Explanation::default());
    };
    let Some(service) = case.service(&reference.namespace, &reference.name)? else {
        return Ok(Explanation::default());
    };
    let place = Place {
        case,
        destination,
        reference,
        service,
    };
    match obstacle {
        Obstacle::PortMissing { called, has } => Ok(place.port_missing(*called, has)),
        Obstacle::TargetPort { actual, expected } => {
            Ok(place.target_port(&actual.to_string(), *expected))
        }
        Obstacle::WrongPods(pods) => place.wrong_pods(pods),
        _ => match why(case, destination)? {
            Why::Unmanaged => Ok(place.unmanaged()),
            Why::Selector(pods) => place.selects_nothing(&pods),
            Why::NamedPort(name) => Ok(place.target_port(&name, place.serving_port()?)),
            Why::Pods(pods) => place.unready(&pods),
            Why::NoPods(deployment) => Ok(place.no_pods(deployment)),
            Why::Gone => Ok(place.gone()),
        },
    }
}

/// A Service in kubectl's words.
pub fn object_of(service: &ServiceReference) -> String {
    object("service", &service.name, &service.namespace)
}

/// A Service and the destination that leads to it.
struct Place<'f, 'a, 'd> {
    case: &'f Case<'a>,
    destination: &'f Destination<'d>,
    reference: &'f ServiceReference,
    service: &'f Service,
}

impl Place<'_, '_, '_> {
    fn words(&self) -> String {
        format!(
            "the webhook's Service {} in {}",
            self.reference.name, self.reference.namespace
        )
    }

    fn object(&self, kind: &str, name: &str) -> String {
        object(kind, name, &self.reference.namespace)
    }

    fn of_service(&self, path: &str) -> Evidence {
        Evidence::new(object_of(self.reference), path)
    }

    /// What the EndpointSlices say.
    fn ready(&self) -> Evidence {
        let endpoints = endpoints(self.case, self.reference);
        let endpoints = endpoints
            .unwrap_or(Ok(Default::default()))
            .unwrap_or_default();
        let (ready, all) = (
            endpoints.ready.len(),
            endpoints.ready.len() + endpoints.unready,
        );
        let name = format!(
            "endpointslices -l kubernetes.io/service-name={} -n {}",
            self.reference.name, self.reference.namespace
        );
        Evidence::new(name, ".items[*].endpoints[*].conditions.ready")
            .actual(format!("{ready} of {all} ready"))
            .expected("at least 1 ready")
    }

    fn port_missing(&self, called: i32, has: &[i32]) -> Explanation {
        let list: Vec<_> = has.iter().map(ToString::to_string).collect();
        let list = list.join(", ");
        let spec = self.service.metadata.clone();
        let asked = patch::evidence(
            self.destination.configuration,
            self.destination.entry,
            &["clientConfig", "service", "port"],
        );
        Explanation {
            because: format!(
                "{} has no port {called}, which {} calls; it has {list}",
                self.words(),
                self.destination.name()
            ),
            evidence: vec![
                self.of_service(".spec.ports[*].port")
                    .actual(list)
                    .expected(called.to_string())
                    .set_in(&spec, &["spec", "ports"]),
                asked.actual(called.to_string()),
            ],
            fixes: port::add(self.case, self.destination, self.service)
                .into_iter()
                .collect(),
        }
    }

    fn target_port(&self, actual: &str, expected: i32) -> Explanation {
        let called = called_port(self.reference);
        let element = format!("k:{{\"port\":{called},\"protocol\":\"TCP\"}}");
        let path = format!(".spec.ports[?(@.port=={called})].targetPort");
        Explanation {
            because: format!(
                "port {called} of {} leads to port {actual} of istiod, which serves its webhooks on {expected}",
                self.words()
            ),
            evidence: vec![
                self.of_service(&path)
                    .actual(actual)
                    .expected(expected.to_string())
                    .set_in(
                        &self.service.metadata,
                        &["spec", "ports", &element, "targetPort"],
                    ),
            ],
            fixes: port::lead_to(self.service, self.reference, expected)
                .into_iter()
                .collect(),
        }
    }

    /// The port on which the istiod that is meant serves its webhooks.
    fn serving_port(&self) -> Result<i32, Missing> {
        let deployment = istiod::deployment_of(self.case, self.destination)?;
        let container = deployment.and_then(istiod::container);
        Ok(container
            .and_then(injector_port)
            .unwrap_or(names::INJECTOR_PORT))
    }

    fn selector(&self) -> Evidence {
        let selector = istiod::selector(self.service);
        self.of_service(".spec.selector")
            .actual(in_words(&selector))
            .set_in(&self.service.metadata, &["spec", "selector"])
    }

    fn selects_nothing(&self, pods: &[&Pod]) -> Result<Explanation, Missing> {
        let names: Vec<_> = pods.iter().map(|pod| istiod::pod_name(pod)).collect();
        let because = format!(
            "{} selects {}, which istiod's {} {} not labelled with",
            self.words(),
            in_words(&istiod::selector(self.service)),
            names.join(", "),
            if names.len() == 1 { "is" } else { "are" },
        );
        self.selector_explained(because, pods)
    }

    fn wrong_pods(&self, others: &[String]) -> Result<Explanation, Missing> {
        let because = format!(
            "{} selects {}, which leads to {}, not to istiod",
            self.words(),
            in_words(&istiod::selector(self.service)),
            others.join(", ")
        );
        let pods = self.case.istiod_pods(&self.reference.namespace)?;
        let meant = istiod::deployment_of(self.case, self.destination)?;
        self.selector_explained(because, &of_destination(pods, self.destination, meant))
    }

    fn selector_explained(&self, because: String, pods: &[&Pod]) -> Result<Explanation, Missing> {
        let deployment = istiod::deployment_of(self.case, self.destination)?;
        let wanted =
            deployment.and_then(|one| selector_for(self.case, &self.reference.namespace, one));
        let mut selector = self.selector();
        selector.expected.clone_from(&wanted);
        let selected = istiod::selector(self.service);
        let of_interest = |key: &String| {
            selected.contains_key(key) || ["app", "istio", names::ISTIO_REV].contains(&key.as_str())
        };
        let labels = pods.iter().take(3).map(|pod| {
            let mut labels = pod.metadata.labels.clone().unwrap_or_default();
            labels.retain(|key, _| of_interest(key));
            let object = self.object("pod", istiod::pod_name(pod));
            Evidence::new(object, ".metadata.labels").actual(in_words(&labels))
        });
        let fixes = match (deployment, wanted) {
            (_, Some(wanted)) => vec![selector::set(self.reference, self.service, &wanted)],
            (Some(_), None) => vec![self.see_labels()],
            (None, _) => service::replace(self.case, self.destination, self.reference),
        };
        Ok(Explanation {
            because,
            evidence: std::iter::once(selector).chain(labels).collect(),
            fixes,
        })
    }

    fn see_labels(&self) -> Fix {
        let namespace = self.reference.namespace.as_str();
        Fix::new(
            "see which labels tell istiod's pods from others",
            Risk::ReadOnly,
            "nothing: it shows the pods with their labels, of which the Service has to select istiod's",
        )
        .run(Command::kubectl([
            "get",
            "pods",
            "-n",
            namespace,
            "--show-labels",
        ]))
    }

    fn unready(&self, pods: &[&Pod]) -> Result<Explanation, Missing> {
        let state = |pod: &&Pod| format!("pod {} is {}", istiod::pod_name(pod), state(pod));
        let states: Vec<_> = pods.iter().take(3).map(state).collect();
        let because = format!(
            "no endpoint of {} is ready because {}",
            self.words(),
            states.join("; ")
        );
        let evidence = pods.iter().take(3).map(|pod| {
            let object = self.object("pod", istiod::pod_name(pod));
            Evidence::new(object, ".status.conditions[?(@.type==\"Ready\")].status")
                .actual(format!("False: {}", super::pod_state::state(pod)))
                .expected("True")
        });
        let deployment = istiod::deployment_of(self.case, self.destination)?;
        Ok(Explanation {
            because,
            evidence: std::iter::once(self.ready()).chain(evidence).collect(),
            fixes: self.fixes_of_unready(pods, deployment),
        })
    }

    fn fixes_of_unready(&self, pods: &[&Pod], deployment: Option<&Deployment>) -> Vec<Fix> {
        let namespace = self.reference.namespace.as_str();
        let mut fixes = Vec::new();
        if let Some(pod) = pods.first() {
            let name = istiod::pod_name(pod);
            let mut look = Fix::new(
                "see why istiod is not ready",
                Risk::ReadOnly,
                "nothing: it shows events and logs of the pod",
            )
            .run(Command::kubectl(["describe", "pod", name, "-n", namespace]));
            if !cannot_start(pod) {
                let container = istiod_container(pod).map_or("discovery", |one| one.name.as_str());
                let mut words = vec!["logs", name, "-n", namespace, "-c", container, "--tail=50"];
                words.extend(has_restarted(pod).then_some("--previous"));
                look = look.run(Command::kubectl(words));
            }
            fixes.push(look);
        }
        let Some(deployment) = deployment else {
            return fixes;
        };
        if let Some(undo) = roll_back(deployment, namespace) {
            let at = if pods.iter().any(|pod| cannot_start(pod)) {
                0
            } else {
                fixes.len()
            };
            fixes.insert(at, undo);
        }
        fixes.push(
            Fix::new(
                format!("restart deployment/{}", istiod::name(deployment)),
                Risk::MeshWide,
                "istiod's pods are made anew, which helps where what they wait for has come since",
            )
            .run_all(istiod::restart(deployment, namespace)),
        );
        fixes
    }

    fn no_pods(&self, deployment: &Deployment) -> Explanation {
        let name = istiod::name(deployment);
        let namespace = self.reference.namespace.as_str();
        let object = self.object("deployment", name);
        let replicas = deployment.spec.as_ref().and_then(|spec| spec.replicas);
        if replicas == Some(0) {
            let scale = |replicas: i32| {
                let reference = format!("deployment/{name}");
                let replicas = format!("--replicas={replicas}");
                Command::kubectl(["scale", &reference, "-n", namespace, &replicas])
            };
            return Explanation {
                because: format!(
                    "no endpoint of {} is ready because deployment/{name} is scaled to 0",
                    self.words()
                ),
                evidence: vec![
                    Evidence::new(object, ".spec.replicas")
                        .actual("0")
                        .expected("1 or more")
                        .set_in(&deployment.metadata, &["spec", "replicas"]),
                    self.ready(),
                ],
                fixes: vec![
                    Fix::new(
                        format!("scale deployment/{name} up"),
                        Risk::MeshWide,
                        "istiod runs again, and the webhook's calls arrive",
                    )
                    .run(scale(1))
                    .run(istiod::wait(deployment, namespace))
                    .undo(scale(0)),
                ],
            };
        }
        let conditions = deployment
            .status
            .iter()
            .flat_map(|status| &status.conditions)
            .flatten();
        let failures: Vec<_> = conditions
            .filter(|one| (one.type_ == "ReplicaFailure") == (one.status == "True"))
            .filter_map(|one| Some((one.type_.as_str(), one.message.as_deref()?)))
            .collect();
        let why = failures
            .iter()
            .find(|(type_, _)| *type_ == "ReplicaFailure");
        let why = why.or(failures.first()).map_or_else(
            || "has no pods".to_owned(),
            |(_, message)| format!("has no pods: {message}"),
        );
        let conditions = failures.iter().map(|(type_, message)| {
            let path = format!(".status.conditions[?(@.type==\"{type_}\")].message");
            Evidence::new(object.clone(), path).actual(*message)
        });
        let look = Fix::new(
            "see why istiod's Deployment makes no pods",
            Risk::ReadOnly,
            "nothing: it shows conditions and events",
        )
        .run(Command::kubectl([
            "describe",
            "deployment",
            name,
            "-n",
            namespace,
        ]))
        .run(Command::kubectl([
            "get",
            "events",
            "-n",
            namespace,
            "--sort-by=.lastTimestamp",
        ]));
        Explanation {
            because: format!(
                "no endpoint of {} is ready because deployment/{name} {why}",
                self.words()
            ),
            evidence: std::iter::once(self.ready()).chain(conditions).collect(),
            fixes: vec![look],
        }
    }

    fn gone(&self) -> Explanation {
        Explanation {
            because: format!(
                "no endpoint of {} is ready because no Deployment of istiod is there for it",
                self.words()
            ),
            evidence: vec![self.ready(), self.selector()],
            fixes: service::replace(self.case, self.destination, self.reference),
        }
    }

    fn unmanaged(&self) -> Explanation {
        let label = format!("kubernetes.io/service-name={}", self.reference.name);
        let namespace = self.reference.namespace.as_str();
        Explanation {
            because: format!(
                "{} has no selector, and whoever makes its endpoints has made none that is ready",
                self.words()
            ),
            evidence: vec![self.ready(), self.of_service(".spec.selector")],
            fixes: vec![
                Fix::new(
                    "see who makes the endpoints",
                    Risk::ReadOnly,
                    "nothing: it shows the EndpointSlices with who set them",
                )
                .run(Command::kubectl([
                    "get",
                    "endpointslices",
                    "-n",
                    namespace,
                    "-l",
                    &label,
                    "-o",
                    "yaml",
                    "--show-managed-fields",
                ])),
            ],
        }
    }
}

/// Back to how the Deployment was before its last change; none where it has never been changed.
fn roll_back(deployment: &Deployment, namespace: &str) -> Option<Fix> {
    let annotations = deployment.metadata.annotations.as_ref()?;
    let revision: u64 = annotations
        .get("deployment.kubernetes.io/revision")?
        .parse()
        .ok()?;
    let reference = format!("deployment/{}", istiod::name(deployment));
    (revision > 1).then(|| {
        Fix::new(
            format!("undo the last change of {reference}"),
            Risk::MeshWide,
            format!("istiod runs as it did before revision {revision} of its Deployment"),
        )
        .run(Command::kubectl([
            "rollout", "undo", &reference, "-n", namespace,
        ]))
        .run(istiod::wait(deployment, namespace))
        .undo(Command::kubectl([
            "rollout",
            "undo",
            &reference,
            "-n",
            namespace,
            &format!("--to-revision={revision}"),
        ]))
    })
}
