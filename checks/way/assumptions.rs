//! What a prediction takes for granted, because nobody can know it or nothing here evaluates it.

use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, MutatingWebhook, NamedRuleWithOperations, RuleWithOperations,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::called::{Creation, called};
use super::selector::Labels;
use super::terms::Terms;
use super::{Answer, Call, Case, NotCalled, Outcome, Prediction, is_static, namespace_labels};
use crate::facts::kinds::{
    MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
};
use crate::facts::policies::{BindingSpec, PolicySpec, ValidatingWebhook};
use crate::facts::{Missing, Resource};

/// The kinds of a cluster that have a say about pods, besides mutating webhooks.
pub const POLICIES: [Resource; 5] = [
    Resource::ValidatingWebhookConfiguration,
    Resource::ValidatingAdmissionPolicy,
    Resource::ValidatingAdmissionPolicyBinding,
    Resource::MutatingAdmissionPolicy,
    Resource::MutatingAdmissionPolicyBinding,
];

/// The kinds of a namespace that have a say about pods.
pub const LIMITS: [Resource; 2] = [Resource::ResourceQuota, Resource::LimitRange];

/// The namespace label by which Pod Security refuses pods.
/// Source: Kubernetes 1.36, `k8s.io/pod-security-admission/api/constants.go`.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Something that a prediction takes for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The object that could say otherwise, in kubectl's words; or the kind, where it was not read.
    pub object: String,
    /// What is taken for granted: a sentence.
    pub assumes: String,
}

impl Assumption {
    fn new(object: impl Into<String>, assumes: impl Into<String>) -> Self {
        Self {
            object: object.into(),
            assumes: assumes.into(),
        }
    }
}

/// A policy or a validating webhook, with when it is asked about a pod.
#[derive(Debug)]
pub struct Gate {
    assumption: Assumption,
    terms: Terms,
    /// It is in force where one of these holds; none where it needs no binding.
    bindings: Option<Vec<Terms>>,
}

/// What the prediction for the target's next pod takes for granted, in the order in which the API server comes to it.
/// A pod that is known to be refused needs nothing of what comes later.
pub fn assumptions(case: &Case, prediction: &Prediction) -> Vec<Assumption> {
    if is_static(case).unwrap_or(true) {
        return Vec::new();
    }
    let mut found = gates(case, &case.mutating_policies());
    let calls = prediction.calls.iter().filter(|call| is_assumed(call));
    found.extend(calls.map(of_call));
    found.extend(unseen_control_plane(prediction));
    found.extend(unseen_api_servers(case, prediction));
    if prediction.outcome == Outcome::Rejected {
        return found;
    }
    found.extend(pod_security(case));
    found.extend(LIMITS.into_iter().flat_map(|one| limits(case, one)));
    found.extend(gates(case, &case.validating_policies()));
    found.extend(gates(case, &case.validating_webhooks()));
    found
}

/// Whether another vendor's webhook is, or may be, asked.
fn is_assumed(call: &Call) -> bool {
    let may_be_asked = !matches!(call.called, Answer::No(_));
    let may_answer = !matches!(call.reached, Some(Answer::No(_)));
    !call.injector && may_be_asked && may_answer
}

fn of_call(call: &Call) -> Assumption {
    Assumption::new(
        format!("mutatingwebhookconfiguration/{}", call.configuration),
        format!(
            "webhook {} lets the pod pass and changes nothing that decides about injection",
            call.entry
        ),
    )
}

/// Where a pod shows that a control plane injects that nobody sees here: it may have changed since.
fn unseen_control_plane(prediction: &Prediction) -> Option<Assumption> {
    let is_unseen =
        |call: &&Call| call.injector && matches!(call.reached, Some(Answer::Unknown(_)));
    let call = prediction.calls.iter().find(is_unseen)?;
    (prediction.outcome == Outcome::Injected).then(|| {
        Assumption::new(
            format!("mutatingwebhookconfiguration/{}", call.configuration),
            "the control plane that it calls, which cannot be seen here, does what it did with the newest pod",
        )
    })
}

/// Where the provider hides the API servers, nobody sees whether they call webhooks through a proxy. A pod that was
/// injected shows that they get through.
fn unseen_api_servers(case: &Case, prediction: &Prediction) -> Option<Assumption> {
    let is_unseen = case.api_servers().is_ok_and(<[_]>::is_empty);
    let is_shown = case.observation().pods.iter().any(|pod| pod.injected);
    (prediction.outcome == Outcome::Injected && is_unseen && !is_shown).then(|| {
        Assumption::new(
            "pods of kube-apiserver in kube-system",
            "the API server calls istiod without an HTTP proxy: its pods are not there, so its environment cannot be seen",
        )
    })
}

fn gates(case: &Case, gates: &[Result<&Gate, Missing>]) -> Vec<Assumption> {
    let Ok(pod) = case.pod() else {
        return Vec::new();
    };
    let namespace = namespace_labels(case);
    let creation = Creation::of(&pod);
    let mut found = Vec::new();
    for gate in gates {
        match gate {
            Ok(gate) if gate.may_be_asked(namespace.as_ref(), &creation) => {
                found.push(gate.assumption.clone());
            }
            Ok(_) => {}
            Err(missing) => found.push(unread(missing)),
        }
    }
    found.dedup();
    found
}

impl Gate {
    fn may_be_asked(&self, namespace: Result<&Labels, &Missing>, creation: &Creation) -> bool {
        // A condition that cannot be evaluated is an answer, too: failurePolicy may refuse the pod by it.
        let matches = |terms: &Terms| {
            !matches!(
                called(terms, namespace, creation),
                Answer::No(
                    NotCalled::NamespaceSelector(_)
                        | NotCalled::ObjectSelector(_)
                        | NotCalled::Rules(_)
                        | NotCalled::Condition { .. }
                )
            )
        };
        matches(&self.terms)
            && self
                .bindings
                .as_ref()
                .is_none_or(|all| all.iter().any(matches))
    }
}

fn unread(missing: &Missing) -> Assumption {
    Assumption::new(
        "what could not be read",
        format!("nothing refuses or changes the pod there: {missing}"),
    )
}

/// Where the namespace wants pods to keep to a level of Pod Security.
fn pod_security(case: &Case) -> Option<Assumption> {
    let namespace = case.namespace().ok()??;
    let level = namespace.metadata.labels.as_ref()?.get(ENFORCE)?;
    (level != "privileged").then(|| {
        let name = &case.target().namespace;
        Assumption::new(
            format!("namespace/{name}"),
            format!("the pod keeps to Pod Security level {level}, which label {ENFORCE} enforces"),
        )
    })
}

fn limits(case: &Case, resource: Resource) -> Vec<Assumption> {
    let all = match case.limits(resource) {
        Ok(all) => all,
        Err(missing) => return vec![unread(&missing)],
    };
    let assumes = match resource {
        Resource::ResourceQuota => "the pod fits into the quota",
        _ => "the pod keeps to the limits",
    };
    let kind = resource.kind().to_lowercase();
    let of = |one: &&ObjectMeta| {
        let name = one.name.as_deref().unwrap_or_default();
        let namespace = &case.target().namespace;
        Assumption::new(format!("{kind}/{name} -n {namespace}"), assumes)
    };
    all.iter().map(of).collect()
}

/// The gates of validating webhooks.
pub fn of_webhooks(all: &[ValidatingWebhookConfiguration]) -> Vec<Gate> {
    let of = |configuration: &ValidatingWebhookConfiguration| {
        let name = configuration.metadata.name.clone().unwrap_or_default();
        let object = format!("validatingwebhookconfiguration/{name}");
        let gate = |webhook: &ValidatingWebhook| Gate {
            assumption: Assumption::new(
                object.clone(),
                format!("webhook {} lets the pod pass", webhook.name),
            ),
            terms: Terms::of(&MutatingWebhook {
                name: webhook.name.clone(),
                rules: webhook.rules.clone(),
                namespace_selector: webhook.namespace_selector.clone(),
                object_selector: webhook.object_selector.clone(),
                match_conditions: webhook.match_conditions.clone(),
                ..MutatingWebhook::default()
            }),
            bindings: None,
        };
        let webhooks = configuration.webhooks.iter().flatten();
        webhooks.map(gate).collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

/// The gates of validating policies: those that refuse what does not keep to them.
pub fn of_validating(
    policies: &[ValidatingAdmissionPolicy],
    bindings: &[ValidatingAdmissionPolicyBinding],
) -> Vec<Gate> {
    // Kubernetes 1.26, the first to have bindings, knew no other action.
    let denies = |spec: &&BindingSpec| {
        let actions = spec.validation_actions.as_ref();
        actions.is_none_or(|actions| actions.iter().any(|action| action == "Deny"))
    };
    let bindings: Vec<_> = bindings
        .iter()
        .filter_map(|one| one.spec.as_ref())
        .collect();
    let denying: Vec<_> = bindings.into_iter().filter(denies).collect();
    let of = |policy: &ValidatingAdmissionPolicy| {
        let name = policy.metadata.name.as_deref().unwrap_or_default();
        let assumption = Assumption::new(
            format!("validatingadmissionpolicy/{name}"),
            "the policy lets the pod pass",
        );
        gate(assumption, name, policy.spec.as_ref(), &denying)
    };
    policies.iter().filter_map(of).collect()
}

/// The gates of mutating policies, which come before all webhooks.
/// Source: Kubernetes 1.36, `pkg/kubeapiserver/options/plugins.go`.
pub fn of_mutating(
    policies: &[MutatingAdmissionPolicy],
    bindings: &[MutatingAdmissionPolicyBinding],
) -> Vec<Gate> {
    let bindings: Vec<_> = bindings
        .iter()
        .filter_map(|one| one.spec.as_ref())
        .collect();
    let of = |policy: &MutatingAdmissionPolicy| {
        let name = policy.metadata.name.as_deref().unwrap_or_default();
        let assumption = Assumption::new(
            format!("mutatingadmissionpolicy/{name}"),
            "the policy lets the pod pass and changes nothing that decides about injection",
        );
        gate(assumption, name, policy.spec.as_ref(), &bindings)
    };
    policies.iter().filter_map(of).collect()
}

/// A policy with its bindings; none where nothing puts it into force.
fn gate(
    assumption: Assumption,
    name: &str,
    spec: Option<&PolicySpec>,
    bindings: &[&BindingSpec],
) -> Option<Gate> {
    let spec = spec?;
    let own = bindings
        .iter()
        .filter(|one| one.policy_name.as_deref() == Some(name));
    let bindings: Vec<_> = own
        .map(|one| terms(one.match_resources.as_ref(), None))
        .collect();
    (!bindings.is_empty()).then(|| Gate {
        assumption,
        terms: terms(
            spec.match_constraints.as_ref(),
            spec.match_conditions.as_ref(),
        ),
        bindings: Some(bindings),
    })
}

/// When a policy or a binding applies. One that says nothing of resources applies to all.
/// Source: Kubernetes 1.36, `k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go`.
fn terms(resources: Option<&MatchResources>, conditions: Option<&Vec<MatchCondition>>) -> Terms {
    let creation = RuleWithOperations {
        operations: Some(vec!["CREATE".to_owned()]),
        api_groups: Some(vec![String::new()]),
        api_versions: Some(vec!["v1".to_owned()]),
        resources: Some(vec!["pods".to_owned()]),
        scope: None,
    };
    let named = resources.and_then(|one| one.resource_rules.as_ref());
    let mut rules: Vec<_> = match named.filter(|rules| !rules.is_empty()) {
        Some(rules) => rules.iter().map(without_names).collect(),
        None => vec![creation],
    };
    let mut excluded = resources
        .into_iter()
        .flat_map(|one| one.exclude_resource_rules.iter().flatten())
        // A name that a rule leaves out leaves out no other.
        .filter(|rule| rule.resource_names.iter().flatten().next().is_none());
    let covers_pods = |rule: &NamedRuleWithOperations| {
        let webhook = MutatingWebhook {
            rules: Some(vec![without_names(rule)]),
            ..MutatingWebhook::default()
        };
        Terms::of(&webhook).rules.is_ok()
    };
    if excluded.any(covers_pods) {
        rules.clear();
    }
    Terms::of(&MutatingWebhook {
        rules: Some(rules),
        namespace_selector: resources.and_then(|one| one.namespace_selector.clone()),
        object_selector: resources.and_then(|one| one.object_selector.clone()),
        match_conditions: conditions.cloned(),
        ..MutatingWebhook::default()
    })
}

/// A rule for objects of whatever name: whether the pod has it is not asked here.
fn without_names(rule: &NamedRuleWithOperations) -> RuleWithOperations {
    RuleWithOperations {
        operations: rule.operations.clone(),
        api_groups: rule.api_groups.clone(),
        api_versions: rule.api_versions.clone(),
        resources: rule.resources.clone(),
        scope: rule.scope.clone(),
    }
}
