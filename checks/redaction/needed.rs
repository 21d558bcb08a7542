//! What of labels, annotations and templates the rest of a snapshot needs.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::{MatchCondition, MatchResources};
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use crate::causes::rendered::templates::corrected;
use crate::facts::kinds::{
    ConfigMap, Deployment, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding,
    MutatingWebhookConfiguration, Service, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
};
use crate::facts::{Kind, MakesPods, Object, Snapshot, Store, for_workload};
use crate::rules::istio_keys;
use crate::rules::templates::templates;
use crate::way::discovery::discovery_selectors;
use crate::way::rendered::containers::{GATEWAY, is_gateway};
use crate::way::{InjectorConfig, names};

/// The template that a fix asks for where the default is not there.
const STOCK: &str = "sidecar";

/// What decides in a snapshot.
#[derive(Debug, Default)]
pub struct Needed {
    /// The keys of labels by which something selects.
    labels: BTreeSet<String>,
    /// The expressions of matchConditions.
    expressions: Vec<String>,
    /// The names of the templates that some pod is rendered from.
    pub templates: BTreeSet<String>,
    /// Their texts.
    pub texts: Vec<String>,
    /// The names of all annotations of pods, as templates quote them.
    of_pods: BTreeSet<String>,
}

impl Needed {
    /// What decides in this snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut needed = Self::default();
        needed.select(&snapshot.reads);
        needed.render(snapshot);
        needed
    }

    /// Whether there are matchConditions, which can ask for any field of a pod.
    pub fn is_asked(&self) -> bool {
        !self.expressions.is_empty()
    }

    /// Whether something selects by the label of this key.
    pub fn selects(&self, key: &str) -> bool {
        self.labels.contains(key) || self.is_quoted(key)
    }

    /// Whether a matchCondition asks for a key: as a text, or as a field.
    pub fn is_quoted(&self, key: &str) -> bool {
        let quoted = [format!("\"{key}\""), format!("'{key}'")];
        let field = [format!(".{key}"), format!(".?{key}")];
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let is_field = |expression: &str| {
            let mut found = field.iter().flat_map(|field| {
                let places = expression.match_indices(field.as_str());
                places.filter_map(|(at, field)| expression.get(at + field.len()..))
            });
            found.any(ends)
        };
        let mut expressions = self.expressions.iter();
        expressions.any(|one| quoted.iter().any(|quoted| one.contains(quoted)) || is_field(one))
    }

    /// Whether a template that is rendered prints the annotation of this name.
    pub fn is_printed(&self, name: &str) -> bool {
        let quoted = [format!("\"{name}\""), format!("`{name}`")];
        let mut texts = self.texts.iter();
        texts.any(|text| quoted.iter().any(|quoted| text.contains(quoted)))
    }

    /// Whether an action of a template names an annotation that some pod has, or how its traffic is redirected.
    pub fn is_of_pods(&self, action: &str) -> bool {
        action.contains("interceptionMode") || self.of_pods.iter().any(|one| action.contains(one))
    }

    fn select(&mut self, reads: &Store) {
        for webhook in reads
            .every::<MutatingWebhookConfiguration>()
            .flat_map(|configuration| configuration.webhooks.iter().flatten())
        {
            let selectors = [&webhook.namespace_selector, &webhook.object_selector];
            selectors.into_iter().flatten().for_each(|one| self.by(one));
            self.ask(webhook.match_conditions.as_deref());
        }
        self.select_by_policies(reads);
        let specs = reads
            .every::<Service>()
            .filter_map(|service| service.spec.as_ref());
        for selector in specs.filter_map(|spec| spec.selector.as_ref()) {
            self.labels.extend(selector.keys().cloned());
        }
        for spec in reads
            .every::<Deployment>()
            .filter_map(|one| one.spec.as_ref())
        {
            self.by(&spec.selector);
        }
        for config_map in reads.every::<ConfigMap>() {
            discovery_selectors(config_map)
                .iter()
                .for_each(|one| self.by(one));
        }
    }

    /// Whatever else has a say about pods.
    fn select_by_policies(&mut self, reads: &Store) {
        for webhook in reads
            .every::<ValidatingWebhookConfiguration>()
            .flat_map(|configuration| configuration.webhooks.iter().flatten())
        {
            let selectors = [&webhook.namespace_selector, &webhook.object_selector];
            selectors.into_iter().flatten().for_each(|one| self.by(one));
            self.ask(webhook.match_conditions.as_deref());
        }
        let validating = reads
            .every::<ValidatingAdmissionPolicy>()
            .map(|one| &one.spec);
        let mutating = reads
            .every::<MutatingAdmissionPolicy>()
            .map(|one| &one.spec);
        for spec in validating.chain(mutating).flatten() {
            self.by_resources(spec.match_constraints.as_ref());
            self.ask(spec.match_conditions.as_deref());
        }
        let validating = reads
            .every::<ValidatingAdmissionPolicyBinding>()
            .map(|one| &one.spec);
        let mutating = reads
            .every::<MutatingAdmissionPolicyBinding>()
            .map(|one| &one.spec);
        for spec in validating.chain(mutating).flatten() {
            self.by_resources(spec.match_resources.as_ref());
        }
    }

    fn by_resources(&mut self, resources: Option<&MatchResources>) {
        let selectors = resources
            .into_iter()
            .flat_map(|one| [&one.namespace_selector, &one.object_selector]);
        selectors.flatten().for_each(|one| self.by(one));
    }

    fn ask(&mut self, conditions: Option<&[MatchCondition]>) {
        let conditions = conditions.into_iter().flatten();
        self.expressions
            .extend(conditions.map(|one| one.expression.clone()));
    }

    fn by(&mut self, selector: &LabelSelector) {
        let labels = selector.match_labels.iter().flatten();
        self.labels.extend(labels.map(|(key, _)| key.clone()));
        let expressions = selector.match_expressions.iter().flatten();
        self.labels.extend(expressions.map(|one| one.key.clone()));
    }

    fn render(&mut self, snapshot: &Snapshot) {
        let pods = of_pods(snapshot);
        let has_gateway = pods.iter().any(|(_, spec)| spec.is_some_and(is_gateway));
        let metadata = pods.iter().filter_map(|(metadata, _)| *metadata);
        let annotations: Vec<_> = metadata
            .clone()
            .filter_map(|one| one.annotations.as_ref())
            .collect();
        let labels: Vec<_> = metadata.filter_map(|one| one.labels.as_ref()).collect();
        // Under a misspelt name, or as a label, templates are asked for by the fix.
        let asks = |key: &str| {
            key == names::TEMPLATES || istio_keys::of_sidecars(key) == Some(names::TEMPLATES)
        };
        let asked: BTreeSet<_> = annotations
            .iter()
            .chain(&labels)
            .flat_map(|one| one.iter())
            .filter_map(|(key, value)| asks(key).then_some(value))
            .collect();
        let keys = annotations.iter().flat_map(|one| one.keys());
        let misspelt: BTreeSet<_> = keys
            .filter(|key| istio_keys::of_sidecars(key).is_some())
            .collect();
        let quoted = |name: &String| [format!("\"{name}\""), format!("`{name}`")];
        self.of_pods = annotations
            .iter()
            .flat_map(|one| one.keys())
            .flat_map(quoted)
            .collect();
        for config_map in snapshot.reads.every::<ConfigMap>() {
            let name = config_map.metadata.name.as_deref().unwrap_or_default();
            if !name.starts_with(names::INJECTOR_CONFIG) {
                continue;
            }
            let Ok(config) = InjectorConfig::parse(config_map).config else {
                continue;
            };
            let selectors = config.never_inject_selector.iter();
            selectors
                .chain(&config.always_inject_selector)
                .for_each(|one| self.by(one));
            // Those, too, that a fix asks for in the place of one that is not there.
            let fixed = asked.iter().filter_map(|names| corrected(names, &config));
            let stock = has_gateway.then_some(GATEWAY).into_iter().chain([STOCK]);
            let fixed: Vec<_> = fixed.chain(stock.map(str::to_owned)).collect();
            let annotations = asked
                .iter()
                .copied()
                .chain(&fixed)
                .map(|names| Some(names.as_str()));
            for annotation in annotations.chain([None]) {
                let rendered = templates(annotation, &config.default_templates, &config.aliases);
                for name in rendered {
                    if let Some(text) = config.templates.get(&name)
                        && !self.texts.contains(text)
                    {
                        self.texts.push(text.clone());
                    }
                    self.templates.insert(name);
                }
            }
            // What a template names is not misspelt.
            let naming = config
                .templates
                .iter()
                .filter(|(_, text)| misspelt.iter().any(|key| text.contains(key.as_str())));
            self.templates.extend(naming.map(|(name, _)| name.clone()));
        }
    }
}

/// The metadata and the spec of all pods and pod templates.
fn of_pods(snapshot: &Snapshot) -> Vec<(Option<&ObjectMeta>, Option<&PodSpec>)> {
    fn add<'s, T: Object + MakesPods>(
        snapshot: &'s Snapshot,
        found: &mut Vec<(Option<&'s ObjectMeta>, Option<&'s PodSpec>)>,
    ) {
        found.extend(snapshot.reads.every::<T>().map(MakesPods::template));
    }
    let mut found = Vec::new();
    for kind in Kind::WORKLOADS {
        for_workload!(kind, add(snapshot, &mut found), ());
    }
    let manifests = snapshot
        .subjects
        .iter()
        .filter_map(|one| one.manifest.as_ref());
    let templates = manifests.map(|manifest| &manifest.object.template);
    found.extend(templates.map(|one| (Some(&one.metadata), Some(&one.spec))));
    found
}
