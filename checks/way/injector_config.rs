//! The injector's configuration: ConfigMap `istio-sidecar-injector[-REVISION]`.
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`UnmarshalConfig`) and `watcher.go`. What istiod
//! cannot read it passes over with a line in its log, and goes on with what it read before.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use serde_json::{Map, Value};

use super::selector::Labels;
use crate::facts::Missing;
use crate::rules::drainability::{ANNOTATIONS, Annotations};
use crate::rules::interpolation::Templates;
use crate::rules::yaml::{self, Yaml};

/// The injector's ConfigMap, as istiod reads it.
#[derive(Clone, Debug)]
pub struct InjectorConfig {
    /// Key `config`, or why istiod keeps what it read before.
    pub config: Result<Rc<Config>, String>,
    /// Key `values`, or why istiod keeps the values that it read before. Then key `config` counts all
    /// the same: only where `values` is missing is neither read.
    pub values: Result<Value, String>,
    /// What was worked out so far about templates that are rendered together.
    together: RefCell<BTreeMap<Vec<String>, Rc<Templates>>>,
    /// Why templates cannot be rendered for any pod, as far as that was worked out.
    broken: RefCell<BTreeMap<String, Result<Option<String>, Missing>>>,
}

/// Key `config` of the injector's ConfigMap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// What becomes of pods that do not ask explicitly.
    pub policy: String,
    /// Pods that are never injected unless they ask explicitly.
    pub never_inject_selector: Vec<LabelSelector>,
    /// Pods that are always injected unless they ask explicitly for the reverse.
    pub always_inject_selector: Vec<LabelSelector>,
    /// The templates of pods that name none.
    pub default_templates: Vec<String>,
    /// Names that stand for several templates.
    pub aliases: BTreeMap<String, Vec<String>>,
    /// The templates by name.
    pub templates: Labels,
    /// What is written over the annotations of an injected pod, as far as it is for the cluster autoscaler.
    pub injected_annotations: Annotations,
}

impl InjectorConfig {
    /// The configuration in a ConfigMap.
    pub fn parse(config_map: &ConfigMap) -> Self {
        let entry = |name: &str| {
            let data = config_map.data.as_ref();
            data.and_then(|data| data.get(name))
                .ok_or_else(|| format!("key {name} is missing"))
        };
        let values = entry("values");
        let both = entry("config").and_then(|text| values.clone().map(|_| text));
        let config = both.and_then(|text| Config::parse(text)).map(Rc::new);
        let values = values
            .and_then(|text| json(text))
            .and_then(|values| match values {
                Value::Null => Ok(Value::Object(Map::new())),
                Value::Object(_) => Ok(values),
                _ => Err("it is not a mapping".to_owned()),
            });
        Self::new(config, values)
    }

    /// The configuration of these keys.
    pub(super) fn new(config: Result<Rc<Config>, String>, values: Result<Value, String>) -> Self {
        Self {
            config,
            values,
            together: RefCell::default(),
            broken: RefCell::default(),
        }
    }

    /// Why a template cannot be rendered for any pod; `look` says so, where nobody asked before.
    pub(super) fn broken(
        &self,
        template: &str,
        look: impl FnOnce() -> Result<Option<String>, Missing>,
    ) -> Result<Option<String>, Missing> {
        let mut known = self.broken.borrow_mut();
        if let Some(broken) = known.get(template) {
            return broken.clone();
        }
        let broken = look();
        known.insert(template.to_owned(), broken.clone());
        broken
    }

    /// The templates of these names, as far as the configuration has them.
    pub fn together(&self, config: &Config, names: &[String]) -> Rc<Templates> {
        let mut known = self.together.borrow_mut();
        if let Some(templates) = known.get(names) {
            return Rc::clone(templates);
        }
        let texts = names.iter().filter_map(|name| config.templates.get(name));
        let templates = Rc::new(Templates::new(texts.map(String::as_str)));
        known.insert(names.to_vec(), Rc::clone(&templates));
        templates
    }

    /// Key `values`.
    ///
    /// # Errors
    /// [`Missing`] where istiod keeps other ones, which nobody can see.
    pub fn known_values(&self) -> Result<&Value, Missing> {
        self.values.as_ref().map_err(|error| {
            Missing(format!(
                "istiod keeps older values, as the injector's do not parse: {error}"
            ))
        })
    }
}

impl Config {
    fn parse(text: &str) -> Result<Self, String> {
        let document = yaml::read_with_any_number(text).map_err(|unread| unread.to_string())?;
        let fields = match document {
            Yaml::Null => BTreeMap::new(),
            Yaml::Map(fields) => fields,
            _ => return Err("it is not a mapping".to_owned()),
        };
        let fields = Fields(&fields);
        let unread = fields.unread().find(|(_, value)| !value.is_finite());
        if let Some((name, _)) = unread {
            return Err(format!("{name} holds a number that is not finite"));
        }
        let mut injected_annotations = mapping(
            fields.get("injectedAnnotations"),
            "injectedAnnotations",
            text_of,
        )?;
        injected_annotations.retain(|name, _| ANNOTATIONS.contains(&name.as_str()));
        let default_templates = list(fields.get("defaultTemplates"), "defaultTemplates", text_of)?;
        Ok(Self {
            policy: text_of(fields.get_last("policy"), "policy")?,
            never_inject_selector: list(
                fields.get("neverInjectSelector"),
                "neverInjectSelector",
                selector,
            )?,
            always_inject_selector: list(
                fields.get("alwaysInjectSelector"),
                "alwaysInjectSelector",
                selector,
            )?,
            default_templates: if default_templates.is_empty() {
                vec!["sidecar".to_owned()]
            } else {
                default_templates
            },
            aliases: mapping(fields.get("aliases"), "aliases", |names, what| {
                list(names, what, text_of)
            })?,
            templates: mapping(fields.get("templates"), "templates", text_of)?,
            injected_annotations,
        })
    }
}

/// YAML as istiod reads it, in JSON.
pub(super) fn json(text: &str) -> Result<Value, String> {
    yaml::read(text)
        .map(Value::from)
        .map_err(|unread| unread.to_string())
}

/// Fields by their names, whose case Go's JSON parser does not mind; the last one counts.
struct Fields<'a>(&'a BTreeMap<String, Yaml>);

impl<'a> Fields<'a> {
    fn named(&self, name: &str) -> impl DoubleEndedIterator<Item = &'a Yaml> {
        let named = self
            .0
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value)
    }

    fn get(&self, name: &str) -> &'a Yaml {
        self.named(name).next_back().unwrap_or(&Yaml::Null)
    }

    /// Of a text; nothing does not change one that stands before.
    fn get_last(&self, name: &str) -> &'a Yaml {
        let mut all = self.named(name).rev();
        all.find(|value| **value != Yaml::Null)
            .unwrap_or(&Yaml::Null)
    }

    /// Those that istiod does not know.
    fn unread(&self) -> impl Iterator<Item = (&'a String, &'a Yaml)> {
        const KNOWN: [&str; 7] = [
            "policy",
            "defaultTemplates",
            "templates",
            "aliases",
            "neverInjectSelector",
            "alwaysInjectSelector",
            "injectedAnnotations",
        ];
        let is_known = |key: &str| KNOWN.iter().any(|known| known.eq_ignore_ascii_case(key));
        self.0.iter().filter(move |(key, _)| !is_known(key))
    }
}

/// A text. istiod's parser makes one of a number or of true and false, too, and an empty one of nothing.
fn text_of(value: &Yaml, what: &str) -> Result<String, String> {
    value
        .as_text()
        .ok_or_else(|| format!("{what} is not a text"))
}

fn list<T>(
    value: &Yaml,
    what: &str,
    item: impl Fn(&Yaml, &str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    match value {
        Yaml::Null => Ok(Vec::new()),
        Yaml::List(items) => items.iter().map(|one| item(one, what)).collect(),
        _ => Err(format!("{what} is not a list")),
    }
}

fn mapping<T>(
    value: &Yaml,
    what: &str,
    item: impl Fn(&Yaml, &str) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    match value {
        Yaml::Null => Ok(BTreeMap::new()),
        Yaml::Map(fields) => fields
            .iter()
            .map(|(key, value)| Ok((key.clone(), item(value, what)?)))
            .collect(),
        _ => Err(format!("{what} is not a mapping")),
    }
}

fn fields<'a>(value: &'a Yaml, what: &str) -> Result<Fields<'a>, String> {
    const NONE: &BTreeMap<String, Yaml> = &BTreeMap::new();
    match value {
        Yaml::Null => Ok(Fields(NONE)),
        Yaml::Map(fields) => Ok(Fields(fields)),
        _ => Err(format!("{what} is not a mapping")),
    }
}

fn selector(value: &Yaml, what: &str) -> Result<LabelSelector, String> {
    let fields = fields(value, what)?;
    Ok(LabelSelector {
        match_labels: Some(mapping(fields.get("matchLabels"), what, text_of)?),
        match_expressions: Some(list(fields.get("matchExpressions"), what, requirement)?),
    })
}

fn requirement(value: &Yaml, what: &str) -> Result<LabelSelectorRequirement, String> {
    let fields = fields(value, what)?;
    Ok(LabelSelectorRequirement {
        key: text_of(fields.get_last("key"), what)?,
        operator: text_of(fields.get_last("operator"), what)?,
        values: Some(list(fields.get("values"), what, text_of)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_map(config: Option<&str>, values: Option<&str>) -> InjectorConfig {
        let entries = [("config", config), ("values", values)].into_iter();
        let data = entries.filter_map(|(key, text)| Some((key.to_owned(), text?.to_owned())));
        InjectorConfig::parse(&ConfigMap {
            data: Some(data.collect()),
            ..ConfigMap::default()
        })
    }

    /// Each of them read by istiod's own `UnmarshalConfig`, too.
    #[test]
    fn the_policy_is_what_istiod_reads() {
        let table = [
            ("policy: enabled", Some("enabled")),
            ("policy: 'disabled'", Some("disabled")),
            ("Policy: enabled", Some("enabled")),
            ("POLICY: disabled\npolicy: enabled", Some("enabled")),
            ("policy: disabled\npolicy: enabled", Some("enabled")),
            ("policy: true", Some("true")),
            ("policy: 5", Some("5")),
            ("policy: Enabled # why not", Some("Enabled")),
            ("policy: |\n  enabled\n", Some("enabled\n")),
            ("policy:", Some("")),
            ("other: {}", Some("")),
            ("", Some("")),
            ("null", Some("")),
            ("# nothing", Some("")),
            ("policy: [enabled]", None),
            ("- policy: enabled", None),
            ("policy: enabled\n\tx: y", None),
            ("policy: enabled\ndefaultTemplates: sidecar", None),
            ("policy: enabled\nneverInjectSelector: {}", None),
            ("policy: enabled\naliases:", Some("enabled")),
            ("policy: enabled\nneverInjectSelector:", Some("enabled")),
        ];
        for (text, expected) in table {
            let config = config_map(Some(text), Some("{}")).config;
            let policy = config.as_ref().ok().map(|config| config.policy.as_str());
            assert_eq!(policy, expected, "{text:?}: {config:?}");
        }
    }

    #[test]
    fn without_default_templates_there_is_one() {
        for (text, expected) in [
            ("policy: enabled", vec!["sidecar"]),
            ("defaultTemplates: []", vec!["sidecar"]),
            ("defaultTemplates: [a, 1]", vec!["a", "1"]),
        ] {
            let config = config_map(Some(text), Some("{}")).config.unwrap();
            assert_eq!(config.default_templates, expected, "{text:?}");
        }
    }

    #[test]
    fn selectors_hold_texts() {
        let text = "neverInjectSelector:\n- matchLabels: {tier: 1}\n- matchExpressions: [{key: a, operator: Bogus}]\n- {}\n";
        let config = config_map(Some(text), Some("{}")).config.unwrap();
        let [first, second, third] = config.never_inject_selector.as_slice() else {
            panic!("{config:?}");
        };
        assert_eq!(first.match_labels.as_ref().unwrap()["tier"], "1");
        assert_eq!(
            second.match_expressions.as_ref().unwrap()[0].operator,
            "Bogus"
        );
        assert!(third.match_labels.as_ref().is_some_and(BTreeMap::is_empty));
    }

    /// As seen on a real istiod: with values that do not parse the new `config` counts, without any it does not.
    #[test]
    fn broken_values_do_not_keep_the_rest_from_being_read() {
        let broken = config_map(Some("policy: disabled"), Some("{"));
        assert!(broken.values.is_err());
        assert_eq!(broken.config.unwrap().policy, "disabled");
        let missing = config_map(Some("policy: disabled"), None);
        assert_eq!(missing.config, Err("key values is missing".to_owned()));
        for empty in ["", "null", "{}"] {
            let values = config_map(Some(""), Some(empty)).values;
            assert_eq!(values, Ok(Value::Object(Map::new())), "{empty:?}");
        }
        assert!(config_map(Some(""), Some("[]")).values.is_err());
    }
}
