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
    /// The field of its container that says so: `command` or `args`.
    pub field: &'static str,
}

/// The API servers that call no mutating webhook, among those that can be seen.
///
/// # Errors
/// [`Missing`] where the pods of kube-apiserver were not read.
pub fn off<'a>(case: &Case<'a>) -> Result<Vec<Off<'a>>, Missing> {
    Ok(case.api_servers()?.iter().filter_map(off_in).collect())
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
    let off = all.iter().filter_map(off_in).count();
    if off > 0 && off < all.len() {
        return Err(Missing(format!(
            "{off} of {} API servers run without the admission plugin {PLUGIN}, and any of them may get the pod",
            all.len()
        )));
    }
    Ok(off > 0)
}

/// An API server that is told to leave out the plugin for mutating webhooks. A flag's words may be joined by underscores,
/// and its value may be the next word. kubeadm writes flags to the container's command, RKE2 to its arguments.
/// Source: Kubernetes 1.36, `WordSepNormalizeFunc` in `k8s.io/component-base/cli/flag/flags.go`.
fn off_in(pod: &Pod) -> Option<Off<'_>> {
    let container = container(pod)?;
    let fields = [("command", &container.command), ("args", &container.args)];
    let mut words = fields.into_iter().flat_map(|(field, words)| {
        let words = words.iter().flatten();
        words.map(move |word| (field, word.as_str()))
    });
    while let Some((field, word)) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        if flag.replace('_', "-") != FLAG {
            continue;
        }
        let disabled = value.or_else(|| words.next().map(|(_, value)| value))?;
        if disabled.split(',').any(|one| one == PLUGIN) {
            return Some(Off {
                pod,
                disabled,
                field,
            });
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
            let disabled = off_in(&pod).map(|off| off.disabled);
            assert_eq!(disabled, expected, "{command}");
        }
    }
}
