//! What tells the version of an istiod beside its image.

use crate::facts::kinds::Pod;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::Value;

use super::beside::{Beside, Injector};
use super::number::{Number, tag};
use super::{Source, Told, Version};
use crate::facts::{Missing, who_set};
use crate::way::reached::started;
use crate::way::rendered::containers::PROXY;
use crate::way::selector::Labels;
use crate::way::{InjectorConfig, names};

/// What tells a version beside the image, and what might.
#[derive(Debug, Default)]
pub(super) struct Sources {
    told: Vec<Told>,
    unread: Vec<String>,
}

impl Sources {
    fn add(&mut self, number: Option<Number>, from: Source) {
        if let Some(number) = number {
            self.told.push(Told { number, from });
        }
    }

    pub(super) fn unread(&mut self, missing: &Missing) {
        self.unread.push(missing.0.clone());
    }

    /// What the charts and the operator write.
    pub(super) fn labels(&mut self, labels: Option<&Labels>, source: fn(&'static str) -> Source) {
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

    pub(super) fn injector(&mut self, injector: &Injector, pod: Option<&Pod>) {
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
        let number = config.values.as_ref().ok().and_then(version_of_proxies);
        let name = config_map.metadata.name.clone().unwrap_or_default();
        self.add(number, Source::Values(name));
    }

    /// The proxies that this istiod injected beside itself: those of gateways, as a rule.
    pub(super) fn proxies(&mut self, beside: &Beside, istiod: &Pod) {
        let Some(since) = started(istiod) else {
            return;
        };
        for pod in beside.pods {
            let made = pod.metadata.creation_timestamp.as_ref();
            if made.is_none_or(|made| made.0 < since) || !has_image_of(pod, beside.revision) {
                continue;
            }
            let name = pod.metadata.name.clone().unwrap_or_default();
            self.add(version_of_proxy(pod), Source::Proxy(name));
        }
    }

    /// The version, where all that tell one tell the same.
    pub(super) fn together(self, image: &str) -> Version {
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

/// The version of the proxies in the injector's values, where these name one.
pub fn version_of_proxies(values: &Value) -> Option<Number> {
    match values.pointer("/global/tag")? {
        Value::String(text) => Number::parse(text),
        Value::Number(number) => Number::parse(&number.to_string()),
        _ => None,
    }
}

/// The version of a pod's proxy, where the tag of its image names one.
pub fn version_of_proxy(pod: &Pod) -> Option<Number> {
    let spec = pod.spec.as_ref()?;
    let init_containers = spec.init_containers.iter().flatten();
    let mut containers = spec.containers.iter().chain(init_containers);
    let image = containers.find(|one| one.name == PROXY)?.image.as_deref();
    image.and_then(tag).and_then(Number::parse)
}

/// Whether a pod has a proxy of a revision's templates, with the image that these say.
pub fn has_image_of(pod: &Pod, revision: &str) -> bool {
    let Some(annotations) = &pod.metadata.annotations else {
        return false;
    };
    let status = annotations.get(names::STATUS);
    let status = status.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let by = status.as_ref().and_then(|status| status.get("revision"));
    by.and_then(Value::as_str) == Some(revision) && !annotations.contains_key(names::PROXY_IMAGE)
}
