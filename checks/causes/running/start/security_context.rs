//! A securityContext that keeps the sidecar from running.

use k8s_openapi::api::core::v1::{PodSecurityContext, SecurityContext};

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::fixes::{container_of_template, patch_lists};
use crate::report::{Command, Fix, Operation, Risk};
use crate::way::Case;
use crate::way::running::{Container, Unwell};

declare_check! {
    /// A securityContext keeps the sidecar from running.
    ///
    /// ## What it finds
    /// The kubelet does not start istio-proxy or istio-validation, as it is to run as root and `runAsNonRoot` forbids that;
    /// or the proxy may not write its own files.
    ///
    /// ## Why it matters
    /// Of a container istio-proxy in the pod template, istiod takes over what it says: `runAsUser: 0`, set to look into the
    /// sidecar, contradicts the `runAsNonRoot: true` of Istio's own template. What a policy or another webhook writes into
    /// each container counts as well. The pod's own securityContext does no harm to the sidecar of Istio 1.31: its
    /// containers say themselves who they run as. istio-init, which is root, is a matter of init-iptables.
    ///
    /// ## How to fix it
    /// Take the field away from the container, as the printed command does. To look into a running sidecar, use an
    /// ephemeral container:
    ///
    /// ```sh
    /// kubectl debug POD -n NAMESPACE -it --image=nicolaka/netshoot --target=istio-proxy --profile=netadmin
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Security context:
    ///   <https://kubernetes.io/docs/tasks/configure-pod-container/security-context/>
    /// - Istio, Customizing injection:
    ///   <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection>
    "INJ643", "pod-security-context", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, _| {
        let container = unwell.step.container();
        let name = container.map_or("of the sidecar", |one| one.name());
        let root = container.filter(|one| user(unwell, one) == Some(0));
        let why = match root {
            Some(_) => "it is to run as user 0, and runAsNonRoot forbids that",
            None => "its securityContext forbids what it has to do",
        };
        let message = format!(
            "{} of {}: container {name} cannot run, as {why}",
            pods_in_words(unwell),
            case.target(),
        );
        let mut finding = not_ready(case, message);
        Ok(match root {
            Some(one) => {
                finding.evidence.push(user_field(unwell, &one));
                finding.fix(without_user(case, unwell, &one)?)
            }
            None => finding.fix(look(case, unwell)),
        })
    })
}

fn own<'a>(container: &Container<'a>) -> Option<&'a SecurityContext> {
    container.spec.security_context.as_ref()
}

fn of_pod<'a>(unwell: &Unwell<'a>) -> Option<&'a PodSecurityContext> {
    unwell.pod.spec.as_ref()?.security_context.as_ref()
}

/// As whom a container is to run: what it says itself counts more than what the pod says.
/// Source: Kubernetes 1.36, `pkg/securitycontext/util.go` (`DetermineEffectiveSecurityContext`).
fn user(unwell: &Unwell, container: &Container) -> Option<i64> {
    let own = own(container).and_then(|context| context.run_as_user);
    own.or_else(|| of_pod(unwell)?.run_as_user)
}

fn user_field(unwell: &Unwell, container: &Container) -> Evidence {
    let pod = format!("pod/{}", unwell.name());
    let list = match container.is_init {
        true => "initContainers",
        false => "containers",
    };
    let path = match own(container).and_then(|context| context.run_as_user) {
        Some(_) => format!(
            ".spec.{list}[?(@.name=='{}')].securityContext.runAsUser",
            container.name()
        ),
        None => ".spec.securityContext.runAsUser".to_owned(),
    };
    Evidence::new(pod, path).actual("0")
}

/// The field is taken away where the pod template has it.
fn without_user(case: &Case, unwell: &Unwell, container: &Container) -> Result<Fix, Missing> {
    let brought = container_of_template(case.workload()?, container.name());
    let brought = brought.filter(|(_, one)| {
        let context = one.security_context.as_ref();
        context.and_then(|context| context.run_as_user) == Some(0)
    });
    let Some((place, _)) = brought else {
        return Ok(look(case, unwell));
    };
    let operations = vec![
        Operation::Test(format!("{place}/name"), container.name().into()),
        Operation::Remove(format!("{place}/securityContext/runAsUser")),
    ];
    patch_lists(
        case,
        "let the sidecar run as its own user",
        operations,
        "the sidecar runs as user 1337",
    )
}

fn look(case: &Case, unwell: &Unwell) -> Fix {
    let namespace = case.target().namespace.as_str();
    let columns = "jsonpath={.spec.securityContext}{\"\\n\"}{range .spec['initContainers','containers'][*]}{.name}{\"\\t\"}{.securityContext}{\"\\n\"}{end}";
    Fix::new(
        "see as whom the containers are to run",
        Risk::ReadOnly,
        "nothing: what neither Istio's template nor the pod template says was written by a policy or another webhook",
    )
    .show(Command::kubectl(["get", "pod", unwell.name(), "-n", namespace, "-o", columns]))
}
