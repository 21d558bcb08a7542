//! Are the endpoints of the Service istiod's?

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::Container;

use super::endpoints::Endpoints;
use super::istiod::Istiod;
use super::service::called_port;
use super::step::Step;
use crate::facts::Missing;
use crate::way::Case;
use crate::way::injector::{is_hidden, istiod_container, native_sidecars, revision};
use crate::way::names;
use crate::way::version::{Beside, version_of_pod};

mod target_port;
mod wrong_pods;

pub use target_port::TargetPort;
pub use wrong_pods::WrongPods;

/// The pods to which a Service leads.
#[derive(Clone, Debug, Default)]
pub struct Backends<'a> {
    /// Those of istiod, with the port on which they are called.
    pub istiods: Vec<(i32, Istiod, &'a Pod)>,
    /// The names of pods that are no istiod.
    pub others: Vec<String>,
    /// Whether one of those is a gateway, which may lead on to an istiod.
    pub gateway: bool,
    /// How many endpoints are no pod that was seen.
    pub unseen: usize,
}

/// The pods behind ready endpoints.
///
/// # Errors
/// [`Missing`] where the pods beside the Service were not read.
pub fn backends<'a>(
    case: &Case<'a>,
    service: &ServiceReference,
    endpoints: &Endpoints,
) -> Result<Backends<'a>, Missing> {
    let pods = case.istiod_pods(&service.namespace)?;
    let mut backends = Backends::default();
    for (port, name) in &endpoints.ready {
        let is_it = |pod: &&Pod| name.is_some() && pod.metadata.name == *name;
        let Some(pod) = pods.iter().find(is_it) else {
            backends.unseen += 1;
            continue;
        };
        let Some(container) = istiod_container(pod) else {
            backends.gateway |= is_gateway(pod);
            backends.others.extend(name.clone());
            continue;
        };
        if is_hidden(container, "REVISION") {
            return Err(Missing(format!(
                "the revision of the istiod in pod {} is not visible: its variable REVISION is set from elsewhere",
                name.as_deref().unwrap_or_default()
            )));
        }
        let revision = revision(container);
        let version = version_of_pod(pod, || beside(case, &service.namespace, pods, revision));
        let istiod = Istiod {
            namespace: service.namespace.clone(),
            revision: revision.to_owned(),
            native_sidecars: native_sidecars(container, &version, service.path.as_deref()),
            version,
        };
        backends.istiods.push((*port, istiod, pod));
    }
    Ok(backends)
}

/// What may tell the version of an istiod in these pods.
fn beside<'a>(case: &Case<'a>, namespace: &str, pods: &'a [Pod], revision: &'a str) -> Beside<'a> {
    let name = names::with_revision(names::INJECTOR_CONFIG, revision);
    let injector = case
        .injector_config_map(namespace, &name)
        .and_then(|config_map| {
            let config = case.injector_config(namespace, &name)?;
            Ok(config_map.zip(config))
        });
    Beside {
        deployments: case.istiod_deployments(namespace),
        pods,
        injector,
        revision,
    }
}

/// The numbers of the ports of a pod's containers that have this name.
pub fn ports_named<'p>(pod: &'p Pod, name: &'p str) -> impl Iterator<Item = i32> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let ports = containers.flat_map(|container| container.ports.iter().flatten());
    let named = ports.filter(move |port| port.name.as_deref() == Some(name));
    named.map(|port| port.container_port)
}

fn is_gateway(pod: &Pod) -> bool {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut arguments = containers.flat_map(|container| container.args.iter().flatten());
    arguments.any(|argument| argument == "router")
}

impl<'a> Backends<'a> {
    /// The istiod behind the Service, and its pods.
    pub fn istiod<O>(&self, service: &ServiceReference) -> Step<(Istiod, Vec<&'a Pod>), O>
    where
        O: From<WrongPods> + From<TargetPort>,
    {
        let name = &service.name;
        if self.unseen > 0 {
            return Err(Missing(format!(
                "an endpoint of Service {name} is no pod of {}, so who answers is not visible",
                service.namespace
            )));
        }
        if self.gateway {
            return Err(Missing(format!(
                "Service {name} leads to a gateway: where that leads to is not known"
            )));
        }
        let Some((_, istiod, _)) = self.istiods.first() else {
            return Ok(Err(WrongPods {
                service: service.into(),
                pods: self.others.clone(),
            }
            .into()));
        };
        let differs = |(_, other, _): &(i32, Istiod, &Pod)| other.revision != istiod.revision;
        if !self.others.is_empty() || self.istiods.iter().any(differs) {
            return Err(Missing(format!(
                "Service {name} leads to different programs or revisions in turn"
            )));
        }
        let mut wrong = self
            .istiods
            .iter()
            .filter_map(|(port, _, pod)| wrong_port(service, *port, pod));
        match (wrong.next(), wrong.count() + 1 == self.istiods.len()) {
            (None, _) => {}
            (Some(wrong), true) => return Ok(Err(wrong.into())),
            (Some(_), false) => {
                return Err(Missing(format!(
                    "Service {name} leads to different ports of istiod in turn"
                )));
            }
        }
        let mut together = istiod.clone();
        for (_, other, _) in &self.istiods {
            together.version = together.version.together(other.version.clone());
            together.native_sidecars.extend(&other.native_sidecars);
        }
        let pods = self.istiods.iter().map(|(_, _, pod)| *pod);
        Ok(Ok((together, pods.collect())))
    }
}

fn wrong_port(service: &ServiceReference, actual: i32, pod: &Pod) -> Option<TargetPort> {
    let expected = injector_port(istiod_container(pod)?)?;
    (actual != expected).then(|| TargetPort {
        service: service.into(),
        called: called_port(service),
        actual,
        expected,
    })
}

/// The port on which an istiod serves the injector by TLS: `--httpsAddr`, whose default is `:15017`;
/// none where that is off, and something else has to do the TLS.
pub fn injector_port(container: &Container) -> Option<i32> {
    const FLAG: &str = "--httpsAddr";
    let words = container.command.iter().chain(&container.args).flatten();
    let words: Vec<_> = words.map(String::as_str).collect();
    let set = words.windows(2).filter_map(|pair| match pair {
        [FLAG, value] => Some(*value),
        _ => None,
    });
    let joined = words
        .iter()
        .filter_map(|word| word.strip_prefix(FLAG)?.strip_prefix('='));
    match set.chain(joined).last() {
        None => Some(names::INJECTOR_PORT),
        Some(address) => address.rsplit_once(':')?.1.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_what_the_arguments_say() {
        for (arguments, port) in [
            (vec!["discovery"], Some(15017)),
            (vec!["discovery", "--httpsAddr=:8443"], Some(8443)),
            (vec!["discovery", "--httpsAddr", "[::]:9443"], Some(9443)),
            (vec!["discovery", "--httpsAddr="], None),
        ] {
            let container = Container {
                args: Some(arguments.iter().map(|&word| word.to_owned()).collect()),
                ..Container::default()
            };
            assert_eq!(injector_port(&container), port, "{arguments:?}");
        }
    }
}
