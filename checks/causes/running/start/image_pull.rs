//! Images of Istio that the node cannot use.

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Command, Field, Fix, Risk};
use crate::texts::{Node, What};
use crate::way::Case;
use crate::way::running::{Unwell, node};

declare_check! {
    /// An image of Istio cannot be pulled, or is for another architecture.
    ///
    /// ## What it finds
    /// The pod waits with ErrImagePull or ImagePullBackOff for istio-proxy, istio-init or istio-validation; or the
    /// container ends at once with `exec format error`.
    ///
    /// ## Why it matters
    /// The pod does not start without its sidecar's image. Its hub, its tag or annotation `sidecar.istio.io/proxyImage`
    /// is wrong; the registry wants a pull secret, limits the rate, or cannot be reached from the nodes; or a mirror
    /// holds the image for one architecture only.
    ///
    /// ## How to fix it
    /// Remove the annotation, as the printed command does where the image comes from there. Otherwise set a hub that the
    /// nodes reach and a tag that it has, then restart the workload:
    ///
    /// ```sh
    /// helm upgrade istiod istio/istiod -n istio-system --reuse-values --set global.hub=HUB --set global.tag=TAG
    /// kubectl rollout restart deployment/NAME -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Images: <https://kubernetes.io/docs/concepts/containers/images/>
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    "INJ604", "image-pull", Running, about Pods,
    run
}

const ANNOTATION: &str = "sidecar.istio.io/proxyImage";

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, found| {
        let container = unwell.step.container();
        let image = container.and_then(|one| one.spec.image.as_deref());
        let why = match found.what {
            What::Node(Node::ExecFormat) => "is for another architecture than that of the node",
            _ => "cannot be pulled",
        };
        let annotations = case.workload()?.template.metadata.annotations.as_ref();
        let is_by_annotation = annotations.is_some_and(|all| all.contains_key(ANNOTATION));
        let origin = match is_by_annotation {
            true => format!("annotation {ANNOTATION} of the pod template names it"),
            false => "the injector's values name it: global.hub, global.tag and global.proxy.image"
                .to_owned(),
        };
        let message = format!(
            "{} of {} cannot start: image {} of container {} {why}; {origin}",
            pods_in_words(unwell),
            case.target(),
            image.unwrap_or_default(),
            container.map_or("", |one| one.name()),
        );
        let finding = not_ready(case, message);
        Ok(match is_by_annotation {
            true => finding.fix(patch_template(
                case,
                "remove the annotation",
                &[(Field::Annotations, ANNOTATION, None)],
                "the sidecar has the image that the injector's values name",
            )?),
            false => finding.fix(look(case, unwell)),
        })
    })
}

fn look(case: &Case, unwell: &Unwell) -> Fix {
    let (name, namespace) = (unwell.name(), case.target().namespace.as_str());
    let fix = Fix::new(
        "see what the registry answers, and which architecture the node has",
        Risk::ReadOnly,
        "nothing: it shows why the node cannot use the image",
    )
    .show(Command::kubectl(["describe", "pod", name, "-n", namespace]));
    match node(unwell.pod) {
        Some(node) => fix.show(Command::kubectl([
            "get",
            "node",
            node,
            "-L",
            "kubernetes.io/arch",
        ])),
        None => fix,
    }
}
