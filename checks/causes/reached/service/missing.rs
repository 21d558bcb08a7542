//! There is no such Service.

use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

use crate::causes::reached::explanation::{Explain, Explanation, object};
use crate::causes::reached::left_over::replace;
use crate::causes::reached::obstacle_findings::judge;
use crate::causes::reached::selector::{in_words, selector_for};
use crate::causes::reached::{entry, istiod};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Evidence, Fix, Object, Risk};
use crate::way::reached::{NoService, called_port};
use crate::way::{Case, Destination, names};

declare_check! {
    /// The Service of the webhook does not exist.
    ///
    /// ## What it finds
    /// `clientConfig.service` of an injection webhook names a Service that is not there. As a rule the
    /// webhook is left over: webhook configurations belong to no namespace, so deleting `istio-system`,
    /// or the istiod of a revision, leaves them behind.
    ///
    /// ## Why it matters
    /// The API server goes on calling the webhook, fails with `service "istiod" not found`, and refuses
    /// every pod that the webhook selects.
    ///
    /// ## How to fix it
    /// Where istiod still runs, make the Service again. Where it is gone, delete the webhook
    /// configuration, or let the tag lead to a revision that is there.
    ///
    /// ## References
    /// - Kubernetes 1.36, `k8s.io/apiserver/pkg/util/proxy/proxy.go`
    /// - Istio, Uninstall: <https://istio.io/latest/docs/setup/install/istioctl/#uninstall-istio>
    "INJ201", "webhook-service-missing", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge::<NoService>(case, &CHECK)
}

impl Explain for NoService {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let Some(service) = destination.service() else {
            return Ok(Explanation::of(self));
        };
        let (name, namespace) = (&service.name, &service.namespace);
        let deployment = istiod::deployment_of(case, destination).ok().flatten();
        let beside = match deployment {
            Some(deployment) => {
                format!("though deployment/{} is there", istiod::name(deployment))
            }
            None if is_gone(case, namespace) => "and neither does the namespace".to_owned(),
            None => "and no Deployment of istiod is there for it".to_owned(),
        };
        let asked = entry::evidence(
            destination.configuration,
            destination.entry,
            &["clientConfig", "service"],
        );
        let mut evidence = vec![
            asked.actual(format!("{name} in {namespace}")),
            Evidence::new(object("service", name, namespace), ".metadata.name").expected(name),
        ];
        if let Some(deployment) = deployment {
            let other = object("deployment", istiod::name(deployment), namespace);
            evidence.push(Evidence::new(other, ".metadata.name").actual(istiod::name(deployment)));
        }
        let fixes = match deployment {
            Some(deployment) => vec![create(case, service, deployment)],
            None => replace(case, destination, service),
        };
        let explanation = Explanation::new(&CHECK, format!("{self}, {beside}"));
        Ok(explanation.evidence(evidence).fixes(fixes))
    }
}

/// Whether a namespace is known not to exist.
fn is_gone(case: &Case, namespace: &str) -> bool {
    matches!(case.namespace_named(namespace), Ok(None))
}

/// Makes the Service of a Deployment again.
fn create(case: &Case, service: &ServiceReference, deployment: &Deployment) -> Fix {
    let (name, namespace) = (service.name.as_str(), service.namespace.as_str());
    let ports = ports(service);
    let create = ["create", "service", "clusterip", name, "-n", namespace].map(str::to_owned);
    let flags = ports.map(|(port, target)| format!("--tcp={port}:{target}"));
    let words = create.into_iter().chain(flags);
    // What is created selects by `app` alone, which another istiod may have as well: none is created like that.
    let by_name = || [("app".to_owned(), name.to_owned())].into();
    let selector = selector_for(case, namespace, deployment).unwrap_or_else(by_name);
    let written = ["--dry-run=client", "-o", "yaml"].map(str::to_owned);
    let selected = in_words(&selector);
    let stages = [
        Command::kubectl(words.chain(written)),
        Command::kubectl([
            "set", "selector", "--local", "-f", "-", &selected, "-o", "yaml",
        ]),
        Command::kubectl(["create", "-f", "-"]),
    ];
    let made = json!({
        "metadata": { "name": name, "namespace": namespace, "labels": { "app": name } },
        "spec": { "type": "ClusterIP", "selector": selector, "ports": ports.map(port) },
    });
    Fix::new(
        format!("make Service {name} again"),
        Risk::MeshWide,
        format!(
            "webhooks and proxies reach {} again; before the next helm upgrade delete the Service, as Helm does not \
             take over what it did not make",
            istiod::name(deployment)
        ),
    )
    .create(
        Command::pipeline(stages, None),
        Object::new("Service", namespace, name),
        made,
    )
    .undo(Command::kubectl([
        "delete", "service", name, "-n", namespace,
    ]))
}

/// The ports of istiod's Service, and where they lead.
pub fn ports(service: &ServiceReference) -> [(i32, i32); 4] {
    [
        (15010, 15010),
        (15012, 15012),
        (called_port(service), names::INJECTOR_PORT),
        (15014, 15014),
    ]
}

fn port((port, target): (i32, i32)) -> Value {
    json!({ "name": format!("{port}-{target}"), "port": port, "protocol": "TCP", "targetPort": target })
}
