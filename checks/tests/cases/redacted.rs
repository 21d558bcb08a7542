//! What a snapshot says once it is written to a file: the same, and no secrets.

use injdoctor_checks::diagnosis::{Diagnosis, Status};
use injdoctor_checks::facts::{Connection, Snapshot};
use injdoctor_checks::redaction::redact;
use injdoctor_checks::report::Command;
use injdoctor_checks::way::Prediction;

use serde_json::{Value, json};

use crate::{assert_none, case, patch, world};

/// A prediction as it is printed.
fn predicted_in_words(predicted: Option<Prediction>) -> Vec<String> {
    let Some(predicted) = predicted else {
        return Vec::new();
    };
    let calls = predicted.calls.iter().map(|call| {
        let (reached, wanted) = (call.reached.as_ref(), call.wanted.as_ref());
        let rows = [
            Some(call.called.to_string()),
            reached.map(ToString::to_string),
            wanted.map(ToString::to_string),
            call.rendered.as_ref().map(ToString::to_string),
        ];
        format!("{} {} {rows:?}", call.configuration, call.entry)
    });
    let whole = format!(
        "{:?} {:?} {:?} {:?}: {}",
        predicted.outcome,
        predicted.revision,
        predicted.webhook,
        predicted.decided,
        predicted.because
    );
    std::iter::once(whole).chain(calls).collect()
}

/// Everything that a diagnosis says.
fn said(snapshot: &Snapshot) -> Vec<String> {
    let diagnosis = world::diagnose(snapshot);
    let Diagnosis {
        predicted,
        observed,
        webhooks,
        root_cause,
        findings,
        checks,
        unread,
        ..
    } = diagnosis;
    let line = |commands: Vec<Command>| {
        let words = commands
            .into_iter()
            .map(|one| one.argv(&Connection::default()));
        format!("{:?}", words.collect::<Vec<_>>())
    };
    let mut said = predicted_in_words(predicted);
    said.extend([
        format!("{observed:#?}"),
        format!("{webhooks:#?}"),
        format!("{:?}", root_cause.map(|check| check.name)),
        format!("{unread:?}"),
    ]);
    for (check, finding) in findings {
        said.push(format!("{}: {}", check.name, finding.message));
        said.push(format!("{:#?}", finding.evidence));
        for fix in finding.fixes {
            said.push(format!("{} ({:?})", fix.title, fix.after));
            said.push(line(fix.commands()));
            said.push(line(fix.undo_commands()));
        }
    }
    for result in checks {
        if let Status::Unknown(missing) = result.status {
            said.push(format!("{}: {missing}", result.check.name));
        }
    }
    said
}

fn lines(snapshot: &Snapshot) -> Vec<String> {
    let said = said(snapshot).into_iter();
    said.flat_map(|one| one.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_file_says_what_the_cluster_says() {
    let complaints = case::all().iter().filter_map(|case| {
        let snapshot = world::snapshot(&case.world());
        let live = lines(&snapshot);
        let (written, _) = redact(snapshot).unwrap();
        let text = serde_json::to_string(&written).unwrap();
        let file = lines(&serde_json::from_str(&text).unwrap());
        let differs = live.iter().zip(&file).find(|(live, file)| live != file);
        let differs = differs.map(|(live, file)| format!("live: {live}\n  file: {file}"));
        let differs =
            differs.or_else(|| (live.len() != file.len()).then(|| "more or less".to_owned()));
        differs.map(|words| format!("{}, {}: {words}", case.check, case.about))
    });
    assert_none(&complaints.collect::<Vec<_>>());
}

/// What is printed of the cluster goes the same way as what is written to a file.
#[test]
fn no_credential_is_printed() {
    const SECRET: &str = "hunter2";
    let refusal =
        "admission webhook \"x\" denied the request: DB_PASSWORD=hunter2 of https://u:hunter2@h/x";
    let event = json!({
        "type": "Warning", "reason": "FailedCreate", "message": refusal, "metadata": {},
        "involvedObject": {"kind": "ReplicaSet", "namespace": "shop", "name": "made"}, "lastTimestamp": "2030-01-01T00:00:00Z",
    });
    let condition = json!({
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": refusal,
    });
    let annotated =
        |name: &str, value: &str| json!({"template": {"metadata": {"annotations": {name: value}}}});
    let by_url = json!({"webhooks": {"istio-sidecar-injector": {"webhooks": {
        "namespace.sidecar-injector.istio.io": {
            "clientConfig": {"service": null, "url": "https://u:hunter2@h/inject?token=hunter2"},
        },
    }}}});
    let worlds = [
        json!({"events": [event], "pods": []}),
        json!({"replicaSets": [{"metadata": {"name": "made"}, "conditions": [condition]}], "pods": []}),
        annotated(
            "proxy.istio.io/config",
            "proxyMetadata: {A: hunter2}\ninterceptionMode: none\n",
        ),
        annotated("proxy.istio.io/config", "proxyMetadata: {A: hunter2\n"),
        annotated("proxy.istio.io/overrides", r#"{"containers":"hunter2"}"#),
        by_url,
    ];
    for change in worlds {
        let world = patch::apply(world::base(), &change);
        let live = said(&world::snapshot(&world));
        let told = live.iter().find(|one| one.contains(SECRET));
        assert_eq!(told, None, "{change}");
        let about = format!("{live:?}");
        let is_told = ["Rejected", "whether https"]
            .iter()
            .any(|word| about.contains(word));
        assert!(is_told, "{change} makes no difference");
        let (written, _) = redact(world::snapshot(&world)).unwrap();
        assert_eq!(said(&written), live, "{change}");
    }
}

/// A condition that reads what a file leaves out.
#[test]
fn what_a_file_leaves_out_is_unknown_and_not_guessed() {
    let world = |expression: &str| {
        let conditions = json!([{"name": "c", "expression": expression}]);
        let change = json!({
            "template": {"spec": {"containers": [{"name": "reviews", "image": "reviews:1", "args": ["--password=hunter2"]}]}},
            "webhooks": {"istio-sidecar-injector": {"webhooks": {
                "namespace.sidecar-injector.istio.io": {"matchConditions": conditions},
            }}},
        });
        world::snapshot(&patch::apply(world::base(), &change))
    };
    let outcome = |snapshot: &Snapshot| {
        let predicted = world::diagnose(snapshot).predicted.unwrap();
        format!("{}: {}", predicted.outcome, predicted.because)
    };
    for (expression, is_known) in [
        ("object.spec.containers.all(c, c.name != 'x')", true),
        ("object.spec.containers.exists(c, has(c.args))", false),
        (
            "object.spec.containers.exists(c, c.args.exists(a, a == '--password=hunter2'))",
            false,
        ),
        (
            "object.spec.containers.exists(c, c.args.exists(a, a == 'x'))",
            false,
        ),
        ("has(object.spec.hostNetwork)", true),
    ] {
        let live = outcome(&world(expression));
        assert!(!live.contains("Unknown"), "{expression}: {live}");
        let (written, _) = redact(world(expression)).unwrap();
        let file = outcome(&written);
        match is_known {
            true => assert_eq!(file, live, "{expression}"),
            false => assert!(file.contains("may read args"), "{expression}: {file}"),
        }
        assert!(
            !format!("{written:?}").contains("\"--password=hunter2\""),
            "{expression}"
        );
    }
}

/// A namespace has events of everybody, and of istiod's namespace they are read as well.
#[test]
fn events_that_decide_nothing_are_not_in_a_file() {
    const SHOP: (&str, &str) = ("ReplicaSet", "shop");
    const ISTIOD: (&str, &str) = ("Pod", "istio-system");
    const UID: &str = "ce2e5f8d-da26-42f3-a70b-7e8bbafe1aba";
    let event = |(kind, namespace): (&str, &str),
                 uid: Option<&str>,
                 reason: &str,
                 message: &str| {
        json!({
            "type": "Warning", "reason": reason, "message": message, "metadata": {"namespace": namespace},
            "involvedObject": {"kind": kind, "namespace": namespace, "name": "x", "uid": uid},
            "lastTimestamp": "2026-11-21T14:34:49Z",
        })
    };
    let unanswered = "Readiness probe failed: context deadline exceeded";
    let refusal = event(SHOP, None, "FailedCreate", "denied");
    let probe = event(ISTIOD, Some(UID), "Unhealthy", unanswered);
    let of_others = event(SHOP, Some("other"), "FailedCreate", "denied");
    let others = [
        event(SHOP, Some("other"), "Unhealthy", unanswered),
        event(ISTIOD, Some("gone"), "Unhealthy", unanswered),
        event(
            ISTIOD,
            Some(UID),
            "BackOff",
            "Back-off restarting failed container",
        ),
        event(
            ISTIOD,
            Some("gone"),
            "FailedScheduling",
            "0/3 nodes are available",
        ),
    ];
    let of_webhook = json!({
        "target": {"kind": "MutatingWebhookConfiguration", "namespace": "", "name": "istio-sidecar-injector"},
    });
    for (target, needed) in [
        (json!({}), vec![&refusal, &probe]),
        (of_webhook, vec![&refusal, &probe, &of_others]),
    ] {
        let all = || [&refusal, &probe, &of_others].into_iter().chain(&others);
        let written = |events: Vec<&Value>| {
            let change = json!({"events": events, "pods": []});
            let world = patch::apply(patch::apply(world::base(), &target), &change);
            let (written, _) = redact(world::snapshot(&world)).unwrap();
            written
        };
        assert_eq!(written(all().collect()), written(needed), "{target}");
    }
}
