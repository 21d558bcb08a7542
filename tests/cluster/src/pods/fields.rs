//! The downward API: fields of a pod and sizes of its containers, as text.
//! Kubernetes 1.36: `pkg/fieldpath`, `pkg/api/v1/resource`.

use serde_json::Value;

use crate::json::{list, text};

/// What the node can give, where a container has no limit: see `kubelet.rs`.
const ALLOCATABLE: [(&str, &str); 2] = [("cpu", "8"), ("memory", "32Gi")];

const SUFFIXES: [(&str, f64); 11] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
];

/// A field of the pod by its path.
pub(super) fn field(pod: &Value, path: &str) -> String {
    let subscript = path
        .split_once("['")
        .and_then(|(map, key)| Some((map, key.strip_suffix("']")?)));
    if let Some((map, key)) = subscript {
        let entry = pod.pointer(&pointer(map)).and_then(|map| map.get(key));
        return entry.and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    match pod.pointer(&pointer(path)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(map)) => {
            let lines = map.iter().map(|(key, value)| format!("{key}={value}"));
            lines.collect::<Vec<_>>().join("\n")
        }
        Some(Value::Array(addresses)) => {
            let addresses = addresses.iter().map(|address| text(address, "/ip"));
            addresses.collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    }
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// A request or limit of a container in units of the divisor, rounded up.
pub(super) fn resource(pod: &Value, container: &Value, reference: &Value) -> String {
    let name = text(reference, "/containerName");
    let named = ["/spec/containers", "/spec/initContainers"]
        .iter()
        .flat_map(|field| list(pod, field))
        .find(|container| text(container, "/name") == name);
    let container = named.unwrap_or(container);
    let resource = text(reference, "/resource");
    let given = text(
        container,
        &format!("/resources/{}", resource.replace('.', "/")),
    );
    let allocatable = ALLOCATABLE
        .iter()
        .find(|(name, _)| resource == format!("limits.{name}"))
        .map_or("0", |(_, amount)| amount);
    let amount = quantity(if given.is_empty() { allocatable } else { given });
    let divisor = quantity(text(reference, "/divisor"));
    let divisor = if divisor > 0.0 { divisor } else { 1.0 };
    format!("{:.0}", (amount / divisor).ceil())
}

fn quantity(text: &str) -> f64 {
    let suffixed = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)));
    let (number, factor) = suffixed.unwrap_or((text, &1.0));
    number.parse::<f64>().unwrap_or_default() * factor
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_text() {
        let pod = json!({
            "metadata": {"name": "reviews-1", "labels": {"app": "reviews", "version": "v1"}},
            "status": {"podIPs": [{"ip": "10.244.0.10"}]},
        });
        let cases = [
            ("metadata.name", "reviews-1"),
            ("metadata.labels", "app=\"reviews\"\nversion=\"v1\""),
            ("metadata.labels['app']", "reviews"),
            ("metadata.annotations['missing']", ""),
            ("status.podIPs", "10.244.0.10"),
        ];
        for (path, expected) in cases {
            assert_eq!(field(&pod, path), expected, "{path}");
        }
    }

    #[test]
    fn resources_are_whole_units() {
        let container = json!({"resources": {"limits": {"cpu": "1500m", "memory": "1Gi"}}});
        let cases = [
            ("limits.cpu", "0", "2"),
            ("limits.cpu", "1m", "1500"),
            ("limits.memory", "1Mi", "1024"),
            ("requests.cpu", "0", "0"),
        ];
        for (name, divisor, expected) in cases {
            let reference = json!({"resource": name, "divisor": divisor});
            let amount = resource(&json!({}), &container, &reference);
            assert_eq!(amount, expected, "{name} in {divisor}");
        }
        let unlimited = json!({"resource": "limits.cpu"});
        assert_eq!(resource(&json!({}), &json!({}), &unlimited), "8");
    }
}
