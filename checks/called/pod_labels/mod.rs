//! What the pod template says: label and annotation `sidecar.istio.io/inject`.

crate::check::checks! { opted_out, value_invalid, annotation_instead, on_workload }
