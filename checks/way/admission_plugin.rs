//! Whether the API server calls mutating webhooks at all.

use crate::facts::kinds::Pod;

use super::reached::api_server::container;
use crate::facts::Missing;
use crate::way::Case;

/// The plugin that calls them, which is on by default.
/// Source: Kubernetes 1.36, `DefaultOffAdmissionPlugins` in `pkg/kubeapiserver/options/plugins.go`.
pub const PLUGIN: &str = "MutatingAdmissionWebhook";

/// The flag that switches plugins off.
pub const FLAG: &str = "--disable-admission-plugins";

/// An API server that calls no mutating webhook.
#[derive(Clone, Copy, Debug)]
pub struct Off<'a> {
    /// Its pod.
    pub pod: &'a Pod,
    /// The plugins that it runs without.
    pub disabled: &'a str,
}

/// The API servers that call no mutating webhook, among those that can be seen.
///
/// # Errors
/// [`Missing`] where the pods of kube-apiserver were not read.
pub fn off<'a>(case: &Case<'a>) -> Result<Vec<Off<'a>>, Missing> {
    let of = |pod: &'a Pod| disabled(pod).map(|disabled| Off { pod, disabled });
    Ok(case.api_servers()?.iter().filter_map(of).collect())
}

/// Whether no API server calls mutating webhooks. Where none can be seen, the plugin is on, as nothing else shows that
/// somebody has switched it off.
///
/// # Errors
/// [`Missing`] where only some call them.
pub fn is_off(case: &Case) -> Result<bool, Missing> {
    let Ok(all) = case.api_servers() else {
        return Ok(false);
    };
    let off = all.iter().filter(|pod| disabled(pod).is_some()).count();
    if off > 0 && off < all.len() {
        return Err(Missing(format!(
            "{off} of {} API servers run without the admission plugin {PLUGIN}, and any of them may get the pod",
            all.len()
        )));
    }
    Ok(off > 0)
}

/// The list of plugins that an API server is told to leave out, if the one for mutating webhooks is among them. A flag's
/// words may be joined by underscores, and its value may be the next word.
/// Source: Kubernetes 1.36, `WordSepNormalizeFunc` in `k8s.io/component-base/cli/flag/flags.go`.
fn disabled(pod: &Pod) -> Option<&str> {
    let container = container(pod)?;
    let mut words = container.command.iter().chain(&container.args).flatten();
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word.as_str(), None),
        };
        if flag.replace('_', "-") != FLAG {
            continue;
        }
        let value = value.or_else(|| words.next().map(String::as_str))?;
        if value.split(',').any(|one| one == PLUGIN) {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_flag_is_found_in_all_its_forms() {
        for (command, expected) in [
            (json!(["kube-apiserver"]), None),
            (
                json!([
                    "kube-apiserver",
                    "--disable-admission-plugins=MutatingAdmissionWebhook"
                ]),
                Some("MutatingAdmissionWebhook"),
            ),
            (
                json!([
                    "kube-apiserver",
                    "--disable-admission-plugins",
                    "A,MutatingAdmissionWebhook"
                ]),
                Some("A,MutatingAdmissionWebhook"),
            ),
            (
                json!([
                    "kube-apiserver",
                    "--disable_admission_plugins=MutatingAdmissionWebhook,B"
                ]),
                Some("MutatingAdmissionWebhook,B"),
            ),
            (
                json!([
                    "kube-apiserver",
                    "--disable-admission-plugins=A",
                    "--disable-admission-plugins=MutatingAdmissionWebhook"
                ]),
                Some("MutatingAdmissionWebhook"),
            ),
            (
                json!([
                    "kube-apiserver",
                    "--disable-admission-plugins=MutatingAdmissionPolicy"
                ]),
                None,
            ),
            (
                json!([
                    "kube-apiserver",
                    "--enable-admission-plugins=MutatingAdmissionWebhook"
                ]),
                None,
            ),
        ] {
            let pod =
                json!({"spec": {"containers": [{"name": "kube-apiserver", "command": command}]}});
            let pod: Pod = serde_json::from_value(pod).unwrap();
            assert_eq!(disabled(&pod), expected, "{command}");
        }
    }
}
