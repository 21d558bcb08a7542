//! A proxy that gets no configuration.

use crate::causes::fields::template_field;
use crate::causes::running::proxy::dns;
use crate::causes::running::proxy::shut_in::{evidence, let_out, sentence};
use crate::causes::running::told::{not_ready, pods_in_words, told_as};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Command, Field, Finding, Fix, Risk};
use crate::rules::proxy_config::discovery_address;
use crate::texts::{Found, Key};
use crate::way::reached::{Leg, Obstacle};
use crate::way::running::Unwell;
use crate::way::running::egress::shut_in;
use crate::way::{Answer, Case, names};

declare_check! {
    /// The proxy gets no configuration, because it does not reach istiod.
    ///
    /// ## What it finds
    /// istio-proxy is not ready, and its log says that it cannot connect to istiod: nobody listens, no answer, or a
    /// name that does not resolve. With a native sidecar the application does not start.
    ///
    /// ## Why it matters
    /// The proxy asks istiod for its certificate and its configuration, at the address of `discoveryAddress`, by
    /// default port 15012 of istiod's Service. It is not ready before it has both. Usual reasons: istiod is down; a
    /// NetworkPolicy forbids egress to port 15012 or to DNS; the address is of a revision whose Service is gone.
    ///
    /// The NetworkPolicies of the pod's namespace are read where a sidecar is not ready. Where they select the pod, and
    /// none of their rules can mean istiod, that is said. Policies in other kinds, as Cilium and Calico have them, are
    /// not looked at.
    ///
    /// ## How to fix it
    /// Where the pod's own annotation names another address, remove it. Where policies keep the pod in, add a rule to
    /// one of them. Otherwise see that istiod runs.
    ///
    /// ## References
    /// - Istio, Debugging Envoy and istiod: <https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/>
    /// - Istio, Ports used by Istio: <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>
    "INJ620", "proxy-cannot-reach-istiod", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told_as(case, CHECK.name, |unwell, found| {
        if dns::policy(unwell, found).is_some() {
            return Ok(None);
        }
        let annotations = &case.pod()?.annotations;
        let address = annotations.get(names::PROXY_CONFIG);
        let address = address.and_then(|text| discovery_address(text));
        let is_down = is_down(case);
        let may_be_kept = address.is_none() && !is_down && found.value(Key::Error) != Some(NO_NAME);
        // Policies that were not read keep nobody that is known of.
        let shut = may_be_kept.then(|| shut_in(case, unwell.pod).ok().flatten());
        let shut = shut.flatten();
        let kept = shut.as_ref().map(|shut| sentence(shut, unwell.name()));
        let message = message(case, unwell, found, address.as_deref(), kept);
        let mut finding = not_ready(case, message);
        finding.because = is_down.then_some("istiod-no-endpoints");
        if let Some(shut) = &shut {
            let finding = evidence(shut).into_iter().fold(finding, Finding::evidence);
            return Ok(Some(let_out(shut).into_iter().fold(finding, Finding::fix)));
        }
        let Some(address) = address else {
            return Ok(Some(finding.fix(look(case))));
        };
        let mut evidence = template_field(case, Field::Annotations, names::PROXY_CONFIG)?;
        evidence.actual = Some(format!("discoveryAddress: {address}"));
        Ok(Some(finding.evidence(evidence).fix(patch_template(
            case,
            "remove the annotation",
            &[(Field::Annotations, names::PROXY_CONFIG, None)],
            "the sidecar calls istiod at the address of the mesh, and has none of the annotation's other settings",
        )?)))
    })
}

/// What the resolver says that knows of no such name: no policy keeps the sidecar from it.
const NO_NAME: &str = "no such host";

fn message(
    case: &Case,
    unwell: &Unwell,
    found: &Found,
    address: Option<&str>,
    kept: Option<String>,
) -> String {
    let whom = match address {
        Some(address) => {
            format!(
                "istiod at {address}, which annotation {} names",
                names::PROXY_CONFIG
            )
        }
        None => "istiod".to_owned(),
    };
    let error = match found.value(Key::Error) {
        Some(error) => format!(": {error}"),
        None => String::new(),
    };
    let because = kept.map_or(String::new(), |kept| format!(", because {kept}"));
    format!(
        "{} of {} cannot get ready: its sidecar gets no configuration from {whom}{because}{error}",
        pods_in_words(unwell),
        case.target(),
    )
}

/// Whether no istiod is ready that the next pod would be injected by.
fn is_down(case: &Case) -> bool {
    case.destinations().is_ok_and(|found| {
        let mut all = found.all.iter();
        all.any(|one| {
            matches!(
                one.route.leg(case, Leg::Endpoints),
                Some(Answer::No(Obstacle::NoEndpoints(_)))
            )
        })
    })
}

fn look(case: &Case) -> Fix {
    let namespace = case.target().namespace.as_str();
    Fix::new(
        "see whether istiod runs, and what the pod may call",
        Risk::ReadOnly,
        "nothing: it shows istiod's Services with their ready pods, and the policies of the pod's namespace",
    )
    .show(Command::kubectl([
        "get",
        "services,endpointslices",
        "-A",
        "-l",
        "app=istiod",
    ]))
    .show(Command::kubectl(["get", "networkpolicies", "-n", namespace]))
}
