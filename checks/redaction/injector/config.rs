//! Key `config` of the injector's ConfigMap.

use std::fmt::Write as _;

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};

use super::template::read_lines;
use super::{masked, unreadable};
use crate::fixes::is_literal;
use crate::redaction::needed::Needed;
use crate::rules::credentials::{REDACTED, without_credentials};
use crate::rules::yaml;
use crate::way::{Config, InjectorConfig};

/// The fields that decide about injection, besides the templates.
const FIELDS: [&str; 5] = [
    "policy",
    "defaultTemplates",
    "aliases",
    "neverInjectSelector",
    "alwaysInjectSelector",
];

/// The configuration with what is read of the templates that some pod is rendered from, and of the others the names.
///
/// The lines stay as they are, since a fix may change one of them; where that does not work out, the same in JSON.
pub fn config(text: &str, needed: &Needed) -> String {
    let config = match read(text) {
        Ok(config) => config,
        Err(why) => return misshapen(text, &why).unwrap_or_else(|| unreadable(text, why_not)),
    };
    let templates = config.templates.iter().map(|(name, text)| {
        let text = match needed.templates.contains(name) {
            true => read_lines(text, |action| needed.is_of_pods(action)),
            false => REDACTED.to_owned(),
        };
        (name.clone(), text)
    });
    let expected = Config {
        templates: templates.collect(),
        ..config
    };
    let lines = by_lines(text, &expected);
    let is_same = read(&lines).is_ok_and(|read| is_same(&read, &expected));
    match is_same && is_literal(text) == is_literal(&lines) {
        true => lines,
        false => in_json(&expected),
    }
}

fn why_not(text: &str) -> Option<String> {
    read(text).err()
}

/// The shape of what decides, where a field has another one than istiod wants.
fn misshapen(text: &str, why: &str) -> Option<String> {
    let Value::Object(fields) = yaml::read(text).map(Value::from).ok()? else {
        return None;
    };
    let decide = fields
        .into_iter()
        .filter(|(name, _)| FIELDS.contains(&name.as_str()));
    let shape = masked(&mut Vec::new(), Value::Object(decide.collect())).to_string();
    (why_not(&shape).as_deref() == Some(why)).then_some(shape)
}

fn read(text: &str) -> Result<Config, String> {
    let data =
        [("config", text), ("values", "")].map(|(key, text)| (key.to_owned(), text.to_owned()));
    let config_map = ConfigMap {
        data: Some(data.into()),
        ..ConfigMap::default()
    };
    let config = InjectorConfig::parse(&config_map).config?;
    Ok(config.as_ref().clone())
}

/// But for line breaks at the end of a template.
fn is_same(one: &Config, other: &Config) -> bool {
    let trimmed = |config: &Config| {
        let mut config = config.clone();
        for text in config.templates.values_mut() {
            *text = text.trim_end_matches('\n').to_owned();
        }
        config
    };
    trimmed(one) == trimmed(other)
}

/// The lines of the fields that decide, and behind them the templates.
fn by_lines(text: &str, config: &Config) -> String {
    let mut out = String::new();
    let mut is_kept = false;
    for line in text.lines() {
        let is_field = !line.starts_with([' ', '-', '#']) && !line.is_empty();
        if is_field {
            let name = line.split(':').next().unwrap_or_default();
            is_kept = FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name));
        }
        if is_kept && !line.trim_start().starts_with('#') {
            out.push_str(&without_credentials(line));
            out.push('\n');
        }
    }
    if !config.injected_annotations.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "injectedAnnotations: {}",
            json!(config.injected_annotations)
        );
    }
    out.push_str("templates:\n");
    for (name, text) in &config.templates {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name}: |2");
        for line in text.lines() {
            let _ = match line.is_empty() {
                true => writeln!(out),
                false => writeln!(out, "    {line}"),
            };
        }
    }
    out
}

fn in_json(config: &Config) -> String {
    let fields = json!({
        "policy": config.policy,
        "defaultTemplates": config.default_templates,
        "aliases": config.aliases,
        "neverInjectSelector": config.never_inject_selector,
        "alwaysInjectSelector": config.always_inject_selector,
        "templates": config.templates,
        "injectedAnnotations": config.injected_annotations,
    });
    fields.to_string()
}
