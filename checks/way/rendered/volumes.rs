//! Whether the pod's own volumes go together with those of the templates.
//!
//! Volumes of one name are merged, and one that is of two kinds then is refused.
//! Source: Kubernetes 1.36, `pkg/apis/core/validation/validation.go` (`validateVolumeSource`).

use k8s_openapi::api::core::v1::Volume;
use serde_json::Value;

use crate::facts::Missing;
use crate::rules::templates::{Block, actions, block};
use crate::way::{JudgedPod, names};

/// A volume in the text of a template.
#[derive(Debug, Default, PartialEq, Eq)]
struct Brought<'a> {
    name: &'a str,
    /// Its kinds: `emptyDir`, `projected`; several under conditions.
    kinds: Vec<&'a str>,
    /// Whether it stands under a condition itself.
    conditional: bool,
}

/// Why the API server refuses the injected pod for its volumes, if so.
pub(super) fn conflict(templates: &[&str], pod: &JudgedPod) -> Result<Option<String>, Missing> {
    let injected = injected(pod);
    let volumes = pod.spec.volumes.iter().flatten();
    let mut own = volumes
        .filter(|volume| !injected.contains(&volume.name))
        .peekable();
    if own.peek().is_none() {
        return Ok(None);
    }
    let brought: Vec<_> = templates.iter().map(|text| brought(text)).collect();
    for own in own {
        for all in &brought {
            let Some(volume) = all.iter().find(|volume| volume.name == own.name) else {
                continue;
            };
            let (name, kind) = (&own.name, kind(own));
            match volume.kinds.as_slice() {
                [one] if *one == kind => {}
                kinds if volume.conditional || kinds.contains(&&*kind) => {
                    return Err(Missing(format!(
                        "whether the sidecar's volume {name} is another than the pod's depends on the injector's values"
                    )));
                }
                kinds => {
                    let kinds = kinds.join(" or ");
                    return Ok(Some(format!(
                        "its volume {name} is {kind} by the pod and {kinds} by the sidecar"
                    )));
                }
            }
        }
    }
    Ok(None)
}

/// The volumes that an earlier injection wrote down as its own: a living pod is judged with them.
fn injected(pod: &JudgedPod) -> Vec<String> {
    let status = pod.annotations.get(names::STATUS);
    let status = status.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let volumes = status.and_then(|mut status| Some(status.get_mut("volumes")?.take()));
    volumes
        .and_then(|volumes| serde_json::from_value(volumes).ok())
        .unwrap_or_default()
}

/// The kind of a volume; Kubernetes makes an emptyDir of one that has none.
fn kind(volume: &Volume) -> String {
    let fields = serde_json::to_value(volume).unwrap_or_default();
    let mut kinds = fields
        .as_object()
        .into_iter()
        .flatten()
        .map(|(field, _): (&String, &Value)| field);
    let kind = kinds.find(|field| *field != "name");
    kind.map_or("emptyDir", String::as_str).to_owned()
}

/// The volumes in a template's text, which is no YAML yet.
fn brought(template: &str) -> Vec<Brought<'_>> {
    let lines = template
        .lines()
        .skip_while(|line| *line != "  volumes:")
        .skip(1);
    let mut volumes: Vec<Brought> = Vec::new();
    let mut conditions = 0_usize;
    for line in lines {
        if line.trim_start().starts_with("{{") {
            for (_, action, _) in actions(line) {
                match block(action) {
                    Block::Opens => conditions += 1,
                    Block::Closes => conditions = conditions.saturating_sub(1),
                    Block::Turns | Block::Stays => {}
                }
            }
            continue;
        }
        let field = match line.strip_prefix("  - ") {
            Some(field) => {
                let conditional = conditions > 0;
                volumes.push(Brought {
                    conditional,
                    ..Brought::default()
                });
                Some(field)
            }
            None => line
                .strip_prefix("    ")
                .filter(|field| !field.starts_with([' ', '-'])),
        };
        let (Some(field), Some(volume)) = (field, volumes.last_mut()) else {
            if line.starts_with("   ") || line.trim_start().starts_with('#') {
                continue;
            }
            break;
        };
        match field.split_once(':') {
            Some(("name", name)) => volume.name = name.trim(),
            Some((kind, _)) => volume.kinds.push(kind),
            None => {}
        }
    }
    volumes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::pod;
    use super::*;

    const TEMPLATE: &str = "\
spec:
  containers:
  - name: istio-proxy
  volumes:
  - emptyDir:
      medium: Memory
    name: istio-envoy
  # A comment
  - name: istio-token
    projected:
      sources:
      - serviceAccountToken:
          path: istio-token
  {{- if .A }}
  - name: istiod-ca-cert
  {{- if .B }}
    projected:
      sources: []
  {{- else }}
    configMap:
      name: {{ .C }}
  {{- end }}
  {{- end }}
  - name: istio-ca-crl
    configMap:
      name: {{ .D }}
  imagePullSecrets:
  - name: none
";

    #[test]
    fn volumes_of_one_name_must_be_of_one_kind() {
        let table = [
            (json!({"name": "data", "emptyDir": {}}), Some(false)),
            (json!({"name": "istio-envoy", "emptyDir": {}}), Some(false)),
            (json!({"name": "istio-envoy"}), Some(false)),
            (
                json!({"name": "istio-envoy", "hostPath": {"path": "/"}}),
                Some(true),
            ),
            (json!({"name": "istio-token", "emptyDir": {}}), Some(true)),
            (json!({"name": "istio-token", "projected": {}}), Some(false)),
            (json!({"name": "istiod-ca-cert", "emptyDir": {}}), None),
            (json!({"name": "istiod-ca-cert", "configMap": {}}), None),
            (json!({"name": "istio-ca-crl", "emptyDir": {}}), Some(true)),
            (json!({"name": "none", "emptyDir": {}}), Some(false)),
        ];
        for (volume, expected) in table {
            let conflict = conflict(&[TEMPLATE], &with_volume(&[], &volume));
            let actual = conflict.ok().map(|conflict| conflict.is_some());
            assert_eq!(actual, expected, "{volume}");
        }
    }

    #[test]
    fn volumes_of_an_earlier_injection_are_no_conflict() {
        let volume = json!({"name": "istiod-ca-cert", "configMap": {}});
        let status = (names::STATUS, r#"{"volumes":["istiod-ca-cert"]}"#);
        assert_eq!(
            conflict(&[TEMPLATE], &with_volume(&[status], &volume)),
            Ok(None)
        );
    }

    fn with_volume(annotations: &[(&str, &str)], volume: &Value) -> JudgedPod {
        let mut pod = pod(annotations);
        pod.spec.volumes = Some(vec![serde_json::from_value(volume.clone()).unwrap()]);
        pod
    }
}
