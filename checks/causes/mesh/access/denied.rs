//! Reads that the API server refused.

use crate::causes::{Verdict, declare_check};
use crate::facts::{Kind, Missing, Unread};
use crate::report::{Command, Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::Case;
use crate::way::Outcome;

declare_check! {
    /// The API server refused a read that the diagnosis rests on.
    ///
    /// ## What it finds
    /// An answer of `Forbidden` or `Unauthorized` to one of the reads, each of which is listed.
    ///
    /// ## Why it matters
    /// What was not read is never taken for healthy: checks that need it answer `unknown`, and where the
    /// prediction rests on it, there is none. It is the root cause only there: everything else holds as it stands.
    ///
    /// ## How to fix it
    /// Ask an administrator for the roles in `docs/clusterrole.yaml`, which is generated from what the
    /// checks read: get and list, and no Secrets. Or let somebody record a snapshot who has it
    /// (`injdoctor snapshot`), and judge that (`--from`).
    ///
    /// ## References
    /// - Kubernetes, Using RBAC authorization: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/>
    "INJ001", "access-denied", Mesh, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let mut refused = case.refused();
    if refused.is_empty() {
        return Ok(Verdict::Passed);
    }
    // It is the cause only of what needed the read; those come first.
    let is_needed = |unread: &Unread| is_why_unknown(case, unread);
    refused.sort_by_key(|unread| !is_needed(unread));
    let effect = match refused.first().is_some_and(is_needed) {
        true => Effect::Decides(Outcome::Unknown),
        false => Effect::Beside,
    };
    let words: Vec<_> = refused.iter().map(in_words).collect();
    let message = format!("the API server refuses to let you {}", words.join(", "));
    let mut finding = Finding::new(Severity::Info, effect, message);
    for unread in &refused {
        finding = finding.evidence(
            Evidence::new(in_words(unread), "")
                .actual(&unread.reason)
                .expected("allowed"),
        );
    }
    let fix = Fix::new(
        "see what you may read",
        Risk::ReadOnly,
        "nothing; the ClusterRoles in docs/clusterrole.yaml are enough for a full diagnosis, and an administrator can bind it to you",
    );
    let fix = refused.iter().map(question).fold(fix, Fix::show);
    Ok(Verdict::of([finding.fix(fix)]))
}

/// Whether a read is why nothing is predicted.
fn is_why_unknown(case: &Case, unread: &Unread) -> bool {
    if case.target().kind == Kind::MutatingWebhookConfiguration {
        return false;
    }
    let prediction = case.prediction();
    prediction.outcome == Outcome::Unknown && prediction.because.contains(&unread.to_string())
}

/// A read in words: `get configmaps/istio -n istio-system`.
fn in_words(unread: &Unread) -> String {
    words(unread).join(" ")
}

/// The question whether the user may do a read. kubectl answers `no` with exit code 1.
fn question(unread: &Unread) -> Command {
    Command::kubectl(
        ["auth", "can-i"]
            .into_iter()
            .map(str::to_owned)
            .chain(words(unread)),
    )
}

/// Verb, object and namespace of a read, as `kubectl auth can-i` takes them.
fn words(unread: &Unread) -> Vec<String> {
    let (resource, _) = unread
        .resource
        .split_once('.')
        .unwrap_or((&unread.resource, ""));
    let (of, subresource) = match unread.resource.split_once('/') {
        Some((of, subresource)) => (of, Some(subresource)),
        None => (unread.resource.as_str(), None),
    };
    let object = match &unread.name {
        Some(name) => format!("{of}/{name}"),
        None => of.to_owned(),
    };
    let mut words = vec![unread.verb.clone(), object];
    words.extend(subresource.map(|name| format!("--subresource={name}")));
    match (&unread.namespace, &unread.name) {
        (Some(namespace), _) => words.extend(["-n".to_owned(), namespace.clone()]),
        // RBAC takes a namespace for an object in itself.
        (None, Some(name)) if resource == "namespaces" => {
            words.extend(["-n".to_owned(), name.clone()])
        }
        (None, _) => words.push("--all-namespaces".to_owned()),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_told_as_kubectl_takes_them() {
        let table = [
            (
                "get",
                "configmaps",
                Some("istio-system"),
                Some("istio"),
                "get configmaps/istio -n istio-system",
            ),
            (
                "list",
                "deployments.apps",
                Some("istio-system"),
                None,
                "list deployments.apps -n istio-system",
            ),
            ("list", "pods", None, None, "list pods --all-namespaces"),
            (
                "get",
                "pods/log",
                Some("shop"),
                Some("web-1"),
                "get pods/web-1 --subresource=log -n shop",
            ),
            (
                "get",
                "namespaces",
                None,
                Some("shop"),
                "get namespaces/shop -n shop",
            ),
            (
                "list",
                "mutatingwebhookconfigurations.admissionregistration.k8s.io",
                None,
                None,
                "list mutatingwebhookconfigurations.admissionregistration.k8s.io --all-namespaces",
            ),
        ];
        for (verb, resource, namespace, name, expected) in table {
            let unread = Unread {
                verb: verb.to_owned(),
                resource: resource.to_owned(),
                namespace: namespace.map(str::to_owned),
                name: name.map(str::to_owned),
                reason: String::new(),
            };
            assert_eq!(in_words(&unread), expected);
        }
    }
}
