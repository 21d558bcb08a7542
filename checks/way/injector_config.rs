//! The injector's configuration: ConfigMap `istio-sidecar-injector[-REVISION]`.
//!
//! Source: Istio 1.31, `pkg/kube/inject/inject.go` (`UnmarshalConfig`) and `watcher.go`. What istiod
//! cannot read it passes over with a line in its log, and goes on with what it read before.

use std::collections::BTreeMap;
use std::rc::Rc;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value};
use serde_saphyr::{DuplicateKeyPolicy, Options};

use super::selector::Labels;
use crate::facts::Missing;

/// The injector's ConfigMap, as istiod reads it.
#[derive(Clone, Debug)]
pub struct InjectorConfig {
    /// Key `config`, or why istiod keeps what it read before.
    pub config: Result<Rc<Config>, String>,
    /// Key `values`, or why istiod keeps the values that it read before. Then key `config` counts all
    /// the same: only where `values` is missing is neither read.
    pub values: Result<Value, String>,
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
            .and_then(|text| yaml(text))
            .and_then(|values| match values {
                Value::Null => Ok(Value::Object(Map::new())),
                Value::Object(_) => Ok(values),
                _ => Err("it is not a mapping".to_owned()),
            });
        Self { config, values }
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
        let fields = match yaml(text)? {
            Value::Null => Map::new(),
            Value::Object(fields) => fields,
            _ => return Err("it is not a mapping".to_owned()),
        };
        let default_templates = list(
            field(&fields, "defaultTemplates"),
            "defaultTemplates",
            scalar,
        )?;
        Ok(Self {
            policy: scalar(field(&fields, "policy"), "policy")?,
            never_inject_selector: selectors(&fields, "neverInjectSelector")?,
            always_inject_selector: selectors(&fields, "alwaysInjectSelector")?,
            default_templates: if default_templates.is_empty() {
                vec!["sidecar".to_owned()]
            } else {
                default_templates
            },
            aliases: mapping(field(&fields, "aliases"), "aliases", |names, what| {
                list(names, what, scalar)
            })?,
            templates: mapping(field(&fields, "templates"), "templates", scalar)?,
        })
    }
}

/// YAML as istiod's parser takes it: the last of two equal keys counts.
pub(super) fn yaml(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.with_snippet = false;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}

/// A field by its name, whose case Go's JSON parser does not mind; the last one counts.
fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a Value {
    let named = fields
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name));
    named
        .max_by_key(|(key, _)| key.as_str())
        .map_or(&Value::Null, |(_, value)| value)
}

/// A text. istiod's parser makes one of a number or of true and false, too, and an empty one of nothing.
fn scalar(value: &Value, what: &str) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(format!("{what} is not a text")),
    }
}

fn list<T>(
    value: &Value,
    what: &str,
    item: impl Fn(&Value, &str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(|one| item(one, what)).collect(),
        _ => Err(format!("{what} is not a list")),
    }
}

fn mapping<T>(
    value: &Value,
    what: &str,
    item: impl Fn(&Value, &str) -> Result<T, String>,
) -> Result<BTreeMap<String, T>, String> {
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| Ok((key.clone(), item(value, what)?)))
            .collect(),
        _ => Err(format!("{what} is not a mapping")),
    }
}

fn selectors(fields: &Map<String, Value>, what: &str) -> Result<Vec<LabelSelector>, String> {
    list(field(fields, what), what, |selector, what| {
        if selector.is_null() {
            return Ok(LabelSelector::default());
        }
        serde_json::from_value(in_texts(selector)).map_err(|error| format!("{what}: {error}"))
    })
}

/// A label selector holds nothing but texts.
fn in_texts(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(items) => items.iter().map(in_texts).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), in_texts(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::String(_) => value.clone(),
    }
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
        assert_eq!(third, &LabelSelector::default());
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
