//! From the checks' types to the contract's.

use std::collections::BTreeSet;
use std::fmt::Display;

use injdoctor_checks::Stage;
use injdoctor_checks::causes::Check;
use injdoctor_checks::diagnosis::{CheckResult, Diagnosis, Status};
use injdoctor_checks::facts::{Connection, Owner, Snapshot, Target, Unread};
use injdoctor_checks::report::{
    After, Command, Difference, Evidence, Finding, Fix, Next, Risk, Severity,
};
use injdoctor_checks::symptoms::{Kind, Symptom};
use injdoctor_checks::views::{
    ControlPlane, Members, MeshName, ambient_marks, control_plane_kinds, control_planes, meshes,
    version_unknown,
};
use injdoctor_checks::way::{
    AmbientBy, Answer, Assumption, Call, Moment, Observation, Outcome, Prediction, Seen, Version,
    WebhookRow,
};

use jiff::Timestamp;

use super::text::Text;
use super::v1alpha1 as v1;

/// Where it was looked at; the same for all diagnoses of a run.
pub fn cluster(snapshot: &Snapshot) -> v1::Cluster {
    let version = snapshot.server_version.got();
    v1::Cluster {
        context: snapshot.connection.context.clone().into(),
        kubernetes_version: version.map(Text::from),
        kubernetes_version_unknown: version_unknown(snapshot).map(Text::from),
        istio: control_planes(snapshot)
            .into_iter()
            .map(control_plane)
            .collect(),
        control_plane_kinds: control_plane_kinds(snapshot)
            .into_iter()
            .map(|kind| kind.name().into())
            .collect(),
        meshes: meshes(snapshot).into_iter().map(mesh).collect(),
        ambient: ambient_marks(snapshot)
            .into_iter()
            .map(Text::from)
            .collect(),
        recorded_at: snapshot.recorded_at.to_string().into(),
        injector_config: maybe(&snapshot.connection.injector_config),
    }
}

/// One diagnosis.
pub fn diagnosis(
    diagnosis: &Diagnosis,
    cluster: &v1::Cluster,
    connection: &Connection,
) -> v1::Diagnosis {
    let findings = diagnosis.findings.iter();
    v1::Diagnosis {
        api_version: v1::ApiVersion::V1alpha1,
        kind: v1::DiagnosisKind::Diagnosis,
        target: target(&diagnosis.target),
        cluster: cluster.clone(),
        predicted: diagnosis.predicted.as_ref().map(predicted),
        assumptions: diagnosis.assumptions.iter().map(assumption).collect(),
        ambient: diagnosis.ambient.map(ambient),
        owner: diagnosis.owner.as_ref().map(owner),
        observed: diagnosis.observed.as_ref().map(observed),
        webhooks: diagnosis.webhooks.iter().map(webhook).collect(),
        symptoms: diagnosis.symptoms.iter().map(symptom).collect(),
        timeline: diagnosis.timeline.iter().map(moment).collect(),
        root_cause: diagnosis.root_cause.map(root_cause),
        findings: findings
            .map(|(check, found)| finding(diagnosis, check, found, connection))
            .collect(),
        checks: diagnosis.checks.iter().map(check).collect(),
        unread: diagnosis.unread.iter().map(unread).collect(),
    }
}

fn symptom(symptom: &Symptom) -> v1::Symptom {
    v1::Symptom {
        kind: match symptom.kind {
            Kind::PodsRefused => v1::SymptomKind::PodsRefused,
            Kind::NextPod => v1::SymptomKind::NextPod,
            Kind::Pods(Difference::NoSidecar) => v1::SymptomKind::NoSidecar,
            Kind::Pods(Difference::LosesSidecar) => v1::SymptomKind::LosesSidecar,
            Kind::Pods(Difference::OtherRevision) => v1::SymptomKind::OtherRevision,
            Kind::Pods(Difference::OtherVersion) => v1::SymptomKind::OtherVersion,
            Kind::PodsNotReady => v1::SymptomKind::PodsNotReady,
            Kind::JobFailed => v1::SymptomKind::JobFailed,
        },
        severity: severity(symptom.severity),
        message: symptom.message.clone().into(),
        began: symptom.began.as_ref().map(|began| v1::Began {
            at: began.at.to_string().into(),
            after: began.after.as_ref().map(|change| v1::Change {
                object: change.object.clone().into(),
                at: change.at.to_string().into(),
                by: change.by.as_ref().map(Text::from),
            }),
        }),
        root_cause: symptom.root_cause.map(root_cause),
    }
}

fn moment(moment: &Moment) -> v1::Moment {
    v1::Moment {
        at: moment.at.to_string().into(),
        what: moment.what.clone().into(),
    }
}

pub fn root_cause(check: &Check) -> v1::RootCause {
    v1::RootCause {
        code: check.code.into(),
        name: check.name.into(),
    }
}

fn severity(severity: Severity) -> v1::Severity {
    match severity {
        Severity::Error => v1::Severity::Error,
        Severity::Warning => v1::Severity::Warning,
        Severity::Info => v1::Severity::Info,
    }
}

fn maybe(text: &Option<String>) -> Option<Text> {
    text.as_ref().map(Text::from)
}

fn time(at: Option<Timestamp>) -> Option<Text> {
    at.map(|at| at.to_string().into())
}

pub fn control_plane(istiod: ControlPlane) -> v1::ControlPlane {
    let told = istiod.version.one();
    let from = match (told, &istiod.version) {
        (Some(told), _) => told.from.to_string(),
        (None, Version::Untold(why)) => why.clone(),
        (None, Version::Told(all)) => {
            let versions: Vec<_> = all.iter().map(|one| one.number.text.as_str()).collect();
            format!("{} answer in turn", versions.join(" and "))
        }
    };
    v1::ControlPlane {
        namespace: istiod.namespace.into(),
        name: istiod.name.into(),
        revision: istiod.revision.into(),
        version: told.map(|told| Text::from(&told.number.text)),
        version_from: from.into(),
    }
}

fn target(target: &Target) -> v1::Target {
    v1::Target {
        kind: target.kind.name().into(),
        namespace: (!target.namespace.is_empty()).then(|| Text::from(&target.namespace)),
        name: target.name.clone().into(),
    }
}

fn assumption(assumption: &Assumption) -> v1::Assumption {
    v1::Assumption {
        object: assumption.object.clone().into(),
        assumes: assumption.assumes.clone().into(),
    }
}

fn mesh((name, members): (MeshName, Members)) -> v1::Mesh {
    let texts = |all: BTreeSet<String>| all.into_iter().map(Text::from).collect();
    v1::Mesh {
        root_namespace: name.root_namespace.into(),
        id: name.id.map(Text::from),
        istiods: texts(members.istiods),
        webhooks: texts(members.webhooks),
    }
}

fn ambient(by: AmbientBy) -> v1::AmbientBy {
    match by {
        AmbientBy::Pod => v1::AmbientBy::Pod,
        AmbientBy::Namespace => v1::AmbientBy::Namespace,
    }
}

fn owner(owner: &Owner) -> v1::Owner {
    v1::Owner {
        api_version: owner.api_version.clone().into(),
        kind: owner.kind.clone().into(),
        name: owner.name.clone().into(),
    }
}

fn predicted(predicted: &Prediction) -> v1::Predicted {
    v1::Predicted {
        outcome: outcome(predicted.outcome),
        revision: maybe(&predicted.revision),
        webhook: maybe(&predicted.webhook),
        decided: stage(predicted.decided),
        because: predicted.because.clone().into(),
        calls: predicted.calls.iter().map(call).collect(),
    }
}

pub fn outcome(outcome: Outcome) -> v1::PredictedOutcome {
    match outcome {
        Outcome::Injected => v1::PredictedOutcome::Injected,
        Outcome::NotInjected => v1::PredictedOutcome::NotInjected,
        Outcome::Rejected => v1::PredictedOutcome::Rejected,
        Outcome::Unknown => v1::PredictedOutcome::Unknown,
    }
}

fn call(call: &Call) -> v1::Call {
    v1::Call {
        webhook_configuration: call.configuration.clone().into(),
        webhook: call.entry.clone().into(),
        injector: call.injector,
        called: step(&call.called),
        reached: call.reached.as_ref().map(step),
        wanted: call.wanted.as_ref().map(step),
        rendered: call.rendered.as_ref().map(step),
    }
}

fn step<Y: Display, N: Display>(answer: &Answer<Y, N>) -> v1::Step {
    v1::Step {
        answer: match answer {
            Answer::Yes(_) => v1::YesNo::Yes,
            Answer::No(_) => v1::YesNo::No,
            Answer::Unknown(_) => v1::YesNo::Unknown,
        },
        because: answer.to_string().into(),
    }
}

fn observed(observed: &Observation) -> v1::Observed {
    v1::Observed {
        outcome: match observed.outcome {
            Seen::Injected => v1::ObservedOutcome::Injected,
            Seen::NotInjected => v1::ObservedOutcome::NotInjected,
            Seen::Mixed => v1::ObservedOutcome::Mixed,
            Seen::NoPods => v1::ObservedOutcome::NoPods,
            Seen::Rejected => v1::ObservedOutcome::Rejected,
            Seen::Unknown => v1::ObservedOutcome::Unknown,
        },
        pods: observed
            .pods
            .iter()
            .map(|pod| v1::Pod {
                name: pod.name.clone().into(),
                injected: pod.injected,
                revision: maybe(&pod.revision),
                ambient: pod.ambient,
                created_at: time(pod.created),
            })
            .collect(),
        rejection: observed.rejection.as_ref().map(|rejection| v1::Rejection {
            message: rejection.message.clone().into(),
            source: rejection.source.clone().into(),
            since: time(rejection.since),
            at: time(rejection.at),
            times: rejection.times,
        }),
    }
}

fn webhook(row: &WebhookRow) -> v1::Webhook {
    let (ready, ready_unknown) = match &row.ready {
        Some(Ok(ready)) => (Some(*ready), None),
        Some(Err(reason)) => (None, Some(Text::from(reason))),
        None => (None, None),
    };
    v1::Webhook {
        webhook_configuration: row.configuration.clone().into(),
        webhook: row.entry.clone().into(),
        revision: maybe(&row.revision),
        tag: maybe(&row.tag),
        deactivated: row.deactivated,
        calls: row.calls.clone().into(),
        ready,
        ready_unknown,
        ca_bundle: row.ca_bundle.clone().into(),
        expires_at: time(row.expires),
        failure_policy: row.failure_policy.clone().into(),
        timeout_seconds: row.timeout,
        set_by: row.set_by.iter().map(set_by).collect(),
        namespaces: row
            .namespaces
            .as_ref()
            .ok()
            .map(|names| names.iter().map(Text::from).collect()),
        namespaces_unknown: row.namespaces.as_ref().err().map(Text::from),
    }
}

fn set_by((field, manager): &(&'static str, String)) -> v1::SetBy {
    v1::SetBy {
        field: (*field).into(),
        manager: manager.clone().into(),
    }
}

fn finding(
    diagnosis: &Diagnosis,
    check: &Check,
    finding: &Finding,
    connection: &Connection,
) -> v1::Finding {
    let root = diagnosis.root_cause.filter(|_| diagnosis.follows(check));
    v1::Finding {
        code: check.code.into(),
        name: check.name.into(),
        stage: stage(check.stage),
        severity: severity(finding.severity),
        message: finding.message.clone().into(),
        follows: root.map(|root| Text::from(root.code)),
        evidence: finding.evidence.iter().map(evidence).collect(),
        fixes: finding
            .fixes
            .iter()
            .map(|one| fix(one, connection))
            .collect(),
    }
}

fn stage(stage: Stage) -> v1::Stage {
    match stage {
        Stage::Mesh => v1::Stage::Mesh,
        Stage::Called => v1::Stage::Called,
        Stage::Reached => v1::Stage::Reached,
        Stage::Wanted => v1::Stage::Wanted,
        Stage::Rendered => v1::Stage::Rendered,
        Stage::Admitted => v1::Stage::Admitted,
        Stage::Running => v1::Stage::Running,
    }
}

fn evidence(evidence: &Evidence) -> v1::Evidence {
    v1::Evidence {
        object: evidence.object.clone().into(),
        path: evidence.path.clone().into(),
        actual: maybe(&evidence.actual),
        expected: maybe(&evidence.expected),
        set_by: maybe(&evidence.set_by),
        set_at: time(evidence.set_at),
    }
}

fn fix(fix: &Fix, connection: &Connection) -> v1::Fix {
    let words = |command: &Command| {
        command
            .argv(connection)
            .into_iter()
            .map(Text::from)
            .collect()
    };
    let vectors = |commands: &[Command]| commands.iter().map(words).collect();
    v1::Fix {
        title: fix.title.clone().into(),
        risk: match fix.risk {
            Risk::ReadOnly => v1::Risk::ReadOnly,
            Risk::Safe => v1::Risk::Safe,
            Risk::RestartsPods => v1::Risk::RestartsPods,
            Risk::MeshWide => v1::Risk::MeshWide,
        },
        commands: vectors(&fix.commands()),
        then: fix.then.iter().map(next).collect(),
        changes: fix.changes.clone().into(),
        after: fix.after.as_ref().map(after),
        undo: vectors(&fix.undo_commands()),
    }
}

fn next(next: &Next) -> v1::Next {
    v1::Next {
        title: next.title.clone().into(),
        because: next.because.clone().into(),
    }
}

fn after(after: &After) -> v1::After {
    match after {
        After::Predicted {
            outcome: predicted,
            revision,
            because,
        } => v1::After {
            outcome: outcome(*predicted),
            revision: maybe(revision),
            because: because.clone().into(),
        },
        After::Open(why) => v1::After {
            outcome: v1::PredictedOutcome::Unknown,
            revision: None,
            because: why.clone().into(),
        },
    }
}

fn check(result: &CheckResult) -> v1::Check {
    let (status, reason) = match &result.status {
        Status::Passed => (v1::Status::Passed, None),
        Status::Failed => (v1::Status::Failed, None),
        Status::Unknown(missing) => (v1::Status::Unknown, Some(Text::from(missing.to_string()))),
        Status::NotApplicable(reason) => (v1::Status::NotApplicable, Some(reason.clone().into())),
    };
    v1::Check {
        code: result.check.code.into(),
        name: result.check.name.into(),
        status,
        reason,
    }
}

fn unread(unread: &Unread) -> v1::Unread {
    v1::Unread {
        verb: unread.verb.clone().into(),
        resource: unread.resource.clone().into(),
        namespace: maybe(&unread.namespace),
        name: maybe(&unread.name),
        reason: unread.reason.clone().into(),
    }
}
