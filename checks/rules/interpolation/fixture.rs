//! A sidecar template for tests, and what becomes of annotations in it.

use super::{Surroundings, Templates, verdict};
use crate::rules::verdict::Verdict;

/// The lines of Istio's own sidecar template that print annotations.
pub(crate) const SIDECAR: &str = r#"
{{ $nativeSidecar := ne (index .ObjectMeta.Annotations `sidecar.istio.io/nativeSidecar` | default (printf "%t" .NativeSidecars)) "false" }}
{{ $capNetBindService := (eq (annotation .ObjectMeta `sidecar.istio.io/capNetBindService` .Values.global.proxy.capNetBindService) `true`) }}
metadata:
  labels:
    networking.istio.io/tunnel: {{ index .ObjectMeta.Labels `networking.istio.io/tunnel` | default "http"  | quote }}
spec:
  initContainers:
  - name: istio-init
  {{- if contains "/" (annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy_init.image) }}
    image: "{{ annotation .ObjectMeta `sidecar.istio.io/proxyImage` .Values.global.proxy_init.image }}"
  {{- end }}
    args:
    {{ if or (isset .ObjectMeta.Annotations `traffic.sidecar.istio.io/includeOutboundPorts`) (ne (valueOrDefault .Values.global.proxy.includeOutboundPorts "") "") -}}
    - "-q"
    - "{{ annotation .ObjectMeta `traffic.sidecar.istio.io/includeOutboundPorts` .Values.global.proxy.includeOutboundPorts }}"
    {{ end -}}
  - name: istio-proxy
    args:
    - --proxyLogLevel={{ annotation .ObjectMeta `sidecar.istio.io/logLevel` .Values.global.proxy.logLevel }}
    - --proxyComponentLogLevel={{ annotation .ObjectMeta `sidecar.istio.io/componentLogLevel` .Values.global.proxy.componentLogLevel }}
    env:
    {{- range $key, $value := .ProxyConfig.ProxyMetadata }}
    - name: {{ $key }}
      value: "{{ $value }}"
    {{- end }}
    resources:
      {{- if isset .ObjectMeta.Annotations `sidecar.istio.io/proxyCPU` }}
      requests:
        cpu: {{ index .ObjectMeta.Annotations `sidecar.istio.io/proxyCPU` | quote }}
      {{- end }}
    volumeMounts:
      {{- if isset .ObjectMeta.Annotations `sidecar.istio.io/userVolumeMount` }}
      {{ range $index, $value := fromJSON (index .ObjectMeta.Annotations `sidecar.istio.io/userVolumeMount`) }}
    - name: "{{  $index }}"
      {{ toYaml $value | indent 6 }}
      {{ end }}
      {{- end }}
  volumes:
  - name: istio-token
  {{- if (isset .ObjectMeta.Annotations `sidecar.istio.io/bootstrapOverride`) }}
  - name: custom-bootstrap-volume
    configMap:
      name: {{ annotation .ObjectMeta `sidecar.istio.io/bootstrapOverride` "" }}
  {{- end }}
    {{- if isset .ObjectMeta.Annotations `sidecar.istio.io/userVolume` }}
    {{range $index, $value := fromJSON (index .ObjectMeta.Annotations `sidecar.istio.io/userVolume`) }}
  - name: "{{ $index }}"
    {{ toYaml $value | indent 4 }}
    {{ end }}
    {{ end }}
"#;

/// The verdict on the first of these annotations.
pub(super) fn judge(pairs: &[(&str, &str)]) -> Verdict {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let surroundings = Surroundings {
        templates: &Templates::new([SIDECAR]),
        volumes: &["own"],
        intercepts: Some(true),
    };
    verdict(pairs[0].0, &owned.collect(), surroundings)
}

/// Asserts that the sidecar is as meant with these values and not with those.
pub(super) fn check(name: &str, valid: &[&str], invalid: &[&str]) {
    for value in valid {
        assert_eq!(judge(&[(name, value)]), Verdict::Valid, "{name}: {value:?}");
    }
    for value in invalid {
        let verdict = judge(&[(name, value)]);
        assert!(
            matches!(verdict, Verdict::Invalid(_)),
            "{name}: {value:?} {verdict:?}"
        );
    }
}
