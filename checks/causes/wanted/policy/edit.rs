//! The command that sets `policy`.

use k8s_openapi::api::core::v1::ConfigMap;

use crate::facts::Missing;
use crate::fixes::{after_restart, restart};
use crate::report::{Command, Fix, Risk};
use crate::way::Case;
use crate::way::Istiod;

/// Sets `policy` in the ConfigMap of an istiod, and makes the target's pods anew.
///
/// # Errors
/// [`Missing`] where the target or the ConfigMap was not read.
pub fn set_policy(
    case: &Case,
    istiod: &Istiod,
    policy: &str,
    effect: &str,
) -> Result<Fix, Missing> {
    let name = istiod.injector_config_map();
    let object = ["configmap", &name, "-n", &istiod.namespace];
    let Some(config_map) = case.injector_config_map(&istiod.namespace, &name)? else {
        return Err(Missing(format!(
            "ConfigMap {name} is absent from {}",
            istiod.namespace
        )));
    };
    let until = match release(config_map) {
        Some(release) => format!(
            "the next upgrade of Helm release {release} sets it back, unless its values say"
        ),
        None => "the next installation sets it back, unless its values say".to_owned(),
    };
    let rest = after_restart(case.workload()?);
    let changes = format!("{effect}; {until} global.proxy.autoInject={policy}{rest}");
    let fix = |title: String, changes: String| Fix::new(title, Risk::MeshWide, changes);
    let title =
        format!("set policy: {policy} in the injector's ConfigMap, then make the pods anew");
    Ok(match line(config_map) {
        Some(before) => fix(title, changes)
            .run(Command::kubectl_edit(
                &script(&format!("policy: {policy}")),
                object,
            ))
            .run_all(restart(case)?)
            .undo(Command::kubectl_edit(&script(before), object)),
        // No command can be told that would find the place: a person has to.
        None => fix(
            format!(
                "{title}: by hand in key config, with kubectl edit {}",
                object.join(" ")
            ),
            changes,
        ),
    })
}

/// The Helm release that a ConfigMap belongs to. `istioctl install` writes the charts' labels, too, but
/// not this annotation.
fn release(config_map: &ConfigMap) -> Option<&str> {
    let annotations = config_map.metadata.annotations.as_ref()?;
    annotations
        .get("meta.helm.sh/release-name")
        .map(String::as_str)
}

/// The only line that sets the policy, where it stands as it is in the YAML that kubectl writes: as
/// part of a literal block, which it uses unless a line ends with a blank or holds odd characters.
fn line(config_map: &ConfigMap) -> Option<&str> {
    let data = config_map.data.as_ref()?;
    let config = data.get("config")?;
    let literal = |text: &str| {
        text.contains('\n')
            && !text.starts_with([' ', '\n'])
            && text.lines().all(|line| !line.ends_with(' '))
            && text.chars().all(is_plain)
    };
    let mut lines = data
        .values()
        .flat_map(|text| text.lines())
        .filter(|line| line.starts_with("policy:"));
    let line = lines
        .next()
        .filter(|_| lines.next().is_none() && literal(config))?;
    config.lines().any(|one| one == line).then_some(line)
}

/// Whether kubectl's YAML has a character as it is.
/// Source: `go.yaml.in/yaml/v2`, `is_printable` and `is_break`.
fn is_plain(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// The sed script that puts `line` in the place of the one that sets the policy. kubectl indents a
/// text in a ConfigMap's data by four blanks.
fn script(line: &str) -> String {
    let escaped: String = line
        .chars()
        .flat_map(|c| {
            matches!(c, '\\' | '/' | '&')
                .then_some('\\')
                .into_iter()
                .chain([c])
        })
        .collect();
    format!("s/^    policy:.*/    {escaped}/")
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
            (stock, "{}", Some("policy: Enabled # why")),
            ("policy:\na: b", "{}", Some("policy:")),
            ("policy: a\nb: \u{2013}", "{}", Some("policy: a")),
            // Not there, twice there, or in a block that kubectl writes otherwise.
            ("a: b\n", "{}", None),
            ("policy: a\npolicy: b", "{}", None),
            ("policy: a\nb: c", "policy: d\n", None),
            ("policy: a", "{}", None),
            ("policy: a \nb: c", "{}", None),
            ("policy: a\nb: \u{1f600}", "{}", None),
            (" policy: a\n b: c", "{}", None),
            ("{\"policy\": \"enabled\"}\n", "{}", None),
        ];
        for (config, values, expected) in table {
            assert_eq!(line(&config_map(config, values)), expected, "{config:?}");
        }
    }

    #[test]
    fn the_script_holds_the_line_as_it_is() {
        assert_eq!(
            script("policy: enabled"),
            "s/^    policy:.*/    policy: enabled/"
        );
        assert_eq!(
            script(r"policy: a/b&c\d"),
            r"s/^    policy:.*/    policy: a\/b\&c\\d/"
        );
    }
}
