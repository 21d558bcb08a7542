//! Pods in a namespace that is being deleted.

use k8s_openapi::api::core::v1::{Namespace, NamespaceCondition};

use crate::causes::refused::words;
use crate::causes::told_refusal::{rejected, show, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Evidence, Finding, Fix, Risk};
use crate::way::{Case, is_terminating};

declare_check! {
    /// The namespace is being deleted, and takes no new pod.
    ///
    /// ## What it finds
    /// The namespace has a `deletionTimestamp`, or pods are refused with `because it is being terminated`. What keeps the
    /// namespace stands beside it: its finalizers, and the conditions that the namespace controller writes.
    ///
    /// ## Why it matters
    /// There are no new pods, with or without a sidecar. The API server refuses them before it calls any webhook.
    /// Deployments, Jobs and the like do not report this refusal: their controllers stop making pods and write no event. A
    /// namespace stays until everything in it is gone. A finalizer whose controller is gone keeps it there, and so does an
    /// API that does not answer.
    ///
    /// ## How to fix it
    /// A deletion cannot be taken back. Let it end, and create the namespace and its workloads again. The
    /// conditions of the namespace tell what holds it up: mostly an object with a finalizer, or an APIService that is not
    /// available:
    ///
    /// ```sh
    /// kubectl get namespace NAMESPACE -o jsonpath='{.status.conditions}{"\n"}{.metadata.finalizers}{"\n"}'
    /// kubectl get apiservices
    /// kubectl create namespace NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Kubernetes, Namespaces: <https://kubernetes.io/docs/tasks/administer-cluster/namespaces/>
    /// - Kubernetes, Finalizers: <https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/>
    "INJ510", "namespace-terminating", Admitted, about Pods, rank Excluded,
    run
}

/// The finalizer that every namespace has, until the controller has emptied it.
const OWN: &str = "kubernetes";

/// The conditions that tell that an API does not answer.
/// Source: Kubernetes 1.36, `pkg/controller/namespace/deletion/status_condition_utils.go`.
const OF_APIS: [&str; 2] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
];

fn run(case: &Case) -> Result<Verdict, Missing> {
    match case.namespace()?.filter(|one| is_terminating(one)) {
        Some(namespace) => {
            let mut finding = of_namespace(case, namespace);
            if let Some(rejection) = &case.observation().rejection {
                finding.evidence.push(words(rejection));
            }
            Ok(Verdict::of([finding]))
        }
        None => told(case, &CHECK, |_| {
            let name = case.target().namespace.as_str();
            let message = format!("namespace {name} was being deleted, and took no new pod");
            Ok(rejected(message).fix(see(case, name)))
        }),
    }
}

fn of_namespace(case: &Case, namespace: &Namespace) -> Finding {
    let name = case.target().namespace.as_str();
    let metadata = &namespace.metadata;
    let since = metadata.deletion_timestamp.as_ref().map(|time| time.0);
    let of_spec = namespace.spec.as_ref().map(|spec| &spec.finalizers);
    let finalizers: Vec<_> = [
        (".metadata.finalizers", Some(&metadata.finalizers)),
        (".spec.finalizers", of_spec),
    ]
    .into_iter()
    .filter_map(|(path, all)| {
        let all = all?.iter().flatten().map(String::as_str);
        let names: Vec<_> = all.filter(|one| *one != OWN).collect();
        (!names.is_empty()).then(|| (path, names.join(", ")))
    })
    .collect();
    let conditions = standing(namespace);
    let keeps = finalizers
        .iter()
        .map(|(_, names)| format!("finalizer {names}"))
        .chain(conditions.iter().map(|one| {
            let message = one.message.as_deref().unwrap_or(&one.type_);
            message.trim_end_matches('.').to_owned()
        }))
        .collect::<Vec<_>>();
    let since_when = since.map_or_else(String::new, |at| format!(" since {at}"));
    let kept = match keeps.as_slice() {
        [] => String::new(),
        keeps => format!("; what keeps it: {}", keeps.join("; ")),
    };
    let message =
        format!("namespace {name} is being deleted{since_when}, and takes no new pod{kept}");
    let object = format!("namespace/{name}");
    let mut deleted = Evidence::new(&object, ".metadata.deletionTimestamp");
    deleted.actual = since.map(|at| at.to_string());
    let mut finding = rejected(message).evidence(deleted);
    for (path, names) in finalizers {
        finding = finding.evidence(Evidence::new(&object, path).actual(names));
    }
    for one in &conditions {
        let path = format!(".status.conditions[?(@.type=='{}')].status", one.type_);
        let mut evidence = Evidence::new(&object, path).actual(&one.status);
        evidence.set_at = one.last_transition_time.as_ref().map(|time| time.0);
        finding = finding.evidence(evidence);
    }
    finding = finding.fix(see(case, name));
    if conditions
        .iter()
        .any(|one| OF_APIS.contains(&one.type_.as_str()))
    {
        let fix = Fix::new(
            "see which API does not answer",
            Risk::ReadOnly,
            "nothing: AVAILABLE is False for the one that keeps the namespace; make it answer, or delete its APIService",
        );
        finding = finding.fix(fix.show(Command::kubectl(["get", "apiservices"])));
    }
    finding
}

/// The conditions that say what is left, or why the controller gets no further.
fn standing(namespace: &Namespace) -> Vec<&NamespaceCondition> {
    let conditions = namespace
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions.filter(|one| one.status == "True").collect()
}

fn see(case: &Case, name: &str) -> Fix {
    let shows = "nothing: its conditions say what is left in it; a deletion cannot be taken back, so let it end, then create the namespace and its workloads again";
    show(case, "namespace", &[name], shows)
}
