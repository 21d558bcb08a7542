//! A webhook that selects what nobody asks for.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Value, json};

use super::enabled_by_default;
use crate::causes::called::webhook_selectors::stock::{entry_path, stock_selectors};
use crate::causes::wanted::injected;
use crate::causes::{Verdict, declare_check};
use crate::facts::{Kind, Missing};
use crate::fixes::{Entries, restart};
use crate::report::{Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::asked::asks;
use crate::way::called::{Creation, called};
use crate::way::injector::{self, entries, fails_closed};
use crate::way::selector::{Labels, in_words, requirements};
use crate::way::terms::Terms;
use crate::way::{Answer, Case, JudgedPod, Outcome, names};

declare_check! {
    /// A selector of the webhook matches every namespace, also those of the system.
    ///
    /// ## What it finds
    /// An injection entry selects a pod without labels in a namespace without labels, and does not leave out
    /// `kube-system` by its name. The entry `auto.sidecar-injector.istio.io`, which the installation has with
    /// `enableNamespacesByDefault`, is not meant.
    ///
    /// ## Why it matters
    /// Pods get a sidecar that nobody asked for. istiod itself leaves `kube-system`, `kube-public`,
    /// `kube-node-lease` and `local-path-storage` alone, but it is asked about their pods all the same: with
    /// failurePolicy `Fail` none of them is created while istiod cannot be called.
    ///
    /// An empty or missing selector matches all. So does one that only excludes, such as
    /// `istio-injection NotIn disabled`: it matches where the label is missing. Webhooks of old versions and of
    /// custom charts have such selectors.
    ///
    /// ## How to fix it
    /// Install the webhook of the chart again. For one of your own, let each entry select only namespaces that ask.
    ///
    /// ## References
    /// - Kubernetes, Matching requests, namespaceSelector:
    ///   <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-namespaceselector>
    /// - Kubernetes, Admission webhook good practices:
    ///   <https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/>
    /// - Istio 1.31, `pkg/kube/inject/initializer.go` (the namespaces that istiod leaves alone)
    "INJ313", "webhook-matches-everything", Wanted, about Webhooks,
    run
}

/// An injection entry with its configuration.
type Entry<'a> = (&'a MutatingWebhookConfiguration, &'a MutatingWebhook);

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut findings = Vec::new();
    let mut doubt = None;
    for (entry, terms) in looked_at(case)? {
        match selects_what_says_nothing(terms) {
            Ok(true) => findings.push(finding(case, entry)?),
            Ok(false) => {}
            Err(missing) => doubt = doubt.or(Some(missing)),
        }
    }
    match doubt {
        Some(missing) if findings.is_empty() => Err(missing),
        _ => Ok(Verdict::of(findings)),
    }
}

/// The injection entries of the target where it is a webhook configuration, or else those that are called for its pods.
fn looked_at<'a>(case: &Case<'a>) -> Result<Vec<(Entry<'a>, &'a Terms)>, Missing> {
    let all = entries(case.webhooks()?).zip(case.terms()?);
    let is_meant = |(_, webhook): &Entry| {
        webhook.name != enabled_by_default::ENTRY && !injector::is_deactivated(webhook)
    };
    if is_webhook(case) {
        let own = all.filter(|((configuration, webhook), _)| {
            configuration.metadata.name.as_ref() == Some(&case.target().name)
                && injector::is_injector(configuration, webhook)
        });
        return Ok(own.filter(|(entry, _)| is_meant(entry)).collect());
    }
    let calls = case.calls()?;
    let called = calls.iter().zip(all).filter(|(call, (entry, _))| {
        call.injector && !matches!(call.called, Answer::No(_)) && is_meant(entry)
    });
    Ok(called.map(|(_, one)| one).collect())
}

fn is_webhook(case: &Case) -> bool {
    case.target().kind == Kind::MutatingWebhookConfiguration
}

/// Whether an entry is called for a pod without labels in `kube-system` with no other label than the API server's.
fn selects_what_says_nothing(terms: &Terms) -> Result<bool, Missing> {
    let [system, ..] = names::IGNORED_NAMESPACES;
    let own = ("kubernetes.io/metadata.name".to_owned(), system.to_owned());
    let pod = JudgedPod {
        namespace: system.to_owned(),
        labels: Labels::new(),
        annotations: Labels::new(),
        spec: PodSpec::default(),
        name: None,
        generate_name: None,
    };
    let called = called(terms, Ok(&Labels::from([own])), &Creation::of(&pod));
    match called {
        Answer::Yes(_) => Ok(true),
        Answer::No(_) => Ok(false),
        Answer::Unknown(missing) => Err(missing),
    }
}

fn finding(case: &Case, (configuration, webhook): Entry) -> Result<Finding, Missing> {
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    let decides = decides(case, name, &webhook.name)?;
    let all = format!(
        "{} in {name} selects every namespace that says nothing, and does not leave out kube-system",
        webhook.name
    );
    let message = match (decides, fails_closed(webhook)) {
        (true, _) => format!("{all}: the pod is injected, and nobody asks for that"),
        (false, true) => {
            format!("{all}: while istiod cannot be called, none of their pods is created")
        }
        (false, false) => format!("{all}: pods are injected that nobody asks for"),
    };
    let effect = match decides {
        true => Effect::Decides(Outcome::Injected),
        false => Effect::Beside,
    };
    let mut finding = Finding::new(Severity::Warning, effect, message);
    let element = format!("k:{{\"name\":\"{}\"}}", webhook.name);
    let (namespace, object) = selectors(configuration, webhook);
    let mut fields = Vec::new();
    for (field, now, expected) in [
        ("namespaceSelector", &webhook.namespace_selector, namespace),
        ("objectSelector", &webhook.object_selector, object),
    ] {
        let (Some(expected), Ok(now)) = (expected, requirements(now.as_ref())) else {
            continue;
        };
        let wanted = serde_json::from_value(expected.clone()).ok();
        let wanted = requirements(wanted.as_ref()).unwrap_or_default();
        if now == wanted {
            continue;
        }
        finding = finding.evidence(
            Evidence::new(
                format!("mutatingwebhookconfiguration/{name}"),
                entry_path(webhook, field),
            )
            .actual(in_words(&now))
            .expected(in_words(&wanted))
            .set_in(&configuration.metadata, &["webhooks", &element, field]),
        );
        fields.push((field, Some(expected)));
    }
    let title = format!("let {} select only what asks", webhook.name);
    let effect = "new pods get the sidecar only where somebody asks for it";
    let change = Entries::of(configuration).set(webhook, fields).change();
    let fix = Fix::new(title, Risk::MeshWide, effect).change(change, configuration);
    Ok(finding.fix(match decides {
        true => fix.restart(restart(case)?).without_sidecar(),
        false => fix,
    }))
}

/// Whether the entry is why the pod is injected.
fn decides(case: &Case, configuration: &str, entry: &str) -> Result<bool, Missing> {
    if is_webhook(case) || asks(case)?.is_some() {
        return Ok(false);
    }
    let by_it = |one: &(String, String)| (one.0.as_str(), one.1.as_str()) == (configuration, entry);
    let found = injected(case, |asked, _| by_it(&asked.webhook).then_some(()));
    Ok(matches!(found, Ok(Ok(_))))
}

/// The selectors that the charts give such an entry; for one that they do not know, that of namespaces which ask.
fn selectors(
    configuration: &MutatingWebhookConfiguration,
    webhook: &MutatingWebhook,
) -> (Option<Value>, Option<Value>) {
    match stock_selectors(configuration, webhook) {
        Some((namespace, object)) => (Some(json!(namespace)), Some(json!(object))),
        None => {
            let asks =
                json!({ "key": names::ISTIO_INJECTION, "operator": "In", "values": ["enabled"] });
            (Some(json!({ "matchExpressions": [asks] })), None)
        }
    }
}
