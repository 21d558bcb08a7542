//! More than one webhook injects the pod.

use k8s_openapi::api::admissionregistration::v1::{MutatingWebhook, MutatingWebhookConfiguration};
use serde_json::json;

use crate::causes::wanted::asked;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::Entries;
use crate::report::{Change, Effect, Evidence, Finding, Fix, Object, Patch, Risk, Severity};
use crate::stage::Stage;
use crate::way::Case;
use crate::way::selector::{Requirement, in_words, requirements};
use crate::way::{Answer, Outcome, Refusal, injector, names};

declare_check! {
    /// More than one webhook injects the pod, and the last by name wins.
    ///
    /// ## What it finds
    /// Two or more entries of injection webhooks are called for the pod, and the istiod behind each
    /// injects it. Most often the webhook of tag `default` stands beside the live one of an installation
    /// without a revision; or two control planes both take themselves for the default.
    ///
    /// ## Why it matters
    /// The API server calls them in the order of the configurations' names. Each takes out what the one
    /// before has put in, and puts in its own: the revision of the last one stays, which need not be the
    /// one that is meant. Where the two differ in how they run the sidecar, the pod can be refused.
    ///
    /// ## How to fix it
    /// Deactivate the surplus one, in the way `istioctl tag set default` does: its entries stay, with
    /// selectors that match nothing, so the way back is short. That is safe only where another live entry
    /// selects everything that it selects; only such entries are proposed.
    ///
    /// ## References
    /// - Istio, Revision tags: <https://istio.io/latest/docs/setup/upgrade/canary/#stable-revision-labels>
    /// - Istio 1.31, `istioctl/pkg/tag/util.go`, `DeactivateIstioInjectionWebhook`
    "INJ310", "injected-twice", Wanted, about Pods,
    run
}

type Entry<'a> = (&'a MutatingWebhookConfiguration, &'a MutatingWebhook);

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut doubt = None;
    let mut injecting = Vec::new();
    for one in asked(case) {
        match one {
            Ok(asked) => match &asked.rendered {
                Some(Answer::Yes(_) | Answer::No(Refusal::TwoProxies { .. })) => {
                    injecting.push(asked);
                }
                Some(Answer::Unknown(missing)) => doubt = doubt.or(Some(missing.clone())),
                Some(Answer::No(_)) | None => {}
            },
            Err(missing) => doubt = doubt.or(Some(missing)),
        }
    }
    let Some(winner) = injecting.last().filter(|_| injecting.len() > 1) else {
        return doubt.map_or(Ok(Verdict::Passed), Err);
    };
    let all: Vec<Entry> = injector::injectors(case.webhooks()?).collect();
    let find = |(configuration, entry): &(String, String)| {
        all.iter()
            .copied()
            .find(|(one, webhook)| name(one) == configuration && webhook.name == *entry)
    };
    let entries: Vec<Entry> = injecting
        .iter()
        .filter_map(|asked| find(&asked.webhook))
        .collect();
    let words: Vec<_> = injecting
        .iter()
        .map(|asked| {
            format!(
                "{}/{} (revision {})",
                asked.webhook.0, asked.webhook.1, asked.istiod.revision
            )
        })
        .collect();
    let prediction = case.prediction();
    let is_open = prediction.outcome == Outcome::Unknown && prediction.decided == Stage::Rendered;
    let (severity, outcome, end) = match &winner.rendered {
        Some(Answer::No(refusal)) => (Severity::Error, Outcome::Rejected, refusal.to_string()),
        _ if is_open => (
            Severity::Warning,
            Outcome::Unknown,
            prediction.because.clone(),
        ),
        _ => (
            Severity::Warning,
            Outcome::Injected,
            format!("the last by name wins: revision {}", winner.istiod.revision),
        ),
    };
    let message = format!(
        "{} webhook entries inject the pod one after the other, {}; {end}",
        words.len(),
        words.join(", "),
    );
    let mut finding = Finding::new(severity, Effect::Decides(outcome), message);
    for (configuration, webhook) in &entries {
        finding = finding.evidence(evidence(configuration, webhook));
    }
    for fix in fixes(&all, &entries) {
        finding = finding.fix(fix);
    }
    Ok(Verdict::of([finding]))
}

fn name(configuration: &MutatingWebhookConfiguration) -> &str {
    configuration.metadata.name.as_deref().unwrap_or_default()
}

fn evidence(configuration: &MutatingWebhookConfiguration, webhook: &MutatingWebhook) -> Evidence {
    let element = format!("k:{{\"name\":\"{}\"}}", webhook.name);
    let (namespaces, pods) = selectors(webhook).unwrap_or_default();
    Evidence::new(
        format!("mutatingwebhookconfiguration/{}", name(configuration)),
        format!(".webhooks[?(@.name==\"{}\")]", webhook.name),
    )
    .actual(format!(
        "selects namespaces with {}, pods with {}",
        in_words(&namespaces),
        in_words(&pods)
    ))
    .set_in(
        &configuration.metadata,
        &["webhooks", &element, "namespaceSelector"],
    )
}

/// What to do, with the entries that inject the pod in call order. The last one wins: without those
/// before it nothing changes for anybody, as long as others select what they select.
fn fixes(all: &[Entry], injecting: &[Entry]) -> Vec<Fix> {
    let Some((winner, losers)) = injecting.split_last() else {
        return Vec::new();
    };
    let surplus = |configuration: &MutatingWebhookConfiguration| {
        let (inside, outside): (Vec<Entry>, Vec<Entry>) = all
            .iter()
            .copied()
            .partition(|(one, _)| name(one) == name(configuration));
        let live = |entry: &&Entry| !injector::is_deactivated(entry.1);
        let covered = |entry: &&Entry| {
            outside
                .iter()
                .filter(live)
                .any(|other| covers(other.1, entry.1))
        };
        inside
            .iter()
            .filter(live)
            .filter(covered)
            .copied()
            .collect::<Vec<Entry>>()
    };
    let covered = |(configuration, webhook): &Entry| {
        surplus(configuration)
            .iter()
            .any(|(_, one)| one.name == webhook.name)
    };
    let of_losers = losers.iter().find(|entry| covered(entry));
    let chosen = of_losers.or_else(|| Some(winner).filter(|entry| covered(entry)));
    let Some((configuration, _)) = chosen else {
        return vec![Fix::new(
            "narrow the selectors of one of them, so that no pod is selected twice",
            Risk::MeshWide,
            "neither selects all that the other selects, so that neither can go as a whole",
        )];
    };
    let unwanted = surplus(configuration);
    let effect = if of_losers.is_some() {
        "each of its entries that goes is one of another live webhook, too, which comes later: no pod loses its sidecar or changes its revision"
    } else {
        "each of its entries that goes is one of another live webhook, too: no pod loses its sidecar; new pods get it from that one"
    };
    let deactivate = Fix::new(
        format!("deactivate {}", name(configuration)),
        Risk::MeshWide,
        effect,
    )
    .change(never_match(configuration, &unwanted), configuration);
    let whole = configuration.webhooks.iter().flatten().count() == unwanted.len();
    let delete = Fix::new(
        format!("or delete {} for good", name(configuration)),
        Risk::MeshWide,
        format!("{effect}; what installs it brings it back, unless its values change"),
    )
    .change(
        Change::new(
            Object::unscoped("MutatingWebhookConfiguration", name(configuration)),
            Patch::Delete,
        ),
        configuration,
    );
    std::iter::once(deactivate)
        .chain(whole.then_some(delete))
        .collect()
}

/// The selectors of an entry; none where the API server could not read them.
fn selectors(webhook: &MutatingWebhook) -> Option<(Vec<Requirement>, Vec<Requirement>)> {
    let namespaces = requirements(webhook.namespace_selector.as_ref()).ok()?;
    let pods = requirements(webhook.object_selector.as_ref()).ok()?;
    Some((namespaces, pods))
}

/// Whether an entry is called for everything that another is called for: it requires nothing that the
/// other does not.
fn covers(wide: &MutatingWebhook, narrow: &MutatingWebhook) -> bool {
    let (Some(wide_selectors), Some(narrow_selectors)) = (selectors(wide), selectors(narrow))
    else {
        return false;
    };
    let within =
        |few: &[Requirement], many: &[Requirement]| few.iter().all(|one| many.contains(one));
    let has_conditions = wide
        .match_conditions
        .as_ref()
        .is_some_and(|all| !all.is_empty());
    within(&wide_selectors.0, &narrow_selectors.0)
        && within(&wide_selectors.1, &narrow_selectors.1)
        && (!has_conditions || wide.match_conditions == narrow.match_conditions)
        && wide.rules == narrow.rules
}

/// Gives entries the namespaceSelector that istioctl deactivates a webhook with.
fn never_match(configuration: &MutatingWebhookConfiguration, entries: &[Entry]) -> Change {
    let never = json!({
        "matchExpressions": [{ "key": names::DEACTIVATED, "operator": "In", "values": ["never-match"] }],
    });
    let entries = entries.iter();
    entries
        .fold(Entries::of(configuration), |all, (_, webhook)| {
            all.set(webhook, [("namespaceSelector", Some(never.clone()))])
        })
        .change()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn configuration(name: &str, entries: &[(&str, Value, Value)]) -> MutatingWebhookConfiguration {
        let webhooks: Vec<_> = entries
            .iter()
            .map(|(entry, namespaces, pods)| {
                json!({
                    "name": entry, "clientConfig": {}, "sideEffects": "None", "admissionReviewVersions": ["v1"],
                    "namespaceSelector": namespaces, "objectSelector": pods,
                })
            })
            .collect();
        serde_json::from_value(json!({ "metadata": { "name": name }, "webhooks": webhooks }))
            .unwrap()
    }

    fn titles(all: &[MutatingWebhookConfiguration], injecting: &[(usize, usize)]) -> Vec<String> {
        let entry = |one: usize, two: usize| (&all[one], &all[one].webhooks.as_ref().unwrap()[two]);
        let every: Vec<Entry> = injector::entries(all).collect();
        let injecting: Vec<Entry> = injecting
            .iter()
            .map(|(one, two)| entry(*one, *two))
            .collect();
        fixes(&every, &injecting)
            .into_iter()
            .map(|fix| fix.title)
            .collect()
    }

    #[test]
    fn only_what_another_selects_as_well_is_deactivated() {
        let enabled = || json!({ "matchLabels": { "istio-injection": "enabled" } });
        let prod = || json!({ "matchLabels": { "istio.io/rev": "prod" } });
        let any = || json!({});
        let one = |name| configuration(name, &[("a.x", enabled(), any())]);
        // The first in call order goes, as the last wins anyway.
        assert_eq!(
            titles(&[one("a"), one("b")], &[(0, 0), (1, 0)]),
            ["deactivate a", "or delete a for good"]
        );
        // What else it selects stays.
        let more = || configuration("a", &[("a.x", enabled(), any()), ("b.x", prod(), any())]);
        assert_eq!(
            titles(&[more(), one("b")], &[(0, 0), (1, 0)]),
            ["deactivate a"]
        );
        // The narrow one goes, wherever it stands.
        let wide = |name| configuration(name, &[("w.x", any(), any())]);
        assert_eq!(
            titles(&[one("a"), wide("b")], &[(0, 0), (1, 0)]),
            ["deactivate a", "or delete a for good"]
        );
        assert_eq!(
            titles(&[wide("a"), one("b")], &[(0, 0), (1, 0)]),
            ["deactivate b", "or delete b for good"]
        );
        // Neither is within the other.
        let pods = configuration(
            "b",
            &[("p.x", any(), json!({ "matchLabels": { "a": "b" } }))],
        );
        assert_eq!(
            titles(&[one("a"), pods], &[(0, 0), (1, 0)]),
            ["narrow the selectors of one of them, so that no pod is selected twice"]
        );
    }
}
