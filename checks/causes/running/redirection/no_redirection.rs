//! Sidecars to which no traffic is led.

use serde_json::Value;

use crate::causes::fields::template_field;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_template;
use crate::report::{Effect, Field, Finding, Severity};
use crate::way::{Answer, Arrival, Case, Outcome, Prediction, names};

declare_check! {
    /// The pod has a sidecar, and no traffic is led to it: its annotations leave out everything.
    ///
    /// ## What it finds
    /// The next pod is injected, and its template has both `traffic.sidecar.istio.io/includeOutboundIPRanges: ""` and
    /// `traffic.sidecar.istio.io/includeInboundPorts: ""`, and no `includeOutboundPorts`. Where the sidecar is to write its
    /// certificates only (`OUTPUT_CERTS` in `proxy.istio.io/config`), as for Prometheus, that is as it should be.
    ///
    /// ## Why it matters
    /// The pod is ready, and what it sends and receives bypasses the mesh: no mutual TLS, no policies, no metrics. Who
    /// sets `sidecar.istio.io/interceptionMode: NONE` wants that, and leads traffic to the sidecar by the ports that a
    /// Sidecar resource opens: it is no finding.
    ///
    /// ## How to fix it
    /// Remove the annotations, as the printed command does. What a pod sends is redirected where its istio-init has
    /// `-i '*'` among its arguments, what it receives where it has `-b '*'`:
    ///
    /// ```sh
    /// kubectl get pod POD -n NAMESPACE -o jsonpath='{.spec.initContainers[*].args}{"\n"}'
    /// kubectl get sidecars -n NAMESPACE
    /// ```
    ///
    /// ## References
    /// - Istio, Resource annotations: <https://istio.io/latest/docs/reference/config/annotations/>
    /// - Istio, Prometheus, TLS settings:
    ///   <https://istio.io/latest/docs/ops/integrations/prometheus/#tls-settings>
    "INJ642", "no-redirection", Running, about Pods,
    run
}

const OUTBOUND: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const INBOUND: &str = "traffic.sidecar.istio.io/includeInboundPorts";
/// What is redirected beside the ranges.
const PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
/// The setting of a proxy that is there to get certificates for others.
const CERTIFICATES: &str = "OUTPUT_CERTS";
/// With `NONE`, nothing is to be redirected.
const MODE: &str = "sidecar.istio.io/interceptionMode";

fn run(case: &Case) -> Result<Verdict, Missing> {
    let template = &case.workload()?.template.metadata;
    let value = |name: &str| template.annotations.as_ref()?.get(name);
    let is_empty = |name| value(name).is_some_and(|value| value.trim().is_empty());
    let has = |name, word: &str| value(name).is_some_and(|value| value.contains(word));
    let is_off = is_empty(OUTBOUND) && is_empty(INBOUND);
    let is_meant =
        has(names::PROXY_CONFIG, CERTIFICATES) || value(MODE).is_some_and(|mode| mode == "NONE");
    if !is_off || is_meant {
        return Ok(Verdict::Passed);
    }
    let prediction = case.prediction();
    match prediction.outcome {
        Outcome::Injected => {}
        Outcome::Unknown => return Err(Missing(prediction.because.clone())),
        _ => return Ok(Verdict::not_applicable("the next pod is not injected")),
    }
    if leads_ports(case, &prediction, value(PORTS))? {
        return Ok(Verdict::Passed);
    }
    let message = format!(
        "the pods of {} get a sidecar, and none of their traffic is led to it: annotations {OUTBOUND} and {INBOUND} are empty",
        case.target()
    );
    Ok(Verdict::of([Finding::new(
        Severity::Warning,
        Effect::Decides(Outcome::Injected),
        message,
    )
    .evidence(template_field(case, Field::Annotations, OUTBOUND)?)
    .evidence(template_field(case, Field::Annotations, INBOUND)?)
    .fix(patch_template(
        case,
        "remove the annotations",
        &[
            (Field::Annotations, OUTBOUND, None),
            (Field::Annotations, INBOUND, None),
        ],
        "the traffic of new pods goes through their sidecars",
    )?)]))
}

/// Whether some ports are redirected nevertheless: those of the annotation, or else of the injector's values.
fn leads_ports(
    case: &Case,
    prediction: &Prediction,
    annotation: Option<&String>,
) -> Result<bool, Missing> {
    if let Some(ports) = annotation {
        return Ok(!ports.trim().is_empty());
    }
    let istiods = prediction
        .calls
        .iter()
        .filter_map(|call| match &call.reached {
            Some(Answer::Yes(Arrival::Istiod(istiod))) => Some(istiod),
            _ => None,
        });
    for istiod in istiods {
        let config = case.injector_config(&istiod.namespace, &istiod.injector_config_map())?;
        let Some(config) = config else {
            continue;
        };
        let ports = config
            .known_values()?
            .pointer("/global/proxy/includeOutboundPorts");
        if ports
            .and_then(Value::as_str)
            .is_some_and(|all| !all.is_empty())
        {
            return Ok(true);
        }
    }
    Ok(false)
}
