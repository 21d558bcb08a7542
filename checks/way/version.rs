//! Which version an istiod is of, and what tells.
//!
//! The image that runs is the truth, and as a rule its tag names the version. Where the tag is one of somebody's own
//! (`latest`, a mirror's), or there is a digest only, what the charts write beside it tells: labels, and the tag of the
//! proxies. These may lag behind the image, so they count only where they do not contradict each other.
//!
//! Sources: Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates` (`_helpers.tpl`, `deployment.yaml`,
//! `istiod-injector-configmap.yaml`); istio/operator 1.23, `pkg/component` (`operator.istio.io/version`).

use std::fmt;
use std::ops::RangeInclusive;
use std::rc::Rc;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Container, Pod};
use serde_json::Value;

use super::injector::{istiod_container, istiod_container_of, revision};
use super::selector::{Labels, requirements};
use super::{InjectorConfig, names};
use crate::facts::{Missing, Object as _, Read, Resource, Snapshot, who_set};
use crate::way::reached::started;

/// N of the versions 1.N that it may be where nothing tells: revisions came with 1.6, and the rules are those of 1.32.
const POSSIBLE: RangeInclusive<u32> = 6..=32;

/// A version of Istio.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// N of 1.N.
    pub minor: u32,
    /// P of 1.N.P, where it is told.
    pub patch: Option<u32>,
    /// As it is written, without the image's variant: `1.26.4`.
    pub text: String,
}

impl Number {
    fn of_minor(minor: u32) -> Self {
        Self {
            minor,
            patch: None,
            text: format!("1.{minor}"),
        }
    }

    /// The version in a tag, a label or the like; none where the text is no version of Istio's.
    fn parse(text: &str) -> Option<Self> {
        let plain = ["-distroless", "-debug"]
            .iter()
            .find_map(|variant| text.strip_suffix(variant));
        let plain = plain.unwrap_or(text);
        let number = plain.strip_prefix('v').unwrap_or(plain);
        let mut segments = number.strip_prefix("1.")?.split(['.', '-', '+']);
        let minor = segments.next()?.parse().ok()?;
        let patch = segments.next().and_then(|patch| patch.parse().ok());
        (minor >= *POSSIBLE.start()).then(|| Self {
            minor,
            patch,
            text: number.to_owned(),
        })
    }
}

/// What tells a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The tag of the image that runs.
    Image,
    /// A label of istiod's pod.
    PodLabel(&'static str),
    /// A label of the pod's Deployment.
    DeploymentLabel(&'static str),
    /// The tag of the proxies in the values of the injector's ConfigMap, of this name.
    Values(String),
    /// The image of a proxy that it injected: that of the pod of this name.
    Proxy(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image => f.write_str("image tag"),
            Self::PodLabel(key) => write!(f, "label {key} of the pod"),
            Self::DeploymentLabel(key) => write!(f, "label {key} of the Deployment"),
            Self::Values(name) => write!(f, "global.tag in ConfigMap {name}"),
            Self::Proxy(pod) => write!(f, "proxy image of pod {pod}"),
        }
    }
}

/// A version, and what tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The version.
    pub number: Number,
    /// What tells it.
    pub from: Source,
}

/// The version of an istiod, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// Those of the istiods that answer in turn: as a rule one.
    Told(Vec<Told>),
    /// Nothing tells, or not the same: why.
    Untold(String),
}

impl Version {
    /// That of an image with this tag, and nothing beside it.
    #[cfg(test)]
    pub fn of(tag: &str) -> Self {
        let container = Container {
            image: Some(format!("pilot:{tag}")),
            ..Container::default()
        };
        version(&container, Sources::default)
    }

    /// The one version that is told.
    pub fn one(&self) -> Option<&Told> {
        match self {
            Self::Told(all) if all.len() == 1 => all.first(),
            _ => None,
        }
    }

    /// The versions that it may be.
    fn possible(&self) -> Vec<Number> {
        match self {
            Self::Told(all) => all.iter().map(|one| one.number.clone()).collect(),
            Self::Untold(_) => POSSIBLE.map(Number::of_minor).collect(),
        }
    }

    /// What comes of each version that it may be, each answer once.
    pub fn answers<T: PartialEq>(&self, of: impl Fn(&Number) -> T) -> Vec<T> {
        let mut answers = Vec::new();
        for answer in self.possible().iter().map(of) {
            if !answers.contains(&answer) {
                answers.push(answer);
            }
        }
        answers
    }

    /// What comes of it, where the same comes of all versions that it may be.
    ///
    /// # Errors
    /// [`Missing`] where the version decides.
    pub fn agreed<T: PartialEq>(&self, of: impl Fn(&Number) -> T) -> Result<T, Missing> {
        let mut answers = self.answers(of);
        match (answers.pop(), answers.is_empty()) {
            (Some(answer), true) => Ok(answer),
            _ => Err(self.missing()),
        }
    }

    /// That the version decides, and why it is not known.
    pub fn missing(&self) -> Missing {
        Missing(match self {
            Self::Told(all) => {
                let words: Vec<_> = all.iter().map(|one| one.number.text.as_str()).collect();
                format!(
                    "the version of istiod decides, and istiods of versions {} answer in turn",
                    words.join(" and ")
                )
            }
            Self::Untold(why) => {
                format!("the version of istiod decides, and cannot be read: {why}")
            }
        })
    }

    /// The versions of istiods that answer in turn.
    pub fn together(self, other: Self) -> Self {
        match (self, other) {
            (Self::Told(mut all), Self::Told(more)) => {
                for one in more {
                    let is_it = |known: &Told| known.number == one.number;
                    if !all.iter().any(is_it) {
                        all.push(one);
                    }
                }
                all.sort();
                Self::Told(all)
            }
            (untold @ Self::Untold(_), _) | (_, untold) => untold,
        }
    }
}

/// The injector's ConfigMap, and what is in it.
type Injector<'a> = Result<Option<(&'a ConfigMap, Rc<InjectorConfig>)>, Missing>;

/// What stands beside an istiod, and may tell its version where its image does not.
#[derive(Debug)]
pub struct Beside<'a> {
    /// The Deployments of its namespace.
    pub deployments: Result<&'a [Deployment], Missing>,
    /// The pods of its namespace.
    pub pods: &'a [Pod],
    /// That of its revision.
    pub injector: Injector<'a>,
    /// Its revision.
    pub revision: &'a str,
}

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
        let objects = reads.of(&config_map).known(&config_map.to_string())?;
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

fn version(container: &Container, beside: impl FnOnce() -> Sources) -> Version {
    let image = container.image.as_deref().unwrap_or_default();
    match tag(image).and_then(Number::parse) {
        Some(number) => Version::Told(vec![Told {
            number,
            from: Source::Image,
        }]),
        None => beside().together(image),
    }
}

/// The tag of an image, with or without a digest. A colon before the last slash belongs to the registry's port.
fn tag(image: &str) -> Option<&str> {
    let (name, _) = image.split_once('@').unwrap_or((image, ""));
    let (_, tag) = name.rsplit_once(':')?;
    (!tag.contains('/')).then_some(tag)
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

/// What tells a version beside the image, and what might.
#[derive(Debug, Default)]
struct Sources {
    told: Vec<Told>,
    unread: Vec<String>,
}

impl Sources {
    fn add(&mut self, number: Option<Number>, from: Source) {
        if let Some(number) = number {
            self.told.push(Told { number, from });
        }
    }

    fn unread(&mut self, missing: &Missing) {
        self.unread.push(missing.0.clone());
    }

    /// What the charts and the operator write.
    fn labels(&mut self, labels: Option<&Labels>, source: fn(&'static str) -> Source) {
        let value = |key: &str| labels.and_then(|labels| labels.get(key));
        for key in ["app.kubernetes.io/version", "operator.istio.io/version"] {
            self.add(value(key).and_then(|text| Number::parse(text)), source(key));
        }
        let key = "helm.sh/chart";
        let chart = value(key).and_then(|chart| {
            let charts = ["istiod-", "istio-discovery-"];
            charts.iter().find_map(|name| chart.strip_prefix(name))
        });
        self.add(chart.and_then(Number::parse), source(key));
    }

    fn injector(&mut self, injector: &Injector, pod: Option<&Pod>) {
        match injector {
            Ok(Some((config_map, config))) => self.values(config_map, config, pod),
            Ok(None) => {}
            Err(missing) => self.unread(missing),
        }
    }

    /// The tag of the proxies, unless it was written after istiod came up: an upgrade writes it before the new pod.
    fn values(&mut self, config_map: &ConfigMap, config: &InjectorConfig, pod: Option<&Pod>) {
        let written = who_set(&config_map.metadata, &["data", "values"]).and_then(|one| one.at);
        let started = pod.and_then(started);
        if written
            .zip(started)
            .is_some_and(|(at, started)| at > started)
        {
            return;
        }
        let values = config.values.as_ref().ok();
        let number = match values.and_then(|values| values.pointer("/global/tag")) {
            Some(Value::String(text)) => Number::parse(text),
            Some(Value::Number(number)) => Number::parse(&number.to_string()),
            _ => None,
        };
        let name = config_map.metadata.name.clone().unwrap_or_default();
        self.add(number, Source::Values(name));
    }

    /// The proxies that this istiod injected beside itself: those of gateways, as a rule.
    fn proxies(&mut self, beside: &Beside, istiod: &Pod) {
        let Some(since) = started(istiod) else {
            return;
        };
        for pod in beside.pods {
            let made = pod.metadata.creation_timestamp.as_ref();
            if made.is_none_or(|made| made.0 < since) || !is_injected_by(pod, beside.revision) {
                continue;
            }
            let spec = pod.spec.iter();
            let mut containers = spec.flat_map(|spec| {
                let init_containers = spec.init_containers.iter().flatten();
                spec.containers.iter().chain(init_containers)
            });
            let proxy = containers.find(|one| one.name == super::rendered::containers::PROXY);
            let image = proxy.and_then(|proxy| proxy.image.as_deref());
            let name = pod.metadata.name.clone().unwrap_or_default();
            self.add(
                image.and_then(tag).and_then(Number::parse),
                Source::Proxy(name),
            );
        }
    }

    /// The version, where all that tell one tell the same.
    fn together(self, image: &str) -> Version {
        let image = format!("image {image:?} names no version");
        if !self.unread.is_empty() {
            return Version::Untold(format!("{image}, and {}", self.unread.join(", ")));
        }
        let Some(first) = self.told.first() else {
            return Version::Untold(format!(
                "{image}, and neither labels nor the injector's values do"
            ));
        };
        if let Some(other) = (self.told.iter()).find(|one| one.number.minor != first.number.minor) {
            return Version::Untold(format!(
                "{image}, {} says {}, and {} says {}",
                first.from, first.number.text, other.from, other.number.text
            ));
        }
        let mut told = first.clone();
        if self
            .told
            .iter()
            .any(|one| one.number.patch != told.number.patch)
        {
            told.number = Number::of_minor(told.number.minor);
        }
        Version::Told(vec![told])
    }
}

/// Whether a pod has a proxy of a revision's templates, with the image that these say.
fn is_injected_by(pod: &Pod, revision: &str) -> bool {
    let Some(annotations) = &pod.metadata.annotations else {
        return false;
    };
    let status = annotations.get(names::STATUS);
    let status = status.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let by = status.as_ref().and_then(|status| status.get("revision"));
    by.and_then(Value::as_str) == Some(revision) && !annotations.contains_key(names::PROXY_IMAGE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::way::Config;

    #[test]
    fn a_tag_is_a_version_or_a_name_of_somebodys_own() {
        for (image, expected) in [
            ("docker.io/istio/pilot:1.31.0", Some("1.31.0")),
            ("istio/pilot:1.31.0-distroless", Some("1.31.0")),
            ("istio/pilot:v1.31.0-debug", Some("1.31.0")),
            ("pilot:1.20.3-asm.4", Some("1.20.3-asm.4")),
            ("pilot:1.32-alpha.8c8ee1", Some("1.32-alpha.8c8ee1")),
            ("pilot:1.28", Some("1.28")),
            ("registry:5000/pilot:1.30.1@sha256:0123", Some("1.30.1")),
            ("pilot@sha256:0123", None),
            ("registry:5000/pilot", None),
            ("registry:5000/1.31.0", None),
            ("pilot:latest", None),
            ("pilot:1.0.0", None),
            ("pilot:1.26x", None),
            ("pilot:2.1.0", None),
            ("pilot:prod-2026-11", None),
            ("pilot", None),
        ] {
            let number = tag(image).and_then(Number::parse);
            let text = number.as_ref().map(|number| number.text.as_str());
            assert_eq!(text, expected, "{image}");
        }
        let number = Number::parse("1.27.9-distroless").unwrap();
        assert_eq!((number.minor, number.patch), (27, Some(9)));
    }

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
            let config = InjectorConfig {
                config: Ok(Config::default().into()),
                values: Ok(json!({"global": {"tag": tag}})),
            };
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

    #[test]
    fn only_what_all_versions_agree_on_is_decided() {
        let told = |texts: &[&str]| {
            let all = texts.iter().map(|text| Told {
                number: Number::parse(text).unwrap(),
                from: Source::Image,
            });
            Version::Told(all.collect())
        };
        let since_27 = |number: &Number| number.minor >= 27;
        let both = told(&["1.26.4"]).together(told(&["1.27.0"]));
        for (version, expected) in [
            (told(&["1.26.4"]), Ok(false)),
            (told(&["1.31.0"]), Ok(true)),
            (told(&["1.30.2"]).together(told(&["1.31.0"])), Ok(true)),
            (both.clone(), Err("istiods of versions 1.26.4 and 1.27.0")),
            (
                both.together(Version::Untold("no tag".to_owned())),
                Err("cannot be read: no tag"),
            ),
        ] {
            match (version.agreed(since_27), expected) {
                (Ok(answer), Ok(expected)) => assert_eq!(answer, expected, "{version:?}"),
                (Err(Missing(why)), Err(words)) => assert!(why.contains(words), "{why}"),
                (answer, _) => panic!("{version:?}: {answer:?}"),
            }
            assert_eq!(version.agreed(|number| number.minor > 2), Ok(true));
        }
    }
}
