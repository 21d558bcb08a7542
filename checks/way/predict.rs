//! From the single answers to what happens to the next pod.

use std::rc::Rc;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};

use super::called::{Creation, NotCalled, called};
use super::injected_pod::same_for_injected;
use super::injector::{NativeSidecars, entries, fails_closed, is_injector};
use super::invalid_pod::{invalid, invalid_without_sidecar};
use super::namespace::{is_terminating, namespace_labels};
use super::reached::{Arrival, Entry, reached};
use super::rendered::{Refusal, is_native, rendered};
use super::terms::Terms;
use super::wanted::wanted;
use super::{
    Answer, Call, ControlPlaneKind, Istiod, JudgedPod, Outcome, Prediction, admission_plugin, names,
};
use crate::facts::{Kind, Missing};
use crate::stage::Stage;
use crate::way::Case;

/// Every webhook entry in call order, with whether the API server calls it for the pod.
pub fn calls(
    case: &Case,
    pod: &JudgedPod,
    webhooks: &[MutatingWebhookConfiguration],
    terms: &[Terms],
) -> Rc<[Call]> {
    let namespace = namespace_labels(case);
    let creation = Creation::of(pod);
    entries(webhooks)
        .zip(terms)
        .map(|((configuration, webhook), terms)| Call {
            configuration: configuration.metadata.name.clone().unwrap_or_default(),
            entry: webhook.name.clone(),
            injector: is_injector(configuration, webhook),
            called: called(terms, namespace.as_ref(), &creation),
            reached: None,
            wanted: None,
            rendered: None,
        })
        .collect()
}

/// What will happen to the next pod of the target.
pub fn predict(case: &Case) -> Prediction {
    let mut prediction = Prediction {
        outcome: Outcome::NotInjected,
        revision: None,
        webhook: None,
        decided: Stage::Called,
        because: "no injection webhook is called".to_owned(),
        invalid: None,
        calls: Vec::new(),
    };
    if let Err(open) = walk(case, &mut prediction) {
        prediction.outcome = Outcome::Unknown;
        prediction.decided = open.stage;
        prediction.because = open.missing.0;
        prediction.webhook = open.webhook;
    }
    validate(case, &mut prediction);
    if prediction.outcome != Outcome::Injected {
        // What one webhook injects is lost where a later one has the pod rejected.
        prediction.revision = None;
    }
    prediction
}

/// The API server validates the pod after all webhooks, also where none has injected it, or it is not known whether one
/// will.
fn validate(case: &Case, prediction: &mut Prediction) {
    let (Ok(pod), Ok(false)) = (case.pod(), is_static(case)) else {
        return;
    };
    let reason = match prediction.outcome {
        Outcome::Rejected => None,
        Outcome::NotInjected => invalid_without_sidecar(&pod),
        Outcome::Injected | Outcome::Unknown => invalid(&pod),
    };
    if let Some(reason) = reason {
        prediction.outcome = Outcome::Rejected;
        prediction.because = format!("the API server refuses the pod itself: {reason}");
        prediction.webhook = None;
        prediction.invalid = Some(reason);
    }
}

/// What is not known, at which stage, and of which webhook.
struct Open {
    stage: Stage,
    missing: Missing,
    webhook: Option<String>,
}

impl Open {
    fn at(stage: Stage) -> impl FnOnce(Missing) -> Self {
        move |missing| Self {
            stage,
            missing,
            webhook: None,
        }
    }
}

/// Before any webhook is looked at, it is not known whether one is called.
impl From<Missing> for Open {
    fn from(missing: Missing) -> Self {
        Self::at(Stage::Called)(missing)
    }
}

fn walk(case: &Case, prediction: &mut Prediction) -> Result<(), Open> {
    let pod = case.pod()?;
    if is_static(case)? {
        "the kubelet runs a static pod from a file; the API server holds only its mirror"
            .clone_into(&mut prediction.because);
        return Ok(());
    }
    let Some(namespace) = case.namespace()? else {
        prediction.outcome = Outcome::Rejected;
        prediction.because = format!("namespace {} does not exist", pod.namespace);
        return Ok(());
    };
    if is_terminating(namespace) {
        prediction.outcome = Outcome::Rejected;
        prediction.because = format!(
            "namespace {} is being deleted, and takes no new pod",
            pod.namespace
        );
        return Ok(());
    }
    if admission_plugin::is_off(case)? {
        prediction.because = format!(
            "the API server runs without the admission plugin {}, and calls no mutating webhook",
            admission_plugin::PLUGIN
        );
        return Ok(());
    }
    prediction.calls = case.calls()?.to_vec();
    let mut calls = std::mem::take(&mut prediction.calls);
    let webhooks = entries(case.webhooks()?).zip(case.terms()?);
    let mut outcome = Ok(());
    let mut injections = Injections::default();
    for (call, ((configuration, webhook), terms)) in calls.iter_mut().zip(webhooks) {
        let entry = Entry {
            configuration,
            webhook,
        };
        let overruled = injections.overrule(webhook);
        outcome = match injections.last.is_some() {
            true => same_for_injected(case, webhook, terms, &pod, &call.called),
            false => Ok(()),
        }
        .or_else(|differs| {
            let may_refuse = differs.may_be_error && fails_closed(webhook);
            if may_refuse || matters(case, entry, call) {
                return Err(Open::at(Stage::Called)(differs.missing));
            }
            // What another vendor's webhook answers is taken for granted, and that needs to be said.
            call.called = Answer::Unknown(differs.missing);
            Ok(())
        })
        .and_then(|()| step(case, &pod, entry, call, prediction, overruled));
        match outcome
            .is_ok()
            .then(|| injections.add(case, webhook, call, &pod))
        {
            None | Some(Ok(None)) => {}
            Some(Ok(Some(refusal))) => {
                prediction.outcome = Outcome::Rejected;
                prediction.because = refusal.to_string();
                prediction.webhook = Some(name_of(call));
                call.rendered = Some(Answer::No(refusal));
            }
            Some(Err(missing)) => outcome = Err(Open::at(Stage::Rendered)(missing)),
        }
        if let Err(open) = &mut outcome {
            open.webhook = Some(name_of(call));
        }
        if outcome.is_err() || prediction.outcome == Outcome::Rejected {
            break;
        }
    }
    if outcome.is_ok() && prediction.outcome == Outcome::Injected {
        outcome = asked_again(case, &pod, &calls);
    }
    prediction.calls = calls;
    outcome
}

/// Once a webhook has changed the pod, the API server looks at the conditions of all again, also of those whom it does not
/// call again, and refuses the pod for one that ends in an error.
/// Source: Kubernetes 1.36, `apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go` (`Dispatch`).
fn asked_again(case: &Case, pod: &JudgedPod, calls: &[Call]) -> Result<(), Open> {
    let webhooks = entries(case.webhooks()?).zip(case.terms()?);
    let may_refuse = |webhook: &MutatingWebhook| {
        let mut conditions = webhook.match_conditions.iter().flatten();
        fails_closed(webhook) && conditions.next().is_some()
    };
    let asked = calls
        .iter()
        .zip(webhooks)
        .filter(|(_, ((_, webhook), _))| may_refuse(webhook));
    for (call, ((_, webhook), terms)) in asked {
        match same_for_injected(case, webhook, terms, pod, &call.called) {
            Err(differs) if differs.may_be_error => {
                return Err(Open {
                    stage: Stage::Called,
                    missing: differs.missing,
                    webhook: Some(name_of(call)),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The injections of a pod so far.
#[derive(Default)]
struct Injections {
    /// The last that brought a proxy, by its istiod and its templates.
    last: Option<(Istiod, Vec<String>)>,
    /// Whether one will be done again after all others.
    returns: bool,
}

impl Injections {
    /// Whether an earlier webhook injects after this one. One with this policy is called again once the pod has changed.
    fn overrule(&self, webhook: &MutatingWebhook) -> bool {
        self.returns && !returns(webhook)
    }

    /// Takes note of a call if it injects the pod, and tells why the API server refuses what comes of it, if so. The second
    /// istiod moves the proxy of the first to its own place, but for one among the init containers: that it leaves there.
    ///
    /// # Errors
    /// [`Missing`] where the pod is injected again, and not just as before.
    fn add(
        &mut self,
        case: &Case,
        webhook: &MutatingWebhook,
        call: &Call,
        pod: &JudgedPod,
    ) -> Result<Option<Refusal>, Missing> {
        let (Some(Answer::Yes(Arrival::Istiod(istiod))), Some(Answer::Yes(sidecar))) =
            (&call.reached, &call.rendered)
        else {
            return Ok(None);
        };
        let before = self.last.replace((istiod.clone(), sidecar.proxies.clone()));
        self.returns |= returns(webhook);
        let again = before.is_some() || returns(webhook);
        // A template without a proxy goes by the containers, of which istiod leaves out those that a status names.
        let by_status = sidecar.proxies.is_empty() && pod.annotations.contains_key(names::STATUS);
        let differs = |(_, proxies): &(Istiod, Vec<String>)| *proxies != sidecar.proxies;
        let otherwise = before.as_ref().is_some_and(differs) || sidecar.proxies.len() > 1;
        let unknown = |because: &str| {
            Missing(format!(
                "the pod is injected again, {sidecar}, and what that makes of the first injection is not known here{because}"
            ))
        };
        if by_status || again && otherwise {
            return Err(unknown(""));
        }
        let Some((first, _)) = before.filter(|(first, _)| first != istiod) else {
            return Ok(None);
        };
        let (before, now) = (is_native(case, &first, pod), is_native(case, istiod, pod));
        let moves = before == Ok(false) || now == Ok(true);
        // Where the nodes are not known, they decide the same for both.
        let by_nodes = |one: &Istiod| one.native_sidecars.iter().eq([&NativeSidecars::ByNodes]);
        if before.is_err() && now.is_err() && by_nodes(&first) && by_nodes(istiod) {
            return Ok(None);
        }
        match before.and_then(|before| Ok((before, now?))) {
            Ok((before, now)) if before == now => Ok(None),
            _ if self.returns => Err(unknown("")),
            _ if moves => Ok(None),
            Ok(_) => Ok(Some(Refusal::TwoProxies {
                first: first.revision,
                then: istiod.revision.clone(),
            })),
            Err(Missing(reason)) => Err(unknown(&format!(": {reason}"))),
        }
    }
}

/// Whether anything follows from a webhook's call: other vendors' that answer, or may fail, leave a sidecar as it is. A
/// match condition that cannot be evaluated fails before anybody is asked.
fn matters(case: &Case, entry: Entry, call: &Call) -> bool {
    let fails = || {
        matches!(call.called, Answer::No(NotCalled::ConditionError { .. }))
            || !reached(case, entry, call.injector).is_yes()
    };
    call.injector || fails_closed(entry.webhook) && fails()
}

/// The injection entry at which a prediction ends, where nobody sees who answers it, no other one may be called, and no
/// other vendor's webhook may fail; none elsewhere.
pub fn ends_out_of_sight(case: &Case, prediction: &Prediction) -> Option<ControlPlaneKind> {
    let is_open = prediction.outcome == Outcome::Unknown && prediction.decided == Stage::Reached;
    let (webhook, true) = (prediction.webhook.as_ref()?, is_open) else {
        return None;
    };
    let mut kind = None;
    let entries = entries(case.webhooks().ok()?);
    for (call, (configuration, webhook_entry)) in prediction.calls.iter().zip(entries) {
        let entry = Entry {
            configuration,
            webhook: webhook_entry,
        };
        if name_of(call) == *webhook {
            kind = case.control_plane_kind(configuration, webhook_entry).ok()?;
        } else if call.called.no().is_none() && matters(case, entry, call) {
            return None;
        }
    }
    kind.filter(|kind| kind.is_out_of_sight())
}

/// Configuration and entry of a call.
fn name_of(call: &Call) -> String {
    format!("{}/{}", call.configuration, call.entry)
}

fn returns(webhook: &MutatingWebhook) -> bool {
    webhook.reinvocation_policy.as_deref() == Some("IfNeeded")
}

/// Whether the target is the mirror of a static pod.
///
/// # Errors
/// [`Missing`] where the target was not read.
pub fn is_static(case: &Case) -> Result<bool, Missing> {
    let workload = case.workload()?;
    let annotations = workload.metadata.annotations.as_ref();
    Ok(workload.kind == Kind::Pod
        && annotations.is_some_and(|all| all.contains_key("kubernetes.io/config.mirror")))
}

/// One webhook entry: what it does to the pod, and so to the prediction; where it injects and is
/// overruled, another one injects after it.
fn step(
    case: &Case,
    pod: &JudgedPod,
    entry: Entry,
    call: &mut Call,
    prediction: &mut Prediction,
    overruled: bool,
) -> Result<(), Open> {
    let name = name_of(call);
    let fails_closed = fails_closed(entry.webhook);
    let mut decide = |stage, outcome, because: String| {
        // The first webhook that lets the pod go without a sidecar explains more than a later one.
        if outcome != Outcome::NotInjected || prediction.webhook.is_none() {
            prediction.outcome = outcome;
            prediction.decided = stage;
            prediction.because = because;
            prediction.webhook = Some(name.clone());
        }
    };
    let failed = |stage, because| match fails_closed {
        true => (stage, Outcome::Rejected, because),
        false => (
            stage,
            Outcome::NotInjected,
            format!("{because}, and failurePolicy is Ignore"),
        ),
    };
    match call.called.known() {
        // Whether another vendor's webhook is called does not matter where it would answer, or be done without.
        Err(_) if !call.injector && !matters(case, entry, call) => return Ok(()),
        Err(missing) => return Err(Open::at(Stage::Called)(missing)),
        Ok(Answer::Yes(_)) => {}
        Ok(Answer::No(NotCalled::ConditionError { .. })) if fails_closed || call.injector => {
            // The selectors want the call, and it fails before it is made.
            let (stage, outcome, because) = failed(Stage::Reached, call.called.to_string());
            decide(stage, outcome, because);
            return Ok(());
        }
        _ => return Ok(()),
    }
    let reached = call.reached.insert(reached(case, entry, call.injector));
    let istiod = match reached.known().map_err(Open::at(Stage::Reached))? {
        Answer::Yes(Arrival::Istiod(istiod)) => istiod.clone(),
        Answer::No(obstacle) if obstacle.is_denial() => {
            decide(Stage::Reached, Outcome::Rejected, reached.to_string());
            return Ok(());
        }
        Answer::No(_) if fails_closed || call.injector => {
            let (stage, outcome, because) = failed(Stage::Reached, reached.to_string());
            decide(stage, outcome, because);
            return Ok(());
        }
        _ => return Ok(()),
    };
    let wanted = call.wanted.insert(wanted(case, &istiod, pod));
    let wanted = wanted.known().map_err(Open::at(Stage::Wanted))?;
    if wanted.no().is_some() {
        decide(Stage::Wanted, Outcome::NotInjected, wanted.to_string());
        return Ok(());
    }
    // A refusal by istiod is an answer, not a failure: failurePolicy does not matter any more.
    let rendered = call.rendered.insert(rendered(case, &istiod, pod));
    let rendered = rendered.known().map_err(Open::at(Stage::Rendered))?;
    match rendered.no() {
        Some(refusal) if refusal.is_crash() => {
            let (stage, outcome, because) = failed(Stage::Rendered, refusal.to_string());
            decide(stage, outcome, because);
        }
        Some(refusal) => decide(Stage::Rendered, Outcome::Rejected, refusal.to_string()),
        None if overruled => {}
        None => {
            decide(Stage::Rendered, Outcome::Injected, wanted.to_string());
            prediction.revision = Some(istiod.revision);
        }
    }
    Ok(())
}
