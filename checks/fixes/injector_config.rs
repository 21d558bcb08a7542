//! A line of the injector's configuration, which is a text in a ConfigMap that no patch reaches.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::report::{Change, Command, Fix, Object, Patch, Risk};
use crate::way::Istiod;

/// Puts a line in the place of the only one that starts with some words; none where kubectl would write
/// the text otherwise than with each line as it is, so that no command can find the place.
pub fn set_line(config_map: &ConfigMap, start: &'static str, line: String) -> Option<Change> {
    is_found(config_map, start).then(|| {
        let metadata = &config_map.metadata;
        let object = Object::new(
            "ConfigMap",
            metadata.namespace.as_deref().unwrap_or_default(),
            metadata.name.as_deref().unwrap_or_default(),
        );
        let key = "config";
        Change::new(object, Patch::Line { key, start, line })
    })
}

/// A fix that only a person can make, who knows what the configuration is to be: it shows the ConfigMap.
pub fn see_injector_config(istiod: &Istiod, title: &str) -> Fix {
    let name = istiod.injector_config_map();
    let words = [
        "get",
        "configmap",
        &name,
        "-n",
        &istiod.namespace,
        "-o",
        "yaml",
    ];
    Fix::new(
        title,
        Risk::ReadOnly,
        "nothing: the command shows the configuration; istiod takes a change over within a second",
    )
    .show(Command::kubectl(words))
}

/// Whether exactly one line of the ConfigMap starts so, and stands as it is in the YAML that kubectl
/// writes: as part of a literal block, which it uses unless a line ends with a blank or holds odd characters.
fn is_found(config_map: &ConfigMap, start: &str) -> bool {
    let lines = |text: &str| text.lines().filter(|line| line.starts_with(start)).count();
    let data = config_map.data.iter().flatten();
    let all: usize = data.map(|(_, text)| lines(text)).sum();
    let config = config_map.data.as_ref().and_then(|data| data.get("config"));
    all == 1 && config.is_some_and(|config| lines(config) == 1 && is_literal(config))
}

/// Whether kubectl writes a text as a literal block, each line as it is.
pub fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.lines().all(|line| !line.ends_with(' '))
        && text.chars().all(is_plain)
}

/// Whether kubectl's YAML has a character as it is.
/// Source: `go.yaml.in/yaml/v2`, `is_printable` and `is_break`.
fn is_plain(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_map(config: &str, values: &str) -> ConfigMap {
        let entries = [("config", config), ("values", values)];
        ConfigMap {
            data: Some(
                entries
                    .map(|(key, text)| (key.to_owned(), text.to_owned()))
                    .into(),
            ),
            ..ConfigMap::default()
        }
    }

    #[test]
    fn the_line_is_found_where_sed_finds_it() {
        let stock = "# comment\ndefaultTemplates: [sidecar]\npolicy: Enabled # why\ntemplates:\n  a: |\n    policy: x";
        let table = [
            (stock, "{}", true),
            ("policy:\na: b", "{}", true),
            ("policy: a\nb: \u{2013}", "{}", true),
            // Not there, twice there, or in a block that kubectl writes otherwise.
            ("a: b\n", "{}", false),
            ("policy: a\npolicy: b", "{}", false),
            ("policy: a\nb: c", "policy: d\n", false),
            ("policy: a", "{}", false),
            ("policy: a \nb: c", "{}", false),
            ("policy: a\nb: \u{1f600}", "{}", false),
            (" policy: a\n b: c", "{}", false),
            ("{\"policy\": \"enabled\"}\n", "{}", false),
        ];
        for (config, values, expected) in table {
            let found = is_found(&config_map(config, values), "policy:");
            assert_eq!(found, expected, "{config:?}");
        }
    }
}
