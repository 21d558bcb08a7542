//! The API server asks a proxy for istiod.

use super::exemptions::{Exemptions, exempt};
use crate::causes::reached::explanation::{Cause, Explain, Explanation, object};
use crate::causes::reached::obstacle_findings::Found;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::environment_out_of_sight;
use crate::report::{Effect, Evidence, Finding, Fix, Risk, Severity};
use crate::way::reached::{Detour, Proxied, Witness, detours, host, refusal};
use crate::way::{Case, Destination, Outcome};

declare_check! {
    /// The API server sends the webhook's calls to an HTTP proxy.
    ///
    /// ## What it finds
    /// `HTTPS_PROXY` (or `https_proxy`) is set for kube-apiserver, and no entry of `NO_PROXY` (or
    /// `no_proxy`) exempts the name by which it calls the webhook, `istiod.istio-system.svc`. Where the
    /// pods of kube-apiserver cannot be seen, the error that it gave tells: `proxyconnect tcp`, or what
    /// the proxy answered, such as `Service Unavailable`.
    ///
    /// ## Why it matters
    /// A proxy outside of the cluster knows nothing of `istiod.istio-system.svc`. The API server calls
    /// webhooks by that name, and compares that name, not an address, with `NO_PROXY`: the service
    /// range and `.cluster.local` exempt nothing here, `.svc` does. The proxy is asked before the
    /// Service is looked up.
    ///
    /// ## How to fix it
    /// Add `.svc` to `NO_PROXY` of every kube-apiserver: in the static pod's manifest on each control
    /// plane node, `/etc/kubernetes/manifests/kube-apiserver.yaml`, whereupon the kubelet restarts it; or
    /// in the settings of the managed cluster. No kubectl command can do that.
    ///
    /// ## References
    /// - Istio, Automatic sidecar injection fails if the Kubernetes API server has proxy settings:
    ///   <https://istio.io/latest/docs/ops/common-problems/injection/#automatic-sidecar-injection-fails-if-the-kubernetes-api-server-has-proxy-settings>
    /// - Go, `golang.org/x/net/http/httpproxy`: the rules of NO_PROXY
    "INJ205", "apiserver-proxy", Reached, about Webhooks,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    // Where only some API servers have a proxy, what becomes of the pod is open, but not that.
    let mut found = Found::new(case)?;
    for destination in &found.destinations.clone().all {
        found.note(|| Ok(some_of(case, destination)));
    }
    found.note_obstacles::<Proxied>(case, &CHECK);
    found.verdict()
}

impl Explain for Proxied {
    fn explain(&self, case: &Case, destination: &Destination) -> Result<Explanation, Missing> {
        let host = &self.host;
        let error = match (&self.witness, destination.service()) {
            (Witness::Error(error), _) => error,
            (Witness::Environment(_), Some(service)) => {
                let detours = detours(case, service)?;
                return Ok(Explanation::because(
                    &CHECK,
                    self,
                    by_environment(case, &detours, host),
                ));
            }
            (Witness::Environment(_), None) => return Ok(Explanation::of(self)),
        };
        let place = environment_out_of_sight(case);
        let fix = Fix::new(
            format!("add .svc to NO_PROXY of the API server, {place}"),
            Risk::MeshWide,
            format!(
                "the API server, whose pods are not visible here, calls {host} without the proxy"
            ),
        );
        Ok(Explanation::new(&CHECK, self.to_string())
            .evidence([Evidence::new(witness(case, destination), ".message").actual(error)])
            .fixes([fix]))
    }
}

/// Where the error of the API server stands.
fn witness(case: &Case, destination: &Destination) -> String {
    let refusal = refusal(case, destination.first()).ok().flatten();
    refusal.map_or_else(String::new, |refusal| refusal.source)
}

/// The finding where some API servers send the call to a proxy and some do not.
fn some_of(case: &Case, destination: &Destination) -> Option<Finding> {
    let service = destination.service()?;
    let detours = detours(case, service).ok()?;
    let (some, all) = (detours.len(), case.api_servers().ok()?.len());
    let first = detours.first().filter(|_| some < all)?;
    let host = host(service);
    let obstacle = Proxied {
        host: host.clone(),
        witness: Witness::Environment(first.proxy.clone()),
    };
    let cause = by_environment(case, &detours, &host);
    let message = format!(
        "{some} of {all} API servers: {obstacle} because {}",
        cause.words
    );
    let mut finding = Finding::new(Severity::Error, Effect::Decides(Outcome::Rejected), message);
    finding.evidence = cause.evidence;
    finding.fixes = cause.fixes;
    Some(finding)
}

/// What the environments of these API servers say, and the clause for the first of them.
fn by_environment(case: &Case, detours: &[Detour], host: &str) -> Cause {
    let mut cause = Cause {
        words: String::new(),
        evidence: Vec::new(),
        fixes: Vec::new(),
    };
    for detour in detours {
        let (pod, variable, proxy) = (detour.pod, detour.variable, &detour.proxy);
        let name = pod.metadata.name.as_deref().unwrap_or_default();
        let namespace = pod.metadata.namespace.as_deref().unwrap_or("kube-system");
        let exemptions = Exemptions::of(pod);
        if cause.words.is_empty() {
            cause.words = format!("{} does not exempt it", exemptions.in_words());
        }
        let path = |name: &str| {
            format!(
                ".spec.containers[?(@.name==\"kube-apiserver\")].env[?(@.name==\"{name}\")].value"
            )
        };
        let object = object("pod", name, namespace);
        let mut list = Evidence::new(object.clone(), path(exemptions.variable));
        list.actual.clone_from(&exemptions.list);
        cause
            .evidence
            .push(Evidence::new(object, path(variable)).actual(proxy));
        cause.evidence.push(list.expected(exemptions.with_svc()));
        cause.fixes.push(exempt(case, pod, &exemptions, host));
    }
    cause
}
