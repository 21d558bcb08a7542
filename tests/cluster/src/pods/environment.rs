//! The environment of a container, and what its command line refers to of it.
//! Kubernetes 1.36: `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go`, `third_party/forked/golang/expansion`.

use serde_json::{Map, Value};

use super::fields::{field, resource};
use super::objects::Objects;
use crate::json::{list, text};

/// Where programs are in a container, unless it says something else.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Names and values, a later one in the place of an earlier one of its name.
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// The environment of a container.
    ///
    /// # Errors
    /// With the kubelet's words, where an object or a key is missing that has to be there.
    pub(super) fn of(pod: &Value, container: &Value, objects: &Objects) -> Result<Self, String> {
        let mut environment = Self(Vec::new());
        environment.set("PATH", PATH.to_owned());
        environment.set("HOSTNAME", text(pod, "/metadata/name").to_owned());
        environment.set("KUBERNETES_SERVICE_HOST", "10.96.0.1".to_owned());
        environment.set("KUBERNETES_SERVICE_PORT", "443".to_owned());
        for source in list(container, "/envFrom") {
            for (key, value) in data_of(source, objects)? {
                let value = value.as_str().unwrap_or_default().to_owned();
                environment.set(&format!("{}{key}", text(source, "/prefix")), value);
            }
        }
        for variable in list(container, "/env") {
            if let Some(value) = environment.value(pod, container, variable, objects)? {
                environment.set(text(variable, "/name"), value);
            }
        }
        Ok(environment)
    }

    fn value(
        &self,
        pod: &Value,
        container: &Value,
        variable: &Value,
        objects: &Objects,
    ) -> Result<Option<String>, String> {
        let Some(from) = variable.get("valueFrom") else {
            return Ok(Some(self.expand(text(variable, "/value"))));
        };
        if let Some(reference) = from.get("fieldRef") {
            return Ok(Some(field(pod, text(reference, "/fieldPath"))));
        }
        if let Some(reference) = from.get("resourceFieldRef") {
            return Ok(Some(resource(pod, container, reference)));
        }
        let (kind, reference) = match (from.get("configMapKeyRef"), from.get("secretKeyRef")) {
            (Some(reference), _) => ("configmap", reference),
            (_, Some(reference)) => ("secret", reference),
            _ => return Ok(None),
        };
        objects.value(kind, reference)
    }

    fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(other, _)| other != name);
        self.0.push((name.to_owned(), value));
    }

    /// As arguments of `env`.
    pub(super) fn assignments(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}"))
    }

    /// Replaces `$(NAME)` by the value of that variable; of an unknown one it stays, and `$$` is a dollar.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
            } else if let Some((name, after)) = rest
                .strip_prefix('(')
                .and_then(|reference| reference.split_once(')'))
            {
                let known = self.0.iter().find(|(known, _)| known == name);
                match known {
                    Some((_, value)) => expanded.push_str(value),
                    None => expanded.push_str(&format!("$({name})")),
                }
                rest = after;
            } else {
                expanded.push('$');
            }
        }
        expanded + rest
    }
}

/// All keys and values that an entry of `envFrom` names.
fn data_of(source: &Value, objects: &Objects) -> Result<Map<String, Value>, String> {
    let (kind, reference) = match (source.get("configMapRef"), source.get("secretRef")) {
        (Some(reference), _) => ("configmap", reference),
        (_, Some(reference)) => ("secret", reference),
        _ => return Ok(Map::new()),
    };
    Ok(objects.data(kind, reference)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_expanded_as_the_kubelet_does() {
        let environment = Environment(vec![("NS".to_owned(), "shop".to_owned())]);
        let cases = [
            ("$(NS).svc", "shop.svc"),
            ("a$(OTHER)b", "a$(OTHER)b"),
            ("$$(NS)", "$(NS)"),
            ("$NS $", "$NS $"),
            ("$(NS", "$(NS"),
        ];
        for (text, expected) in cases {
            assert_eq!(environment.expand(text), expected, "{text}");
        }
    }
}
