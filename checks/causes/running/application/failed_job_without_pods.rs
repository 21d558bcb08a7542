//! A Job that has failed, and whose pods are gone.

use k8s_openapi::api::batch::v1::{Job, JobCondition};

use crate::causes::{Verdict, declare_check};
use crate::facts::{Evidence, Missing};
use crate::report::{Command, Effect, Finding, Fix, Risk, Severity};
use crate::rules::credentials::without_credentials;
use crate::way::running::{failed, is_of};
use crate::way::{Case, Outcome};

declare_check! {
    /// A Job has failed, and none of its pods is left to tell why.
    ///
    /// ## What it finds
    /// The Job, or the newest of a CronJob, has the condition Failed, and its pods are gone: when the Job controller gives
    /// up, it deletes those that still run, as with `restartPolicy: OnFailure` they do. The next pod would get a sidecar.
    /// Where pods are left, other checks tell how they ended.
    ///
    /// ## Why it matters
    /// The work was not done. Only the pods could tell whether the sidecar has a part in that.
    ///
    /// ## How to fix it
    /// Look at the events, which are kept for an hour. If they do not tell, run the Job again with `restartPolicy: Never`,
    /// with which pods that fail are kept.
    ///
    /// ## References
    /// - Kubernetes, Jobs, Pod backoff failure policy: <https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy>
    "INJ645", "failed-job-without-pods", Running, about Pods, rank Silence,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    let Some((job, failed)) = case.run()?.and_then(|run| Some((run, failed(run)?))) else {
        return Ok(Verdict::Passed);
    };
    if case.pods()?.iter().any(|pod| is_of(job, pod)) || case.observation().rejection.is_some() {
        return Ok(Verdict::Passed);
    }
    let finding = explain(case, job, failed);
    match case.prediction().outcome {
        Outcome::Injected => Ok(Verdict::of([finding])),
        Outcome::Unknown => Err(Missing(finding.message)),
        Outcome::NotInjected | Outcome::Rejected => Ok(Verdict::Passed),
    }
}

fn explain(case: &Case, job: &Job, failed: &JobCondition) -> Finding {
    let name = job.metadata.name.as_deref().unwrap_or_default();
    let reason = failed.reason.as_deref().unwrap_or("no reason is given");
    let message = format!(
        "job/{name} has failed ({reason}), and its pods are gone: nothing is left that tells whether their sidecars have a part in it"
    );
    let status = Evidence::new(
        format!("job/{name}"),
        ".status.conditions[?(@.type=='Failed')].message",
    )
    .actual(without_credentials(
        failed.message.as_deref().unwrap_or_default(),
    ));
    let namespace = case.target().namespace.as_str();
    let look = Fix::new(
        "see what the events say that are left",
        Risk::ReadOnly,
        "nothing: it shows what became of the pods",
    )
    .show(Command::kubectl([
        "events",
        "-n",
        namespace,
        "--for",
        &format!("job/{name}"),
    ]))
    .show(Command::kubectl([
        "get",
        "events",
        "-n",
        namespace,
        "--field-selector=involvedObject.kind=Pod",
    ]));
    Finding::new(Severity::Warning, Effect::NotReady, message)
        .evidence(status)
        .fix(look)
}
