//! What becomes of the answers of a fake API server.

use super::*;
use crate::cluster::fake::{Answer, Fake, list, status};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name}})
}

fn page(name: &str, next: &str) -> Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"continue": next}, "items": [pod(name)]})
}

fn names(pods: &Fact<Vec<Pod>>) -> Vec<String> {
    let pods = pods.got().into_iter().flatten();
    pods.filter_map(|pod| pod.metadata.name.clone()).collect()
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let fake = Fake::new(|path| match path {
        path if path.contains("continue=b") => Answer::Json(200, page("b", "c")),
        path if path.contains("continue=c") => Answer::Json(200, page("c", "")),
        _ => Answer::Json(200, page("a", "b")),
    });
    let reader = Reader::new(&fake.link);
    let all = Selection::within(Some("shop")).labelled("app=x");
    assert_eq!(names(&reader.list(all).await), ["a", "b", "c"]);
    assert!(fake.asked.lock().unwrap().iter().all(|path| {
        path.starts_with("/api/v1/namespaces/shop/pods?")
            && path.contains("labelSelector=app%3Dx&limit=500")
    }));
    let two = Selection {
        pages: Some(2),
        ..Selection::default()
    };
    assert_eq!(names(&reader.list(two).await), ["a", "b"]);
}

#[tokio::test]
async fn a_list_that_the_server_has_forgotten_is_begun_anew_once() {
    let forgetful = Fake::new(|path| match path.contains("continue") {
        true => Answer::Json(410, status(410, "too old")),
        false => Answer::Json(200, page("a", "b")),
    });
    let reader = Reader::new(&forgetful.link);
    let pods = reader.list::<Pod>(Selection::default()).await;
    assert_eq!(pods.unread().unwrap().reason, "too old");
    assert_eq!(forgetful.requests(), 4);

    let healed = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::new(move |path| {
        match (
            path.contains("continue"),
            healed.fetch_add(1, Ordering::Relaxed),
        ) {
            (true, 1) => Answer::Json(410, status(410, "too old")),
            (true, _) => Answer::Json(200, page("b", "")),
            (false, _) => Answer::Json(200, page("a", "b")),
        }
    });
    assert_eq!(
        names(&Reader::new(&fake.link).list(Selection::default()).await),
        ["a", "b"]
    );
}

#[tokio::test]
async fn every_answer_becomes_a_fact() {
    type Case = (Answer, fn(&Fact<Deployment>) -> bool, &'static str);
    let table: [Case; 8] = [
        (
            Answer::Json(200, pod("x")),
            |fact| matches!(fact, Fact::Got(_)),
            "",
        ),
        (
            Answer::Json(404, status(404, "no")),
            |fact| *fact == Fact::Absent,
            "",
        ),
        (
            Answer::Json(403, status(403, "not you")),
            |fact| matches!(fact, Fact::Refused(_)),
            "not you",
        ),
        (
            Answer::Json(401, status(401, "who")),
            |fact| matches!(fact, Fact::Refused(_)),
            "who",
        ),
        (
            Answer::Json(500, status(500, "etcd")),
            |fact| matches!(fact, Fact::Failed(_)),
            "etcd",
        ),
        (
            Answer::Json(200, json!({"metadata": 1})),
            |fact| matches!(fact, Fact::Failed(_)),
            "not what was asked for",
        ),
        (
            Answer::Text(404, "<html>"),
            |fact| matches!(fact, Fact::Failed(_)),
            "it answered 404 \"<html>\"",
        ),
        (
            Answer::Cut,
            |fact| matches!(fact, Fact::Failed(_)),
            "connection reset",
        ),
    ];
    for (answer, is_expected, reason) in table {
        let answer = Mutex::new(Some(answer));
        let fake = Fake::new(move |_| answer.lock().unwrap().take().unwrap());
        let fact = Reader::new(&fake.link)
            .get::<Deployment>(Some("shop"), "web")
            .await;
        assert!(is_expected(&fact), "{fact:?}");
        if let Some(unread) = fact.unread() {
            assert!(unread.reason.contains(reason), "{unread}");
            let expected = ("get", "deployments.apps", Some("shop"), Some("web"));
            let found = (
                &*unread.verb,
                &*unread.resource,
                unread.namespace.as_deref(),
                unread.name.as_deref(),
            );
            assert_eq!(found, expected);
        }
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::new(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 => Answer::Text(429, "Too many requests"),
        _ => Answer::Json(200, pod("x")),
    });
    let reader = Reader::new(&fake.link);
    assert!(matches!(
        reader.get::<Pod>(Some("shop"), "x").await,
        Fact::Got(_)
    ));
    assert_eq!(fake.requests(), 2);
}

#[tokio::test]
async fn a_slow_answer_costs_its_fact_only() {
    let mut fake = Fake::new(|path| match path.ends_with("slow") {
        true => Answer::Later(Duration::from_secs(60), pod("slow")),
        false => Answer::Json(200, pod("x")),
    });
    fake.link.limits.request = Some(Duration::from_millis(20));
    let reader = Reader::new(&fake.link);
    let (slow, fast) = tokio::join!(
        reader.get::<Pod>(Some("shop"), "slow"),
        reader.get::<Pod>(Some("shop"), "fast")
    );
    assert_eq!(slow.unread().unwrap().reason, "no answer within 20ms");
    assert!(matches!(fast, Fact::Got(_)));
    assert!(reader.verdict().is_ok());

    fake.link.limits.total = Some(Duration::ZERO);
    let late = Reader::new(&fake.link).get::<Pod>(Some("shop"), "x").await;
    assert!(
        late.unread()
            .unwrap()
            .reason
            .contains("time for all requests")
    );
}

#[tokio::test]
async fn what_cannot_be_a_name_is_never_sent() {
    let fake = Fake::with_objects(Vec::new());
    let reader = Reader::new(&fake.link);
    for name in [
        "",
        ".",
        "..",
        "../secrets/x",
        "a/b",
        "a?b",
        "a b",
        "a%2fb",
        "ä",
    ] {
        assert_eq!(
            reader.get::<Pod>(Some("shop"), name).await,
            Fact::Absent,
            "{name}"
        );
        assert_eq!(
            reader.get::<Pod>(Some(name), "x").await,
            Fact::Absent,
            "{name}"
        );
        assert_eq!(
            reader.list::<Pod>(Selection::within(Some(name))).await,
            Fact::Absent,
            "{name}"
        );
    }
    assert_eq!(fake.requests(), 0);
}

#[tokio::test]
async fn the_verdict_tells_an_api_server_from_everything_else() {
    type Case = (fn(&str) -> Answer, Option<&'static str>);
    let table: [Case; 5] = [
        (|_| Answer::Json(403, status(403, "no")), None),
        (
            |path| match path.ends_with('x') {
                true => Answer::Json(200, pod("x")),
                false => Answer::Json(401, status(401, "who")),
            },
            None,
        ),
        (
            |_| Answer::Json(401, status(401, "who")),
            Some("does not accept the credentials of context \"\": who"),
        ),
        (
            |_| Answer::Cut,
            Some(
                "cannot reach the API server at https://fake:6443: connection reset by peer; check",
            ),
        ),
        (
            |_| Answer::Text(200, "<html>"),
            Some("does not answer like a Kubernetes API server"),
        ),
    ];
    for (answer, expected) in table {
        let fake = Fake::new(answer);
        let reader = Reader::new(&fake.link);
        reader.get::<Pod>(Some("shop"), "x").await;
        reader.list::<Pod>(Selection::default()).await;
        let verdict = reader.verdict().map_err(|error| error.to_string());
        match expected {
            None => assert_eq!(verdict, Ok(())),
            Some(words) => assert!(
                verdict.clone().is_err_and(|error| error.contains(words)),
                "{verdict:?}"
            ),
        }
    }
}

#[tokio::test]
async fn an_unreachable_server_is_not_asked_again() {
    let fake = Fake::new(|_| Answer::Cut);
    let reader = Reader::new(&fake.link);
    for name in ["a", "b", "c"] {
        assert!(
            reader
                .get::<Pod>(Some("shop"), name)
                .await
                .unread()
                .is_some()
        );
    }
    assert_eq!(fake.requests(), 1);
}

#[tokio::test]
async fn metadata_lists_and_the_version_are_read() {
    let fake = Fake::new(|path| match path.starts_with("/version") {
        true => Answer::Json(
            200,
            json!({"major": "1", "minor": "36", "gitVersion": "v1.36.3", "gitCommit": "",
            "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "", "platform": ""}),
        ),
        false => Answer::Json(200, list(&[json!({"metadata": {"uid": "u"}})])),
    });
    let reader = Reader::new(&fake.link);
    assert_eq!(reader.version().await, Fact::Got("v1.36.3".to_owned()));
    let pods = reader
        .list_metadata::<Pod>(Selection::default())
        .await
        .unwrap();
    assert_eq!(pods.len(), 1);
}
