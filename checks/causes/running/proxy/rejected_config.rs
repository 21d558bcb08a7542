//! A configuration that Envoy rejects.

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::report::{Command, Fix, Risk};
use crate::texts::{Found, Key};
use crate::way::Case;
use crate::way::running::{Said, Unwell};

declare_check! {
    /// The proxy rejects the configuration that istiod sends.
    ///
    /// ## What it finds
    /// istio-proxy is not ready, and its log says that it rejected a resource: which one, and why.
    ///
    /// ## Why it matters
    /// The proxy keeps the configuration that it had; one that just started has none, and is not ready. Usual reasons:
    /// an EnvoyFilter does not fit the proxy's version, two Services claim one port, or the proxy is much older than
    /// istiod.
    ///
    /// ## How to fix it
    /// Remove or correct what the message is about: what stands in the reason, stands in an EnvoyFilter of the pod's
    /// namespace or of the root namespace as a rule. A proxy of an old version is replaced by a restart of the pods.
    ///
    /// ## References
    /// - Istio, Debugging Envoy and istiod: <https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/>
    /// - Istio, EnvoyFilter: <https://istio.io/latest/docs/reference/config/networking/envoy-filter/>
    "INJ624", "proxy-rejected-config", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, found| {
        let named = named(unwell);
        let found = named.map_or(found, |(_, found)| found);
        let what = match found.value(Key::Listener) {
            Some(listener) => format!("listener {listener} that istiod sends"),
            None => "what istiod sends".to_owned(),
        };
        let why = match found.value(Key::Reason) {
            Some(reason) => format!(": {reason}"),
            None => String::new(),
        };
        let message = format!(
            "{} of {} cannot get ready: its sidecar rejects {what}{why}",
            pods_in_words(unwell),
            case.target(),
        );
        let (pod, namespace) = (unwell.name(), case.target().namespace.as_str());
        let fix = Fix::new(
            "look for the object that the resource is made of",
            Risk::ReadOnly,
            "nothing: it shows all that the sidecar says, and the EnvoyFilters",
        )
        .show(Command::kubectl([
            "logs",
            pod,
            "-n",
            namespace,
            "-c",
            "istio-proxy",
            "--tail=50",
        ]))
        .show(Command::kubectl(["get", "envoyfilters", "-A"]));
        let mut finding = not_ready(case, message).fix(fix);
        let beside = named.map(|(said, _)| said).filter(|said| {
            !unwell
                .cause()
                .is_some_and(|cause| std::ptr::eq(cause, *said))
        });
        finding
            .evidence
            .extend(beside.map(|said| said.evidence(unwell.name())));
        Ok(finding)
    })
}

/// The newest line that says why a resource is rejected. What the sidecar says about itself later only counts them.
fn named<'u>(unwell: &'u Unwell) -> Option<(&'u Said, &'u Found)> {
    let mut told = unwell.said.iter().filter_map(|said| {
        let told = said.told.as_ref()?;
        let is_meant = told.cause.name == CHECK.name && told.found.value(Key::Reason).is_some();
        is_meant.then_some((said, &told.found))
    });
    told.next_back()
}
