//! The ConfigMap of a bootstrap override that is not there.

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::Field;
use crate::way::Case;

declare_check! {
    /// The ConfigMap that annotation `sidecar.istio.io/bootstrapOverride` names is not in the namespace.
    ///
    /// ## What it finds
    /// Pods wait in ContainerCreating, and the kubelet says that it cannot mount the volume
    /// `custom-bootstrap-volume`: the ConfigMap is not found.
    ///
    /// ## Why it matters
    /// The injector makes a volume of the ConfigMap without looking whether it is there. No container of the pod
    /// starts before it is.
    ///
    /// ## How to fix it
    /// Create the ConfigMap in the pod's namespace, with the key `custom_bootstrap.json`, or remove the annotation, as
    /// the printed command does.
    ///
    /// ```sh
    /// kubectl create configmap NAME -n NAMESPACE --from-file=custom_bootstrap.json
    /// ```
    ///
    /// ## References
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    "INJ602", "bootstrap-configmap", Running, about Pods,
    run
}

const ANNOTATION: &str = "sidecar.istio.io/bootstrapOverride";

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let annotations = unwell.pod.metadata.annotations.as_ref();
        let name = annotations.and_then(|all| all.get(ANNOTATION)).cloned();
        let name = name.unwrap_or_default();
        let message = format!(
            "{} of {} cannot start: ConfigMap {name}, which annotation {ANNOTATION} names, is not in namespace {}",
            pods_in_words(unwell),
            case.target(),
            case.target().namespace,
        );
        Ok(not_ready(case, message).fix(patch_template(
            case,
            "remove the annotation",
            &[(Field::Annotations, ANNOTATION, None)],
            "the sidecar starts with its own bootstrap configuration",
        )?))
    })
}
