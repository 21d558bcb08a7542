//! Another vendor's webhook refuses pods because it does not answer.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, ServiceReference,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;

use super::owner::owner;
use crate::causes::reached::explanation::object;
use crate::causes::reached::{entry, istiod};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::injector::{entries, fails_closed};
use crate::way::{Answer, Call, Case, NotCalled, Obstacle, Outcome};

declare_check! {
    /// Another vendor's webhook cannot be reached and refuses the pods.
    ///
    /// ## What it finds
    /// A mutating webhook that is not Istio's is called for the pod, its failurePolicy is `Fail`, and the
    /// call cannot arrive: its Service does not exist, has no ready endpoint or no such port, or its
    /// caBundle is empty; or a matchCondition of it cannot be evaluated.
    ///
    /// ## Why it matters
    /// The API server refuses every pod for which it has to call that webhook. Nothing is wrong with
    /// Istio, and nothing that is done to istiod helps.
    ///
    /// ## How to fix it
    /// Get the webhook's own pods ready again, or ask its owner. Do not delete the webhook: what it
    /// enforces would be gone for all pods.
    ///
    /// ## References
    /// - Kubernetes, Failure policy:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy>
    "INJ216", "other-webhook-failing", Reached, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let prediction = case.prediction();
    if prediction.outcome == Outcome::Unknown {
        return Err(Missing(prediction.because.clone()));
    }
    let webhooks = entries(case.webhooks()?);
    let mut others = prediction
        .calls
        .iter()
        .zip(webhooks)
        .filter(|(call, _)| !call.injector)
        .peekable();
    if others.peek().is_none() {
        return Ok(Verdict::not_applicable("all mutating webhooks are Istio's"));
    }
    let failing = others.filter(|(_, (_, webhook))| fails_closed(webhook));
    let findings = failing.filter_map(|(call, (configuration, webhook))| {
        let why = failure(call)?;
        Some(finding(case, configuration, webhook, &why))
    });
    Ok(Verdict::of(findings.collect::<Result<Vec<_>, _>>()?))
}

/// Why the API server refuses the pod at a call.
enum Failure<'a> {
    /// The call does not arrive.
    Obstacle(&'a Obstacle),
    /// A matchCondition of this name cannot be evaluated.
    Condition(&'a str, &'a str),
}

fn failure(call: &Call) -> Option<Failure<'_>> {
    match (&call.called, &call.reached) {
        (Answer::No(NotCalled::ConditionError { name, error }), _) => {
            Some(Failure::Condition(name, error))
        }
        (_, Some(Answer::No(obstacle))) => Some(Failure::Obstacle(obstacle)),
        _ => None,
    }
}

fn finding(
    case: &Case,
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    failure: &Failure,
) -> Result<Finding, Missing> {
    let why = match failure {
        Failure::Obstacle(obstacle) => obstacle.to_string(),
        Failure::Condition(name, error) => {
            format!("its matchCondition {name} cannot be evaluated: {error}")
        }
    };
    let owner = match owner(&configuration.metadata) {
        Some(owner) => format!(", which belongs to {owner}"),
        None => String::new(),
    };
    let message = format!(
        "webhook {} is not Istio's and refuses the pod, because its failurePolicy is Fail and {why}; \
         it is an entry of {}{owner}",
        webhook.name,
        entry::object(configuration),
    );
    let mut finding = Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message);
    let reference = match failure {
        Failure::Condition(name, _) => {
            return Ok(finding
                .evidence(condition(configuration, webhook, name))
                .fix(look_at_conditions(configuration)));
        }
        Failure::Obstacle(_) => webhook.client_config.service.as_ref(),
    };
    let Some(reference) = reference else {
        let url = entry::evidence(configuration, webhook, &["clientConfig", "url"]);
        finding =
            finding.evidence(url.actual(webhook.client_config.url.clone().unwrap_or_default()));
        return Ok(finding.fix(look_at_conditions(configuration)));
    };
    let (name, namespace) = (reference.name.as_str(), reference.namespace.as_str());
    let asked = entry::evidence(configuration, webhook, &["clientConfig", "service"]);
    finding = finding.evidence(asked.actual(format!("{name} in {namespace}")));
    let service = case.service(namespace, name)?;
    let own = Evidence::new(object("service", name, namespace), ".metadata.name");
    finding = finding.evidence(match service {
        Some(_) => own.actual(name),
        None => own.expected(name),
    });
    let is_empty = matches!(failure, Failure::Obstacle(Obstacle::NoEndpoints(_)));
    if let Some(deployment) = service
        .filter(|_| is_empty)
        .and_then(|service| scaled_down(case, namespace, service))
    {
        let (evidence, fix) = scale_up(deployment, namespace);
        finding = finding.evidence(evidence).fix(fix);
    }
    Ok(finding.fix(look(reference, service)))
}

fn condition(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
    name: &str,
) -> Evidence {
    let mut conditions = webhook.match_conditions.iter().flatten();
    let expression = conditions.find(|one| one.name == name);
    let evidence = entry::evidence(configuration, webhook, &["matchConditions"]);
    match expression {
        Some(one) => evidence.actual(&one.expression),
        None => evidence,
    }
}

/// The Deployment that a Service selects and that is scaled to 0; none where it is not known.
fn scaled_down<'a>(case: &Case<'a>, namespace: &str, service: &Service) -> Option<&'a Deployment> {
    let selector = istiod::selector(service);
    let mut all = case.istiod_deployments(namespace).ok()?.iter();
    all.find(|one| {
        let replicas = one.spec.as_ref().and_then(|spec| spec.replicas);
        replicas == Some(0) && istiod::selects(&selector, &istiod::template_labels(one))
    })
}

fn scale_up(deployment: &Deployment, namespace: &str) -> (Evidence, Fix) {
    let name = istiod::name(deployment);
    let evidence = Evidence::new(object("deployment", name, namespace), ".spec.replicas")
        .actual("0")
        .expected("1 or more")
        .set_in(&deployment.metadata, &["spec", "replicas"]);
    let reference = format!("deployment/{name}");
    let scale = |replicas: &str| Command::kubectl(["scale", &reference, "-n", namespace, replicas]);
    let fix = Fix::new(
        format!("scale {reference} of namespace {namespace} up"),
        Risk::MeshWide,
        "the webhook answers again as soon as its pod is ready",
    )
    .unforeseen(
        scale("--replicas=1"),
        "the webhook is not Istio's and decides by rules of its own",
    )
    .undo(scale("--replicas=0"));
    (evidence, fix)
}

/// Shows the Service and who should stand behind it.
fn look(reference: &ServiceReference, service: Option<&Service>) -> Fix {
    let (name, namespace) = (reference.name.as_str(), reference.namespace.as_str());
    let fix = Fix::new(
        format!("see what became of Service {name} in {namespace}, and tell the webhook's owner"),
        Risk::ReadOnly,
        "nothing: it shows the Service and its pods",
    );
    let Some(service) = service else {
        let kinds = "services,deployments,pods";
        return fix.show(Command::kubectl(["get", kinds, "-n", namespace]));
    };
    let fix = fix.show(Command::kubectl([
        "describe", "service", name, "-n", namespace,
    ]));
    let labels: Vec<_> = istiod::selector(service)
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    match labels.join(",") {
        labels if labels.is_empty() => fix,
        labels => fix.show(Command::kubectl([
            "get", "pods", "-n", namespace, "-l", &labels,
        ])),
    }
}

fn look_at_conditions(configuration: &MutatingWebhookConfiguration) -> Fix {
    let name = configuration.metadata.name.clone().unwrap_or_default();
    Fix::new(
        "see the webhook, and tell its owner",
        Risk::ReadOnly,
        "nothing: it shows the webhook configuration",
    )
    .show(Command::kubectl([
        "get",
        "mutatingwebhookconfiguration",
        name.as_str(),
        "-o",
        "yaml",
    ]))
}
