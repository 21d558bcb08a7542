//! `proxyMetadata` of `proxy.istio.io/config`.

use super::Surroundings;
use super::printed::MARK;
use super::printed::printed;
use crate::rules::verdict::Verdict;
use crate::rules::yaml::{self, Yaml};

/// Environment variables of the proxy, which the template prints without escaping.
pub(super) fn verdict(config: &str, surroundings: Surroundings) -> Verdict {
    let plainly = |template: &str| template.contains("value: \"{{ $value }}\"");
    if !surroundings.templates.texts().any(plainly) {
        return Verdict::Valid;
    }
    // What istiod cannot read it refuses for that reason.
    let Ok(Yaml::Map(config)) = yaml::read(config) else {
        return Verdict::Valid;
    };
    let Some(Yaml::Map(variables)) = config.get("proxyMetadata") else {
        return Verdict::Valid;
    };
    let verdicts = variables.iter().map(|(name, value)| {
        let value = value.as_text().unwrap_or_default();
        let name_line = format!("- name: {MARK}");
        let value_line = format!("value: \"{MARK}\"");
        let verdict = printed(&name_line, name).worse(printed(&value_line, &value));
        match verdict {
            Verdict::Valid => Verdict::Valid,
            Verdict::Invalid(reason) => Verdict::Invalid(format!("proxyMetadata {name}: {reason}")),
            Verdict::CannotTell(reason) => {
                Verdict::CannotTell(format!("proxyMetadata {name}: {reason}"))
            }
        }
    });
    verdicts.reduce(Verdict::worse).unwrap_or(Verdict::Valid)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::check;

    /// Each value tried on a real control plane.
    #[test]
    fn variables_are_refused_as_by_istiod_and_the_api_server() {
        check(
            "proxy.istio.io/config",
            &[
                "proxyMetadata: {A: \"b\"}",
                "proxyMetadata: {A: \"x\\ny\"}",
                "proxyMetadata: {A: \"5\"}",
                "concurrency: 2",
                "proxyMetadata:\n  ISTIO_META_DNS_CAPTURE: \"true\"",
            ],
            &[
                r#"proxyMetadata: {A: "b\"c"}"#,
                r#"proxyMetadata: {A: "b\\c"}"#,
                r#"proxyMetadata: {"A: x": "b"}"#,
                r#"proxyMetadata: {"5": "5"}"#,
                r#"proxyMetadata: {"true": "5"}"#,
            ],
        );
    }
}
