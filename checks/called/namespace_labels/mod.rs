//! The labels of the namespace: `istio-injection` and `istio.io/rev`.

crate::check::checks! { not_labelled, label_value, label_misplaced, opted_out, blocks_pod_label, labels_conflict }
