//! Every namespace is to be injected, and no webhook does.

use std::collections::BTreeSet;

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use serde_json::{Value, json};

use crate::causes::called::uncalled;
use crate::causes::fields::NAMESPACE_KEYS;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{WRITES_THE_WEBHOOK, label_namespace, remove_tag, restart, set_tag};
use crate::report::{
    Change, Effect, Evidence, Finding, Fix, Object, Operation, Patch, Risk, Severity,
};
use crate::way::relabelled::WhatIf;
use crate::way::{Case, Outcome, injector, names};

declare_check! {
    /// enableNamespacesByDefault is set, but no webhook has the entry for it.
    ///
    /// ## What it finds
    /// `sidecarInjectorWebhook.enableNamespacesByDefault` is true in the values of the injector's ConfigMap,
    /// and no live injection webhook has an entry `auto.sidecar-injector.istio.io`. Namespace and pod say
    /// nothing.
    ///
    /// ## Why it matters
    /// The value decides about nothing but that entry, which is written when Istio is installed, and only for
    /// the default revision. Without it, a namespace without a label gets no sidecar.
    ///
    /// ## How to fix it
    /// Label the namespace. Or add the entry: it injects every namespace that says nothing else.
    ///
    /// ## References
    /// - Istio's Helm value `sidecarInjectorWebhook.enableNamespacesByDefault`
    /// - Istio 1.31, `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
    "INJ124", "enabled-by-default-missing", Called, about Pods,
    run
}

/// The name of the entry begins so.
const PREFIX: &str = "auto.";

type Entry<'a> = (&'a MutatingWebhookConfiguration, &'a MutatingWebhook);

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some(what_if) = uncalled(case)? else {
        return Ok(Verdict::Passed);
    };
    if says_something(case, &what_if) {
        return Ok(Verdict::Passed);
    }
    let webhooks = case.webhooks()?;
    let all = injector::injectors(webhooks);
    let live: Vec<Entry> = all
        .filter(|(_, webhook)| !injector::is_deactivated(webhook))
        .collect();
    if live
        .iter()
        .any(|(_, webhook)| webhook.name.starts_with(PREFIX))
    {
        return Ok(Verdict::Passed);
    }
    let enabled = (names::ISTIO_INJECTION, "enabled".to_owned());
    let by_default = what_if.calls(&what_if.namespace_with(&enabled), &what_if.pod.labels);
    let entry = by_default.first().copied();
    // Only the default revision has the entry. Where there is none, any may be made the default.
    let meant: Vec<_> = match entry {
        Some(entry) => vec![entry],
        None => live,
    };
    let Some(set) = first_set(case, &meant)? else {
        return Ok(Verdict::Passed);
    };
    let message = format!(
        "ConfigMap {} has enableNamespacesByDefault: true, but no injection webhook has an entry {PREFIX}{}, which would select namespaces that say nothing",
        set.config_map,
        names::INJECTOR_SUFFIX
    );
    let mut finding = Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::NotInjected),
        message,
    )
    .evidence(set.evidence);
    if let Some((configuration, _)) = entry {
        let names = configuration
            .webhooks
            .iter()
            .flatten()
            .map(|one| one.name.as_str());
        let evidence = Evidence::new(object(configuration).reference(), ".webhooks[*].name")
            .actual(names.collect::<Vec<_>>().join(", "))
            .expected(format!("also {PREFIX}{}", names::INJECTOR_SUFFIX));
        finding = finding.evidence(evidence);
    }
    if let Some(label) = what_if.namespace_label(case)? {
        finding = finding.fix(label_namespace(case, &label)?);
    }
    let fix = match entry {
        Some(entry) => add(entry),
        None => make_default(case, &set.revision),
    };
    Ok(Verdict::of([finding.fix(fix.restart(restart(case)?))]))
}

fn says_something(case: &Case, what_if: &WhatIf) -> bool {
    let pod = &what_if.pod.labels;
    let mut namespace = NAMESPACE_KEYS.iter();
    pod.contains_key(names::INJECT)
        || pod.contains_key(names::ISTIO_REV)
        || namespace.any(|key| what_if.namespace.contains_key(*key))
        || names::IGNORED_NAMESPACES.contains(&case.target().namespace.as_str())
}

/// Where the value is set.
struct Set {
    revision: String,
    config_map: String,
    evidence: Evidence,
}

/// The first revision of these entries whose values have it.
fn first_set(case: &Case, entries: &[Entry]) -> Result<Option<Set>, Missing> {
    let mut seen = BTreeSet::new();
    for (configuration, webhook) in entries {
        let revision = injector::label(configuration, names::ISTIO_REV);
        let (Some(revision), Some(service)) = (revision, &webhook.client_config.service) else {
            continue;
        };
        let (namespace, name) = (
            service.namespace.as_str(),
            names::with_revision(names::INJECTOR_CONFIG, revision),
        );
        if !seen.insert((namespace, name.clone())) {
            continue;
        }
        let Some(config) = case.injector_config(namespace, &name)? else {
            continue;
        };
        let value = config
            .known_values()?
            .pointer("/sidecarInjectorWebhook/enableNamespacesByDefault");
        if value != Some(&Value::Bool(true)) {
            continue;
        }
        let path = ".data.values sidecarInjectorWebhook.enableNamespacesByDefault";
        let mut evidence =
            Evidence::new(format!("configmap/{name} -n {namespace}"), path).actual("true");
        if let Some(config_map) = case.injector_config_map(namespace, &name)? {
            evidence = evidence.set_in(&config_map.metadata, &["data", "values"]);
        }
        return Ok(Some(Set {
            revision: revision.to_owned(),
            config_map: name,
            evidence,
        }));
    }
    Ok(None)
}

fn object(configuration: &MutatingWebhookConfiguration) -> Object {
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    Object::unscoped("MutatingWebhookConfiguration", name)
}

/// Adds the entry beside the one for `istio-injection=enabled`, as the installation ships it; istiod fills in
/// its caBundle.
fn add((configuration, webhook): Entry) -> Fix {
    let exists_not = |key: &str| json!({ "key": key, "operator": "DoesNotExist" });
    let system = json!({
        "key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": names::IGNORED_NAMESPACES,
    });
    let mut entry = json!(webhook);
    let own = json!({
        "name": format!("{PREFIX}{}", names::INJECTOR_SUFFIX),
        "clientConfig": { "caBundle": null },
        "namespaceSelector": { "matchLabels": null, "matchExpressions": [
            exists_not(names::ISTIO_INJECTION), exists_not(names::ISTIO_REV), system,
        ] },
        "objectSelector": { "matchLabels": null, "matchExpressions": [
            exists_not(names::INJECT), exists_not(names::ISTIO_REV),
        ] },
    });
    json_patch::merge(&mut entry, &own);
    let name = configuration.metadata.name.as_deref().unwrap_or_default();
    let fix = Fix::new(
        format!("add the entry for namespaces that say nothing to {name}"),
        Risk::MeshWide,
        "every new pod gets the sidecar, in every namespace that says nothing else",
    );
    let operations = vec![Operation::Add("/webhooks/-".to_owned(), entry)];
    let change = Change::new(object(configuration), Patch::Operations(operations));
    fix.change(change, configuration)
}

/// Makes a revision the default one, with the entry.
fn make_default(case: &Case, revision: &str) -> Fix {
    let fix = Fix::new(
        format!(
            "make {revision} the default revision, with the entry for namespaces that say nothing"
        ),
        Risk::MeshWide,
        format!(
            "every new pod is injected by {revision}, in every namespace that says nothing else"
        ),
    );
    let default = names::DEFAULT_REVISION;
    let set = set_tag(case, default, revision, &["--auto-inject-namespaces=true"]);
    fix.unforeseen(set, WRITES_THE_WEBHOOK)
        .undo(remove_tag(case, default, revision))
}
