//! The version of an istiod by its pod or its Deployment.

use std::rc::Rc;

use crate::facts::kinds::Pod;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Container};

use super::beside::Beside;
use super::number::{Number, tag};
use super::sources::Sources;
use super::{Source, Told, Version};
use crate::facts::{Object as _, Read, Resource, Snapshot};
use crate::way::injector::{istiod_container, istiod_container_of, revision};
use crate::way::selector::{Labels, requirements};
use crate::way::{InjectorConfig, names};

/// The version of the istiod in a pod. What stands beside it is looked at only where its image does not tell.
pub fn version_of_pod<'a>(pod: &Pod, beside: impl FnOnce() -> Beside<'a>) -> Version {
    let Some(container) = istiod_container(pod) else {
        return Version::Untold("no container of the pod is istiod's".to_owned());
    };
    version(container, || {
        let beside = beside();
        let mut found = Sources::default();
        found.labels(pod.metadata.labels.as_ref(), Source::PodLabel);
        match &beside.deployments {
            Ok(all) => {
                for deployment in all.iter().filter(|one| makes(one, pod, container)) {
                    let labels = deployment.metadata.labels.as_ref();
                    found.labels(labels, Source::DeploymentLabel);
                }
            }
            Err(missing) => found.unread(missing),
        }
        found.injector(&beside.injector, Some(pod));
        found.proxies(&beside, pod);
        found
    })
}

/// The version of the istiods of a Deployment, or, where it has no pods, of the one that it is to run.
pub fn version_of_deployment(snapshot: &Snapshot, deployment: &Deployment) -> Version {
    let template = deployment.spec.as_ref().map(|spec| &spec.template);
    let spec = template.and_then(|template| template.spec.as_ref());
    let Some(container) = spec.and_then(istiod_container_of) else {
        return Version::Untold("no container of the Deployment is istiod's".to_owned());
    };
    let namespace = deployment.metadata.namespace.as_deref();
    let reads = &snapshot.reads;
    let revision = revision(container);
    let name = names::with_revision(names::INJECTOR_CONFIG, revision);
    let config_map = Read::get(Resource::ConfigMap, namespace, &name);
    let injector = || {
        let objects = reads.of(&config_map).known(&config_map)?;
        let found = objects.and_then(|objects| ConfigMap::among(objects)?.first());
        Ok(found.map(|found| (found, Rc::new(InjectorConfig::parse(found)))))
    };
    let pods = reads.list::<Pod>(&Read::list(Resource::Pod, namespace));
    let pods = pods.unwrap_or_default();
    let beside = || Beside {
        deployments: Ok(std::slice::from_ref(deployment)),
        pods,
        injector: injector(),
        revision,
    };
    let running = pods.iter().filter(|pod| selects(deployment, pod));
    let running = running.filter(|pod| istiod_container(pod).is_some());
    let versions = running.map(|pod| version_of_pod(pod, beside));
    versions.reduce(Version::together).unwrap_or_else(|| {
        version(container, || {
            let mut found = Sources::default();
            let metadata = template.and_then(|template| template.metadata.as_ref());
            let labels = metadata.and_then(|metadata| metadata.labels.as_ref());
            found.labels(labels, Source::PodLabel);
            found.labels(deployment.metadata.labels.as_ref(), Source::DeploymentLabel);
            found.injector(&injector(), None);
            found
        })
    })
}

pub(super) fn version(container: &Container, beside: impl FnOnce() -> Sources) -> Version {
    let image = container.image.as_deref().unwrap_or_default();
    match tag(image).and_then(Number::parse) {
        Some(number) => Version::Told(vec![Told {
            number,
            from: Source::Image,
        }]),
        None => beside().together(image),
    }
}

/// Whether a pod is one of a Deployment's, by its labels and its image: in a rollout there are older ones.
fn makes(deployment: &Deployment, pod: &Pod, container: &Container) -> bool {
    let spec = deployment.spec.as_ref();
    let template = spec.and_then(|spec| istiod_container_of(spec.template.spec.as_ref()?));
    selects(deployment, pod) && template.is_some_and(|template| template.image == container.image)
}

fn selects(deployment: &Deployment, pod: &Pod) -> bool {
    let selector = deployment.spec.as_ref().map(|spec| &spec.selector);
    let none = Labels::new();
    let labels = pod.metadata.labels.as_ref().unwrap_or(&none);
    requirements(selector)
        .is_ok_and(|all| !all.is_empty() && all.iter().all(|one| one.is_met_by(labels)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::Missing;
    use crate::way::Config;

    fn pod(image: &str, labels: &Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"name": "istiod-1", "labels": labels},
            "spec": {"containers": [{"name": "discovery", "image": image}]},
            "status": {"containerStatuses": [{
                "name": "discovery", "image": image, "imageID": "", "ready": true, "restartCount": 0,
                "state": {"running": {"startedAt": "2026-11-21T09:00:00Z"}},
            }]},
        }))
        .unwrap()
    }

    fn deployment(image: &str, labels: &Value) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "istiod", "labels": labels},
            "spec": {
                "selector": {"matchLabels": {"app": "istiod"}},
                "template": {
                    "metadata": {"labels": {"app": "istiod"}},
                    "spec": {"containers": [{"name": "discovery", "image": image}]},
                },
            },
        }))
        .unwrap()
    }

    fn config_map(written: &str) -> ConfigMap {
        serde_json::from_value(json!({"metadata": {"name": "cm", "managedFields": [{
            "manager": "helm", "operation": "Update", "time": written, "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:values": {}}},
        }]}}))
        .unwrap()
    }

    fn gateway(tag: &str, made: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": {
                "name": "gateway", "creationTimestamp": made,
                "annotations": {"sidecar.istio.io/status": "{\"revision\":\"default\"}"},
            },
            "spec": {"containers": [{"name": "istio-proxy", "image": format!("proxyv2:{tag}")}]},
        }))
        .unwrap()
    }

    /// The version that is told, with what tells it; or why none is.
    fn told(version: &Version) -> String {
        match version {
            Version::Told(all) => {
                let words = all
                    .iter()
                    .map(|one| format!("{} by {}", one.number.text, one.from));
                words.collect::<Vec<_>>().join(", ")
            }
            Version::Untold(why) => why.clone(),
        }
    }

    #[test]
    fn what_stands_beside_an_istiod_tells_where_its_image_does_not() {
        const KEY: &str = "app.kubernetes.io/version";
        let (before, after) = ("2026-11-21T08:00:00Z", "2026-11-21T10:00:00Z");
        let no = "image \"pilot:latest\" names no version";
        let none = format!("{no}, and neither labels nor the injector's values do");
        type Row<'a> = (
            &'a str,
            Value,
            Value,
            (&'a str, &'a str),
            (&'a str, &'a str),
            &'a str,
        );
        let quiet = ("latest", before);
        let table: [Row; 14] = [
            (
                "pilot:1.26.4",
                json!({KEY: "1.31.0"}),
                json!({}),
                quiet,
                quiet,
                "1.26.4 by image tag",
            ),
            ("pilot:latest", json!({}), json!({}), quiet, quiet, &none),
            (
                "pilot:latest",
                json!({KEY: "1.24.6"}),
                json!({}),
                quiet,
                quiet,
                "1.24.6 by label app.kubernetes.io/version of the pod",
            ),
            (
                "pilot:latest",
                json!({KEY: "1.0.0"}),
                json!({}),
                quiet,
                quiet,
                &none,
            ),
            (
                "pilot:latest",
                json!({"helm.sh/chart": "istiod-1.24.6"}),
                json!({}),
                quiet,
                quiet,
                "1.24.6 by label helm.sh/chart of the pod",
            ),
            (
                "pilot:latest",
                json!({"helm.sh/chart": "platform-1.24.6"}),
                json!({}),
                quiet,
                quiet,
                &none,
            ),
            (
                "pilot:latest",
                json!({}),
                json!({"operator.istio.io/version": "1.23.1"}),
                quiet,
                quiet,
                "1.23.1 by label operator.istio.io/version of the Deployment",
            ),
            // Another image: the Deployment's next pods, not this one.
            (
                "pilot:prod",
                json!({}),
                json!({KEY: "1.31.0"}),
                quiet,
                quiet,
                "image \"pilot:prod\" names no version, and neither labels nor the injector's values do",
            ),
            (
                "pilot:latest",
                json!({}),
                json!({}),
                ("1.24.6", before),
                quiet,
                "1.24.6 by global.tag in ConfigMap cm",
            ),
            (
                "pilot:latest",
                json!({}),
                json!({}),
                ("1.24.6", after),
                quiet,
                &none,
            ),
            (
                "pilot:latest",
                json!({}),
                json!({}),
                quiet,
                ("1.24.6", after),
                "1.24.6 by proxy image of pod gateway",
            ),
            (
                "pilot:latest",
                json!({}),
                json!({}),
                quiet,
                ("1.24.6", before),
                &none,
            ),
            (
                "pilot:latest",
                json!({KEY: "1.24.6"}),
                json!({}),
                ("1.24.5", before),
                quiet,
                "1.24 by label app.kubernetes.io/version of the pod",
            ),
            (
                "pilot:latest",
                json!({KEY: "1.24.6"}),
                json!({}),
                ("1.31.0", before),
                quiet,
                "image \"pilot:latest\" names no version, label app.kubernetes.io/version of the pod says 1.24.6, and global.tag in ConfigMap cm says 1.31.0",
            ),
        ];
        for (image, pod_labels, labels, (tag, written), (proxy, made), expected) in table {
            let mut all = pod_labels.clone();
            all["app"] = json!("istiod");
            let deployments = [deployment("pilot:latest", &labels)];
            let pods = [gateway(proxy, made)];
            let config_map = config_map(written);
            let config = InjectorConfig::new(
                Ok(Config::default().into()),
                Ok(json!({"global": {"tag": tag}})),
            );
            let version = version_of_pod(&pod(image, &all), || Beside {
                deployments: Ok(&deployments),
                pods: &pods,
                injector: Ok(Some((&config_map, Rc::new(config)))),
                revision: "default",
            });
            assert_eq!(told(&version), expected, "{image} {pod_labels} {labels}");
        }
    }

    #[test]
    fn what_was_not_read_may_say_otherwise() {
        let labels = json!({"app.kubernetes.io/version": "1.24.6"});
        let version = version_of_pod(&pod("pilot:latest", &labels), || Beside {
            deployments: Err(Missing("cannot list deployments.apps".to_owned())),
            pods: &[],
            injector: Ok(None),
            revision: "default",
        });
        assert_eq!(
            told(&version),
            "image \"pilot:latest\" names no version, and cannot list deployments.apps"
        );
    }
}
