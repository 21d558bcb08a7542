//! The command line and the environment of a container.

use serde_json::{Map, Value};

use super::walk::Walk;
use crate::rules::credentials::{REDACTED, exemptions};
use crate::rules::no_proxy::{ProxyDecision, webhook_goes_through_proxy};
use crate::way::{admission_plugin, autoscaler};

/// Words that tell a program: istiod, a gateway, and ztunnel.
const PROGRAMS: [&str; 4] = ["discovery", "router", "proxy", "ztunnel"];

/// Flags of istiod and of kube-apiserver whose values decide, alone or with their value behind `=`.
const FLAGS: [&str; 6] = [
    "--httpsAddr",
    "--tlsCertFile",
    "--tls-min-version",
    "--tls-cipher-suites",
    "--enable-aggregator-routing",
    "--log_output_level",
];

/// Variables of istiod, and of ztunnel the last, whose values decide.
const PLAIN: [&str; 11] = [
    "REVISION",
    "INJECT_ENABLED",
    "INJECTION_WEBHOOK_CONFIG_NAME",
    "PILOT_CERT_PROVIDER",
    "ENABLE_CA_SERVER",
    "COMPLIANCE_POLICY",
    "ISTIOD_CUSTOM_HOST",
    "ENABLE_NATIVE_SIDECARS",
    "CLUSTER_ID",
    "PILOT_ENABLE_AMBIENT",
    "XDS_ADDRESS",
];

/// The words of a command line.
pub fn arguments(walk: &mut Walk, words: Vec<Value>) -> Value {
    let mut is_value = false;
    let words = words.into_iter().map(|word| {
        let Value::String(word) = word else {
            return word;
        };
        let flag = word.split('=').next().unwrap_or_default();
        let is_plugins = flag.replace('_', "-") == admission_plugin::FLAG;
        let passes = is_value
            || is_plugins
            || PROGRAMS.contains(&word.as_str())
            || FLAGS.contains(&flag)
            || autoscaler::is_deciding_flag(&word);
        is_value = word == "--httpsAddr" || is_plugins && flag == word;
        let by = match passes {
            true => word.clone(),
            // What stands before its name may be anything.
            false if autoscaler::is_program(&word) => autoscaler::NAME.to_owned(),
            false => REDACTED.to_owned(),
        };
        Value::String(walk.replace(word, by))
    });
    words.collect()
}

/// The variables of an environment.
pub fn environment(walk: &mut Walk, variables: Vec<Value>) -> Value {
    let variables = variables.into_iter().filter_map(|variable| {
        let Value::Object(mut variable) = variable else {
            return None;
        };
        let name = variable.get("name").and_then(Value::as_str)?.to_owned();
        let passes = passing(&name);
        if passes.is_none() && !walk.is_asked {
            walk.drop(Value::Null);
            return None;
        }
        if let Some(Value::String(text)) = variable.get_mut("value") {
            let by = match passes {
                Some(passing) => passing(text),
                None => REDACTED.to_owned(),
            };
            *text = walk.replace_entry(&name, std::mem::take(text), by);
        }
        // Where it comes from does not matter, only that it is not written here.
        if let Some(from) = variable.get_mut("valueFrom") {
            *from = Value::Object(Map::new());
        }
        Some(Value::Object(variable))
    });
    variables.collect()
}

/// What passes of the value of a variable; none where nothing does.
fn passing(name: &str) -> Option<fn(&str) -> String> {
    match name {
        "HTTPS_PROXY" | "https_proxy" => Some(proxy),
        "NO_PROXY" | "no_proxy" => Some(exemptions),
        name if PLAIN.contains(&name) => Some(str::to_owned),
        _ => None,
    }
}

/// The URL of a proxy: scheme, host and port, as far as Go reads it.
fn proxy(text: &str) -> String {
    let environment = [("HTTPS_PROXY".to_owned(), text.to_owned())].into();
    match webhook_goes_through_proxy(&environment, "a", 443) {
        ProxyDecision::Proxied { proxy, .. } => proxy,
        // Nothing that Go takes for a URL.
        ProxyDecision::Invalid { .. } => "%".to_owned(),
        ProxyDecision::Direct { .. } | ProxyDecision::CannotTell { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_without_its_credentials() {
        for (text, expected) in [
            ("http://u:p@proxy:3128/x?token=y", "http://proxy:3128"),
            ("u:p@proxy:3128", "http://proxy:3128"),
            ("http://%zz", "%"),
            ("", ""),
        ] {
            assert_eq!(proxy(text), expected, "{text:?}");
        }
        assert_eq!(proxy("%"), "%");
    }
}
