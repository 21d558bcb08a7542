//! The proof of a scenario: the diagnosis names the cause, the API server agrees with its prediction, and the commands
//! that it prints heal.

use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::diagnosis::Diagnosis;
use crate::dry_run::{Outcome, dry_run, pod_of};
use crate::fixes::prove_fixes;
use crate::from_file::prove_from_file;
use crate::istiod_log::Mark;
use crate::json::{list, text};
use crate::output::prove_output;
use crate::pods;
use crate::scenario::{Heal, HealedOutcome, Predicted, Scenario, Step};
use crate::wait::{patience, wait_for};
use crate::webhook::prove_webhook;

/// Proves a scenario with this binary of injdoctor and puts the cluster back to how it was. The error says which
/// expectation does not hold.
pub fn run(cluster: &mut Cluster, scenario: &Scenario, binary: &Path) -> Result<()> {
    let proof = prove(cluster, scenario, binary);
    let restored = cluster.restore();
    proof.and(restored)
}

/// Builds the world of a scenario and breaks it.
pub fn set_up(cluster: &mut Cluster, scenario: &Scenario) -> Result<()> {
    if let Some(lacking) = scenario.pods.as_ref().and_then(pods::lacks) {
        bail!("its pods have to run, and this machine lacks {lacking}");
    }
    cluster.run_pods(scenario.pods.clone());
    build_shop(cluster, scenario).context("cannot build the healthy world")?;
    perform(cluster, &scenario.given).context("in `given`")?;
    perform(cluster, &scenario.breaking).context("in `break`")
}

fn prove(cluster: &mut Cluster, scenario: &Scenario, binary: &Path) -> Result<()> {
    let mark = Mark::now(cluster)?;
    set_up(cluster, scenario)?;
    let diagnosis = broken(cluster, scenario, binary)?;
    compare_with_pods(scenario, &diagnosis)?;
    compare_with_webhooks(cluster, &diagnosis, binary)?;
    compare_with_words(cluster, scenario, &diagnosis, binary)?;
    compare_with_log(cluster, scenario, &mark, binary)?;
    prove_output(cluster, scenario, binary)?;
    prove_from_file(cluster, scenario, binary)?;
    let diagnosis = prove_fixes(cluster, scenario, binary, diagnosis)?;
    match &scenario.heal {
        Some(heal) if heal.outcome != HealedOutcome::Nothing => {
            prove_healing(cluster, scenario, binary, heal, &diagnosis)?;
        }
        _ => {}
    }
    match &scenario.webhook {
        Some(expect) => prove_webhook(cluster, expect, binary),
        None => Ok(()),
    }
}

/// The diagnosis of the broken world, once caches have settled: with the root cause and the prediction that the
/// scenario says, and as the API server itself says.
pub(crate) fn broken(cluster: &Cluster, scenario: &Scenario, binary: &Path) -> Result<Diagnosis> {
    let expect = &scenario.expect;
    let predicted = format!("{:?}", expect.predicted);
    // Caches in the API server and in istiod lag behind.
    let truth = wait_for("the API server to decide as the scenario says", || {
        let truth = next_pod(cluster, &scenario.target)?;
        let holds = truth.name() == predicted || expect.predicted == Predicted::Unknown;
        ensure!(
            holds,
            "the scenario does not hold: `predicted` is {predicted}, but the API server says {truth}"
        );
        Ok(truth)
    })?;
    wait_for("the diagnosis that the scenario expects", || {
        let diagnosis = Diagnosis::of(cluster, scenario, binary)?;
        diagnosis.compare(
            "root cause",
            "/rootCause/name",
            expect.root_cause.as_deref(),
        )?;
        if let Some(check) = &expect.finds {
            diagnosis.ensure_finds(check)?;
        }
        diagnosis.compare("predicted", "/predicted/outcome", Some(&predicted))?;
        if let (Outcome::Injected { revision }, Predicted::Injected) = (&truth, expect.predicted) {
            diagnosis.compare("predicted revision", "/predicted/revision", Some(revision))?;
        }
        Ok(diagnosis)
    })
}

/// What the diagnosis says of the pods that exist, and the exit code that follows from both.
fn compare_with_pods(scenario: &Scenario, diagnosis: &Diagnosis) -> Result<()> {
    let expect = &scenario.expect;
    if let Some(observed) = &expect.observed {
        diagnosis.compare(
            "observed",
            "/observed/outcome",
            Some(&format!("{observed:?}")),
        )?;
    }
    ensure!(
        diagnosis.exit == expect.exit,
        "the exit code is {}, not {}\n{}",
        diagnosis.exit,
        expect.exit,
        diagnosis.output
    );
    Ok(())
}

/// Where pods are refused as a call of an injection webhook fails, the webhooks are not all well.
fn compare_with_webhooks(cluster: &Cluster, diagnosis: &Diagnosis, binary: &Path) -> Result<()> {
    let refusal = diagnosis.refusal();
    let is_failed_call = refusal.contains("failed calling webhook");
    if !is_failed_call || !refusal.contains("sidecar-injector.istio.io") {
        return Ok(());
    }
    let mut webhook = cluster.command(&binary.to_string_lossy());
    let output = webhook.arg("webhook").stdin(Stdio::null()).output()?;
    ensure!(
        !output.status.success(),
        "all is well, says `injdoctor webhook` beside {refusal}\n{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}

/// What the words of the refusal alone tell first.
fn compare_with_words(
    cluster: &Cluster,
    scenario: &Scenario,
    diagnosis: &Diagnosis,
    binary: &Path,
) -> Result<()> {
    let refusal = diagnosis.refusal();
    if refusal.is_empty() {
        return Ok(());
    }
    let mut explain = cluster.command(&binary.to_string_lossy());
    explain.args(["explain", "-o", "json", "--error", refusal]);
    let output = explain.stdin(Stdio::null()).output()?;
    let expect = &scenario.expect;
    let expected = expect.told.as_ref().or(expect.root_cause.as_ref());
    Diagnosis::printed(&output)?.compare(
        "first cause by the words of the refusal",
        "/matches/0/name",
        expected.map(String::as_str),
    )
}

/// What the words of istiod's warnings and errors since the scenario began tell.
fn compare_with_log(
    cluster: &Cluster,
    scenario: &Scenario,
    mark: &Mark,
    binary: &Path,
) -> Result<()> {
    let expect = &scenario.expect;
    let Some(expected) = &expect.istiod_says else {
        let told = mark.told(cluster, binary)?;
        return told.map_or(Ok(()), |told| told.ensure_certain_only_of(expect));
    };
    wait_for("what istiod's log tells", || {
        let told = mark.told(cluster, binary)?;
        let told = told.context("istiod complains of nothing")?;
        told.ensure_tells(expected)
    })
}

fn prove_healing(
    cluster: &mut Cluster,
    scenario: &Scenario,
    binary: &Path,
    heal: &Heal,
    diagnosis: &Diagnosis,
) -> Result<()> {
    let cause = scenario.expect.checks().next().unwrap_or_default();
    let commands = diagnosis.commands_of_first_fix(cause)?;
    run_all(cluster, &commands)?;
    perform(cluster, &heal.then).context("in `then`")?;

    let advice = commands.join("\n");
    wait_for("the commands to heal", || {
        let truth = next_pod(cluster, &scenario.target)?;
        let healed = match heal.outcome {
            HealedOutcome::Injected => matches!(truth, Outcome::Injected { .. }),
            HealedOutcome::Ready => {
                ensure_ready(&get(cluster, &scenario.target)?)?;
                matches!(truth, Outcome::Injected { .. })
            }
            HealedOutcome::NotInjected => truth == Outcome::NotInjected,
            HealedOutcome::NotRejected => !matches!(truth, Outcome::Rejected { .. }),
            HealedOutcome::Nothing => true,
        };
        ensure!(
            healed,
            "not healed to {:?} by\n{advice}\nThe API server says {truth}",
            heal.outcome
        );
        Ok(())
    })?;
    if heal.outcome == HealedOutcome::NotRejected {
        return Ok(());
    }
    wait_for("a diagnosis of the healed", || {
        let diagnosis = Diagnosis::of(cluster, scenario, binary)?;
        let unseen = || format!("healed by\n{advice}\nbut the diagnosis does not see it");
        // A pod that is not to be injected has a root cause for that: that somebody wants it so.
        if matches!(heal.outcome, HealedOutcome::Injected | HealedOutcome::Ready) {
            diagnosis
                .compare("root cause", "/rootCause/name", None)
                .and_then(|()| diagnosis.ensure_finds_nothing(cause))
                .with_context(unseen)?;
        }
        ensure!(
            diagnosis.exit == 0,
            "healed, but the exit code is {}\n{}",
            diagnosis.exit,
            diagnosis.output
        );
        Ok(())
    })
}

/// Whether all that a workload wants is there and ready; of a Job, whether it is complete.
fn ensure_ready(workload: &Value) -> Result<()> {
    let number = |path: &str| {
        workload
            .pointer(path)
            .and_then(Value::as_i64)
            .unwrap_or_default()
    };
    let holds = |condition: &str| {
        list(workload, "/status/conditions")
            .iter()
            .any(|one| text(one, "/type") == condition && text(one, "/status") == "True")
    };
    let is_ready = match text(workload, "/kind") {
        "Pod" => holds("Ready"),
        "Job" => holds("Complete"),
        _ => {
            let wanted = number("/spec/replicas");
            number("/status/observedGeneration") >= number("/metadata/generation")
                && [
                    "/status/replicas",
                    "/status/updatedReplicas",
                    "/status/readyReplicas",
                ]
                .iter()
                .all(|path| number(path) == wanted)
        }
    };
    ensure!(is_ready, "not ready: {}", workload["status"]);
    Ok(())
}

/// Runs proposed commands, word for word.
pub(crate) fn run_all(cluster: &Cluster, commands: &[String]) -> Result<()> {
    if commands.iter().any(|command| command.contains(" restart ")) {
        // kubectl refuses to restart a Deployment twice in a second; nobody reads that quickly.
        sleep(Duration::from_secs(1));
    }
    for command in commands {
        cluster
            .run(cluster.command("sh").args(["-c", command]))
            .with_context(|| format!("a proposed command failed: {command}"))?;
    }
    Ok(())
}

/// What the API server says about the next pod of a target.
pub(crate) fn next_pod(cluster: &Cluster, target: &[String]) -> Result<Outcome> {
    let mut workload = get(cluster, target)?;
    if text(&workload, "/kind") == "Pod"
        && let Some(owner) = list(&workload, "/metadata/ownerReferences").first()
        // A pod makes another one from no template.
        && text(owner, "/kind") != "Pod"
    {
        let name = format!("{}/{}", text(owner, "/kind"), text(owner, "/name"));
        let namespace = text(&workload, "/metadata/namespace").to_owned();
        workload = get(cluster, &[name, "-n".to_owned(), namespace])?;
    }
    dry_run(cluster.api(), &pod_of(&workload)?)
}

fn get(cluster: &Cluster, target: &[String]) -> Result<Value> {
    let mut get = cluster.command("kubectl");
    get.arg("get").args(target).args(["-o", "json"]);
    Ok(serde_json::from_str(&cluster.run(&mut get)?)?)
}

pub(crate) fn perform(cluster: &mut Cluster, steps: &[Step]) -> Result<()> {
    for step in steps {
        match step {
            Step::Apply(manifests) => cluster.apply(manifests)?,
            Step::Run(script) => run_script(cluster, script)?,
            Step::WaitFor(script) => wait_for(script.trim(), || run_script(cluster, script))?,
            Step::Pods(pods) => cluster.run_pods(Some(pods.clone())),
            Step::CutConnections => cluster.cut_connections(),
            Step::ResetConnections(resets) => cluster.reset_connections(*resets),
            Step::ApiServer(settings) => cluster.restart_api_server(settings.clone())?,
        }
    }
    Ok(())
}

fn run_script(cluster: &Cluster, script: &str) -> Result<()> {
    cluster
        .run(
            cluster
                .command("bash")
                .args(["-ec", script])
                .env("PATIENCE", patience())
                .env("OTHER_CA_BUNDLE", cluster.other_ca_bundle()?),
        )
        .map(drop)
}

/// Makes the namespace and its Deployment, and waits until it runs.
fn build_shop(cluster: &Cluster, scenario: &Scenario) -> Result<()> {
    let api = cluster.api();
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": scenario.namespace},
    });
    api.create("/api/v1/namespaces", &namespace)?;
    // A pod cannot be made before its service account.
    wait_for("the service account of namespace shop", || {
        Ok(api.get("/api/v1/namespaces/shop/serviceaccounts/default")?)
    })?;
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "reviews", "labels": {"app": "reviews"}},
        "spec": {
            "selector": {"matchLabels": {"app": "reviews"}},
            "template": {
                "metadata": {"labels": {"app": "reviews"}},
                "spec": {"containers": [{
                    "name": "reviews",
                    "image": "reviews:1",
                    "ports": [{"containerPort": 9080}],
                }]},
            },
        },
    });
    let deployments = "/apis/apps/v1/namespaces/shop/deployments";
    api.create(deployments, &deployment)?;
    cluster.await_pod_of("shop", "reviews")
}
