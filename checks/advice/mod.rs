//! What decides about a cause that only a text tells, and what heals it, in the names of the text.
//!
//! A check knows the cluster, and prints the very command. Here nothing is known but the text: where it
//! does not name an object, the command has a word in capitals in its place.

mod admitted;
mod called;
mod mesh;
mod reached;
mod rendered;
mod running;
mod wanted;

use crate::texts::{Found, Key};

/// What to do about a cause.
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    /// The cause, by its name in the catalogue.
    pub name: &'static str,
    /// What it means, as a clause.
    pub means: &'static str,
    decide: &'static str,
    tells: &'static str,
    /// What heals it, as a clause.
    pub fix: &'static str,
    heal: &'static str,
}

/// The advice on a cause.
pub fn advice(cause: &str) -> Option<&'static Advice> {
    let stages = [
        mesh::ADVICE,
        called::ADVICE,
        reached::ADVICE,
        wanted::ADVICE,
        rendered::ADVICE,
        admitted::ADVICE,
        running::ADVICE,
    ];
    stages.into_iter().flatten().find(|one| one.name == cause)
}

impl Advice {
    /// The command that decides whether it is this cause. It reads and changes nothing.
    pub fn decide(&self, found: &Found) -> Vec<String> {
        command(self.decide, found)
    }

    /// What that command shows where it is this cause, as a clause.
    pub fn tells(&self, found: &Found) -> String {
        filled(self.tells, found)
    }

    /// The command that heals it, or that shows what to heal; none where there is no single one.
    pub fn heal(&self, found: &Found) -> Option<Vec<String>> {
        (!self.heal.is_empty()).then(|| command(self.heal, found))
    }
}

/// The words of a command, each filled in on its own: no value becomes two words.
fn command(template: &str, found: &Found) -> Vec<String> {
    template
        .split(' ')
        .map(|word| filled(word, found))
        .collect()
}

fn filled(template: &str, found: &Found) -> String {
    let mut text = template.to_owned();
    for (mark, place) in PLACES {
        if text.contains(mark) {
            text = text.replace(mark, &place.of(found));
        }
    }
    text
}

/// What stands in the place of a mark: a value of the text, or what it is by default.
struct Place {
    key: Key,
    default: &'static str,
}

/// The namespace that a text names is the control plane's where it is that of a called Service.
const PLACES: &[(&str, Place)] = &[
    ("{istio}", place(Key::Namespace, "istio-system")),
    ("{namespace}", place(Key::Namespace, "NAMESPACE")),
    ("{service}", place(Key::Service, "istiod")),
    ("{port}", place(Key::Port, "443")),
    ("{webhook}", place(Key::Webhook, "the webhook")),
    (
        "{configuration}",
        place(Key::Configuration, "CONFIGURATION"),
    ),
    ("{pod}", place(Key::Pod, "POD")),
    ("{quota}", place(Key::Quota, "QUOTA")),
    ("{account}", place(Key::Account, "SERVICEACCOUNT")),
    ("{template}", place(Key::Template, "the template")),
];

const fn place(key: Key, default: &'static str) -> Place {
    Place { key, default }
}

impl Place {
    fn of(&self, found: &Found) -> String {
        let is_of_service = found.value(Key::Service).is_some();
        let value = match (self.key, self.default) {
            (Key::Namespace, "istio-system") if !is_of_service => None,
            (Key::Namespace, "NAMESPACE") if is_of_service => None,
            (Key::Namespace, "NAMESPACE") => {
                found.value(Key::Namespace).or_else(|| namespace(found))
            }
            (Key::Pod, _) => found.value(Key::Pod).map(|pod| split(pod).1),
            (key, _) => found.value(key),
        };
        value
            .filter(|value| is_name(value))
            .unwrap_or(self.default)
            .to_owned()
    }
}

/// The namespace before the name of a pod.
fn namespace(found: &Found) -> Option<&str> {
    found.value(Key::Pod).and_then(|pod| split(pod).0)
}

fn split(pod: &str) -> (Option<&str>, &str) {
    pod.split_once('/')
        .map_or((None, pod), |(namespace, name)| (Some(namespace), name))
}

/// Whether a value is a name of an object: nothing else gets into a command. What a text calls a name may be
/// anything. Source: DNS names of `k8s.io/apimachinery/pkg/util/validation`.
pub(crate) fn is_name(value: &str) -> bool {
    let is_of_name =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    value.len() <= 253
        && value.chars().all(is_of_name)
        && is_end(value.chars().next())
        && is_end(value.chars().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::recognise;

    fn first(text: &str) -> (String, String) {
        let matches = recognise(text);
        let one = &matches[0];
        let advice = advice(one.cause.name).unwrap();
        (
            advice.decide(&one.found).join(" "),
            advice.tells(&one.found),
        )
    }

    #[test]
    fn commands_have_the_names_of_the_text() {
        for (text, command) in [
            (
                "failed calling webhook \"rev.namespace.sidecar-injector.istio.io\": failed to call webhook: Post \"https://istiod-canary.mesh.svc:443/inject?timeout=10s\": service \"istiod-canary\" not found",
                "kubectl get service istiod-canary -n mesh",
            ),
            (
                "Error creating: pods \"web-1\" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=1, limited: cpu=2",
                "kubectl describe resourcequota -n NAMESPACE small",
            ),
            (
                "pods \"web\" is forbidden: error looking up service account shop/web: serviceaccount \"web\" not found",
                "kubectl get serviceaccount -n shop web",
            ),
        ] {
            assert_eq!(first(text).0, command, "{text}");
        }
    }

    #[test]
    fn nothing_but_a_name_gets_into_a_command() {
        for quota in [
            "$(reboot)",
            "-rf",
            "a&b",
            "`id`",
            "--all",
            "A",
            "x\u{202e}y",
        ] {
            let text = format!(
                "pods \"web-1\" is forbidden: exceeded quota: {quota}, requested: cpu=2, used: cpu=1, limited: cpu=2"
            );
            let (command, _) = first(&text);
            assert_eq!(
                command, "kubectl describe resourcequota -n NAMESPACE QUOTA",
                "{quota}"
            );
        }
    }
}
