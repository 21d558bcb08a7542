//! The installation of Istio: a default control plane, a second one of revision `canary`, and the tag `prod` on it.

use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Api;
use crate::control_plane::Site;
use crate::dry_run::{Outcome, dry_run};
use crate::json::{list, text};
use crate::wait::wait_for;

/// As a release says it; the charts of a source tree name the development's images.
const IMAGES: &str = "hub=istio";

/// The release of the commit in `go/istio/go.mod`.
const VERSION: &str = "tag=1.31.0";

/// Envoy as its Python package has it lacks the filters that Istio adds. This one is for metrics; what [`crate::istiod`] sets
/// leaves out the others.
const NO_METRICS: &str = "values.telemetry.enabled=false";

/// The revision of the second control plane.
const CANARY: &str = "canary";

/// The tag that points to the second control plane.
const TAG: &str = "prod";

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/istio-system/deployments";

/// Renders the two installations, side by side. What the cluster has only once comes with the first.
pub(crate) fn render(site: &Site) -> Result<String> {
    let revision = format!("revision={CANARY}");
    let variants: [&[&str]; 2] = [
        &[],
        &["--set", &revision, "--set", "components.base.enabled=false"],
    ];
    let mut running = Vec::new();
    for variant in variants {
        let mut command = site.program("istioctl");
        command
            .args([
                "manifest",
                "generate",
                "--set",
                "profile=minimal",
                "--set",
                IMAGES,
                "--set",
                VERSION,
                "--set",
                NO_METRICS,
            ])
            .args(variant);
        running.push(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()?,
        );
    }
    let mut manifests = String::new();
    for process in running {
        let output = process.wait_with_output()?;
        ensure!(
            output.status.success(),
            "istioctl manifest generate failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        manifests.push_str(&String::from_utf8(output.stdout)?);
        manifests.push_str("\n---\n");
    }
    Ok(manifests)
}

/// The arguments of istioctl that print the webhook and the service of the tag.
pub(crate) const GENERATE_TAG: [&str; 5] = ["tag", "generate", TAG, "--revision", CANARY];

/// Whether an istiod may have read the object at this path when it started, and not since: its certificates, and whether
/// there is something to inject at all.
pub(crate) fn is_read_at_startup(path: &str) -> bool {
    ["secrets", "configmaps"]
        .iter()
        .any(|kind| path.starts_with(&format!("/api/v1/namespaces/istio-system/{kind}/")))
}

/// Starts both control planes anew, as `kubectl rollout restart` does.
pub(crate) fn restart(api: Api) -> Result<()> {
    let now = json!({"kubectl.kubernetes.io/restartedAt": Timestamp::now()});
    let patch = json!({"spec": {"template": {"metadata": {"annotations": now}}}});
    for deployment in list(&api.get(DEPLOYMENTS)?, "/items") {
        api.merge(
            &format!("{DEPLOYMENTS}/{}", text(deployment, "/metadata/name")),
            &patch,
        )?;
    }
    Ok(())
}

/// Waits until both control planes run as they should and inject.
pub(crate) fn await_ready(api: Api) -> Result<()> {
    wait_for("both control planes of Istio to inject", || {
        let deployments = api.get(DEPLOYMENTS)?;
        list(&deployments, "/items")
            .iter()
            .try_for_each(is_rolled_out)?;
        injects(api, json!({"sidecar.istio.io/inject": "true"}), "default")?;
        injects(api, json!({"istio.io/rev": CANARY}), CANARY)?;
        injects(api, json!({"istio.io/rev": TAG}), CANARY)
    })
}

fn is_rolled_out(deployment: &Value) -> Result<()> {
    let wanted = deployment.pointer("/spec/replicas");
    let status = deployment.get("status");
    let settled = ["/replicas", "/updatedReplicas", "/availableReplicas"]
        .iter()
        .all(|field| status.and_then(|status| status.pointer(field)) == wanted)
        && deployment.pointer("/status/observedGeneration")
            == deployment.pointer("/metadata/generation");
    ensure!(
        settled,
        "{} is not rolled out: {}",
        text(deployment, "/metadata/name"),
        status.unwrap_or_default()
    );
    Ok(())
}

/// Asks for a pod with these labels in a namespace without any.
fn injects(api: Api, labels: Value, revision: &str) -> Result<()> {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "probe-", "namespace": "default", "labels": labels},
        "spec": {"containers": [{"name": "probe", "image": "probe"}]},
    });
    match dry_run(api, &pod).context("cannot try out an injection")? {
        Outcome::Injected { revision: actual } if actual == revision => Ok(()),
        outcome => bail!("a pod for revision {revision} is {outcome}"),
    }
}
