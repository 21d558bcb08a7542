//! What becomes of the answers of a fake API server.

use super::*;
use crate::cluster::connect::{Sizes, parse_size};
use crate::cluster::fake::{Answer, Fake, absent, list, status};
use futures::future::{join, join_all};
use injdoctor_checks::facts::kinds::{MutatingAdmissionPolicy, Pod};
use injdoctor_checks::facts::{Index, Kind, Store};
use injdoctor_checks::plan::{Question, plan};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Namespace;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

fn pod(name: &str) -> Value {
    json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "shop"}})
}

fn deployment(change: impl FnOnce(&mut Value)) -> Value {
    let mut object = json!({"kind": "Deployment", "apiVersion": "apps/v1",
                            "metadata": {"name": "web", "namespace": "shop"}});
    change(&mut object);
    object
}

fn pod_list(change: impl FnOnce(&mut Value)) -> Value {
    let mut list = json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"},
                          "items": [{"metadata": {"name": "a", "namespace": "shop"}}]});
    change(&mut list);
    list
}

fn page(name: &str, next: &str) -> Value {
    pod_list(|list| {
        list["metadata"] =
            json!({"continue": next, "remainingItemCount": (!next.is_empty()).then_some(1)});
        list["items"][0]["metadata"]["name"] = json!(name);
    })
}

/// A server that answers everything with this.
fn always(code: u16, body: Value) -> Fake {
    Fake::new(move |_| Answer::Json(code, body.clone()))
}

/// The reason of a fact that is a failure.
fn failure<T: Debug>(fact: Fact<T>) -> String {
    match fact {
        Fact::Failed(unread) => unread.reason,
        other => panic!("no failure: {other:?}"),
    }
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
            Answer::Json(200, deployment(|_| ())),
            |fact| matches!(fact, Fact::Got(_)),
            "",
        ),
        (
            Answer::Json(404, absent("/apis/apps/v1/namespaces/shop/deployments/web")),
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
async fn an_object_is_what_was_asked_for_or_none() {
    type Case = (fn(&mut Value), &'static str);
    let table: [Case; 14] = [
        (|object| *object = json!({}), "it has no kind"),
        (|object| *object = json!([]), "it is no JSON object"),
        (|object| *object = json!(null), "it is no JSON object"),
        (|object| *object = json!({"metadata": {}}), "it has no kind"),
        (
            |object| *object = status(403, "not you"),
            "it is a \"Status\", not a Deployment",
        ),
        (|object| object["kind"] = json!("Pod"), "it is a \"Pod\""),
        (
            |object| object["kind"] = json!("DeploymentList"),
            "it is a \"DeploymentList\"",
        ),
        (
            |object| object["apiVersion"] = json!("apps/v2"),
            "its apiVersion is \"apps/v2\"",
        ),
        (
            |object| drop(object.as_object_mut().unwrap().remove("apiVersion")),
            "its apiVersion is \"\"",
        ),
        (
            |object| drop(object.as_object_mut().unwrap().remove("metadata")),
            "it has no metadata",
        ),
        (
            |object| object["metadata"]["name"] = json!("other"),
            "it is \"other\", not \"web\"",
        ),
        (
            |object| object["metadata"] = json!({"name": "web"}),
            "it is in namespace \"\", not in \"shop\"",
        ),
        (
            |object| object["metadata"]["namespace"] = json!("bank"),
            "it is in namespace \"bank\"",
        ),
        (
            |object| object["metadata"]["labels"] = json!(1),
            "invalid type",
        ),
    ];
    for (change, reason) in table {
        let fake = always(200, deployment(change));
        let reader = Reader::new(&fake.link);
        let fact = reader.get::<Deployment>(Some("shop"), "web").await;
        let found = failure(fact);
        let words = "the answer is not what was asked for: ";
        assert!(
            found.starts_with(words) && found.contains(reason),
            "{found}"
        );
    }
    let of_namespace = json!({"kind": "Namespace", "apiVersion": "v1",
                              "metadata": {"name": "shop", "namespace": "shop"}});
    let fake = always(200, of_namespace);
    let fact = Reader::new(&fake.link).get::<Namespace>(None, "shop").await;
    assert!(failure(fact).contains("namespaces are in none"));
}

#[tokio::test]
async fn a_list_is_what_was_asked_for_or_none() {
    type Case = (fn(&mut Value), Result<usize, &'static str>);
    let table: [Case; 21] = [
        (|_| (), Ok(1)),
        (|list| list["items"] = json!([]), Ok(0)),
        (|list| list["items"] = json!(null), Ok(0)),
        (|list| list["items"][0]["kind"] = json!("Pod"), Ok(1)),
        (
            |list| list["metadata"]["remainingItemCount"] = json!(0),
            Ok(1),
        ),
        (|list| *list = json!({}), Err("it has no kind")),
        (|list| *list = json!([]), Err("it is no JSON object")),
        (
            |list| *list = json!({"metadata": {}}),
            Err("it has no kind"),
        ),
        (
            |list| *list = status(404, "not found"),
            Err("it is a \"Status\", not a PodList"),
        ),
        (|list| *list = pod("a"), Err("it is a \"Pod\"")),
        (|list| list["kind"] = json!("List"), Err("it is a \"List\"")),
        (
            |list| list["kind"] = json!("ServiceList"),
            Err("it is a \"ServiceList\""),
        ),
        (
            |list| list["apiVersion"] = json!("v2"),
            Err("its apiVersion is \"v2\""),
        ),
        (
            |list| drop(list.as_object_mut().unwrap().remove("items")),
            Err("it is a list without items"),
        ),
        (
            |list| drop(list.as_object_mut().unwrap().remove("metadata")),
            Err("it has no metadata"),
        ),
        (
            |list| list["metadata"]["remainingItemCount"] = json!(3),
            Err("3 more items remain"),
        ),
        (
            |list| list["items"][0]["kind"] = json!("Service"),
            Err("of an item of the list: it is a \"Service\", not a Pod"),
        ),
        (
            |list| list["items"][0]["apiVersion"] = json!("v2"),
            Err("of an item of the list: its apiVersion"),
        ),
        (
            |list| list["items"][0] = json!({}),
            Err("of an item of the list: it has no metadata"),
        ),
        (
            |list| list["items"][0]["metadata"] = json!({"namespace": "shop"}),
            Err("it has no name"),
        ),
        (
            |list| list["items"][0]["metadata"]["namespace"] = json!("bank"),
            Err("it is in namespace \"bank\", not in \"shop\""),
        ),
    ];
    for (change, expected) in table {
        // The fake server completes what calls itself a List.
        let body = pod_list(change).to_string();
        let fake = Fake::new(move |_| Answer::Text(200, body.clone().leak()));
        let reader = Reader::new(&fake.link);
        let shop = Selection::within(Some("shop"));
        match expected {
            Ok(count) => assert_eq!(names(&reader.list(shop).await).len(), count),
            Err(reason) => {
                let found = failure(reader.list::<Pod>(shop).await);
                let words = "the answer is not what was asked for: ";
                assert!(
                    found.starts_with(words) && found.contains(reason),
                    "{found}"
                );
                failure(reader.pods(shop).await);
            }
        }
    }
    let nowhere = pod_list(|list| list["items"][0]["metadata"] = json!({"name": "a"}));
    let fake = always(200, nowhere);
    let fact = Reader::new(&fake.link)
        .list::<Pod>(Selection::default())
        .await;
    assert!(failure(fact).contains("it has no namespace"));
}

#[tokio::test]
async fn a_later_page_is_looked_at_like_the_first() {
    type Case = (fn(&mut Value), &'static str);
    let table: [Case; 3] = [
        (|list| *list = status(500, "no"), "it is a \"Status\""),
        (
            |list| drop(list.as_object_mut().unwrap().remove("items")),
            "it is a list without items",
        ),
        (
            |list| list["metadata"] = json!({"continue": "b"}),
            "a page of the list follows itself",
        ),
    ];
    for (change, reason) in table {
        let second = pod_list(change);
        let fake = Fake::new(move |path| match path.contains("continue=b") {
            true => Answer::Json(200, second.clone()),
            false => Answer::Json(200, page("a", "b")),
        });
        let reader = Reader::new(&fake.link);
        let fact = reader.list::<Pod>(Selection::within(Some("shop"))).await;
        let found = failure(fact);
        assert!(found.contains(reason), "{found}");
    }
}

#[tokio::test]
async fn absent_is_what_the_api_server_says_of_this_object() {
    type Case = (u16, fn(&mut Value), Option<&'static str>);
    let table: [Case; 10] = [
        (404, |_| (), None),
        (
            404,
            |status| status["details"]["name"] = json!("other"),
            Some("without saying that \"web\" is what is not found"),
        ),
        (
            404,
            |status| status["details"]["kind"] = json!("pods"),
            Some("without saying"),
        ),
        (
            404,
            |status| status["details"]["group"] = json!("extensions"),
            Some("without saying"),
        ),
        (
            404,
            |status| drop(status.as_object_mut().unwrap().remove("details")),
            Some("without saying"),
        ),
        (
            404,
            |status| status["reason"] = json!("Gone"),
            Some("without saying"),
        ),
        (
            404,
            |status| status["code"] = json!(403),
            Some("it answered 404"),
        ),
        (
            404,
            |status| status["kind"] = json!("Error"),
            Some("it answered 404"),
        ),
        (500, |_| (), Some("it answered 500")),
        (200, |_| (), Some("it is a \"Status\", not a Deployment")),
    ];
    const PATH: &str = "/apis/apps/v1/namespaces/shop/deployments/web";
    for (code, change, expected) in table {
        let mut body = absent(PATH);
        change(&mut body);
        let fake = always(code, body.clone());
        let reader = Reader::new(&fake.link);
        let fact = reader.get::<Deployment>(Some("shop"), "web").await;
        match expected {
            None => assert_eq!(fact, Fact::Absent),
            Some(reason) => {
                let found = failure(fact);
                assert!(found.contains(reason), "{body}: {found}");
            }
        }
    }
    // An API that is not served, and a collection, are never absent.
    for (answer, reason) in [
        (
            Answer::Text(404, "404 page not found\n"),
            "it answered 404 \"404 page not found\"",
        ),
        (Answer::Json(404, absent(PATH)), "not found"),
    ] {
        let answer = Mutex::new(Some(answer));
        let fake = Fake::new(move |_| answer.lock().unwrap().take().unwrap());
        let reader = Reader::new(&fake.link);
        let fact = reader.list::<Deployment>(Selection::default()).await;
        let found = failure(fact);
        assert!(found.contains(reason), "{found}");
    }
}

#[tokio::test]
async fn policies_are_listed_in_the_version_that_is_served() {
    const UNSERVED: Result<&str, u16> = Err(404);
    const FORBIDDEN: Result<&str, u16> = Err(403);
    let policies = |version: &str| {
        json!({"kind": "MutatingAdmissionPolicyList", "metadata": {},
               "apiVersion": format!("admissionregistration.k8s.io/{version}"),
               "items": [{"metadata": {"name": version}}]})
    };
    for (v1, beta, alpha, expected) in [
        (Ok("v1"), Ok("v1beta1"), UNSERVED, Ok(Some("v1"))),
        (UNSERVED, Ok("v1beta1"), UNSERVED, Ok(Some("v1beta1"))),
        (UNSERVED, UNSERVED, Ok("v1alpha1"), Ok(Some("v1alpha1"))),
        (UNSERVED, UNSERVED, UNSERVED, Ok(None)),
        (UNSERVED, Ok("v1"), UNSERVED, Err("v1beta1")),
        (FORBIDDEN, Ok("v1beta1"), UNSERVED, Err("no")),
        (UNSERVED, FORBIDDEN, UNSERVED, Err("no")),
    ] {
        let fake = Fake::new(move |path| {
            let answer = match path.split('/').nth(3) {
                Some("v1") => v1,
                Some("v1beta1") => beta,
                _ => alpha,
            };
            match answer {
                Ok(version) => Answer::Json(200, policies(version)),
                Err(code) => Answer::Json(code, status(code, "no")),
            }
        });
        let reader = Reader::new(&fake.link);
        let fact = reader
            .list_if_served::<MutatingAdmissionPolicy>(Selection::default())
            .await;
        let found = match &fact {
            Fact::Got(all) => Ok(all.first().and_then(|one| one.metadata.name.as_deref())),
            Fact::Absent => Ok(None),
            other => Err(other.unread().unwrap().reason.clone()),
        };
        match (&found, expected) {
            (Err(found), Err(reason)) => assert!(found.contains(reason), "{found}"),
            (Ok(found), Ok(expected)) => assert_eq!(*found, expected),
            _ => panic!("{found:?}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_none() {
    let with_sizes = |mut fake: Fake, object: &str, page: &str, run: &str| {
        let size = |text: &str| parse_size(text).unwrap();
        fake.link.limits.sizes = Sizes {
            object: size(object),
            page: size(page),
            run: size(run),
        };
        fake
    };
    let large = |list: &mut Value| {
        list["items"][0]["metadata"]["annotations"] = json!({"a": "x".repeat(3 << 10)});
    };
    let fake = with_sizes(always(200, pod_list(large)), "1Ki", "4Ki", "1Mi");
    let reader = Reader::new(&fake.link);
    let shop = Selection::within(Some("shop"));
    assert_eq!(names(&reader.list(shop).await), ["a"]);
    let reason = failure(reader.get::<Pod>(Some("shop"), "a").await);
    assert_eq!(
        reason,
        "the answer is larger than 1Ki; --max-read-size allows more"
    );

    let fake = with_sizes(always(200, pod_list(large)), "4Ki", "4Ki", "8Ki");
    let reader = Reader::new(&fake.link);
    assert_eq!(names(&reader.list(shop).await), ["a"]);
    assert_eq!(names(&reader.list(shop).await), ["a"]);
    let reason = failure(reader.list::<Pod>(shop).await);
    assert_eq!(
        reason,
        "all answers together are larger than 8Ki; --max-read-size allows more"
    );
}

#[tokio::test]
async fn the_error_of_a_server_that_does_not_stop_is_short() {
    let endless = Fake::new(|_| Answer::Text(502, "x".repeat(8 << 20).leak()));
    let reason = failure(
        Reader::new(&endless.link)
            .get::<Pod>(Some("shop"), "x")
            .await,
    );
    assert!(reason.starts_with("it answered 502 \"xxx") && reason.len() < 500);
}

#[tokio::test]
async fn the_version_is_one_or_none() {
    type Case = (u16, Value, Option<&'static str>);
    let table: [Case; 7] = [
        (200, json!({"gitVersion": "v1.36.3"}), None),
        (200, json!({}), Some("it has no gitVersion")),
        (200, json!({"gitVersion": ""}), Some("it has no gitVersion")),
        (200, json!({"gitVersion": 1}), Some("it has no gitVersion")),
        (200, json!(["v1.36.3"]), Some("it has no gitVersion")),
        (200, status(403, "no"), Some("it has no gitVersion")),
        (404, absent("/api/v1/pods/version"), Some("not found")),
    ];
    for (code, body, expected) in table {
        let fake = always(code, body.clone());
        let version = Reader::new(&fake.link).version().await;
        match expected {
            None => assert_eq!(version, Fact::Got("v1.36.3".to_owned())),
            Some(reason) => assert!(failure(version).contains(reason), "{body}"),
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
        reader.get::<Pod>(Some("shop"), "x")
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
async fn metadata_alone_is_read() {
    let fake = Fake::new(|_| {
        Answer::Json(
            200,
            list(&[json!({
                "metadata": {"uid": "u", "managedFields": [{"manager": "kubectl"}]},
            })]),
        )
    });
    let reader = Reader::new(&fake.link);
    let pods = reader
        .list_metadata::<Pod>(Selection::default())
        .await
        .unwrap();
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].uid.as_deref(), Some("u"));
    assert_eq!(pods[0].managed_fields, None);
    assert_eq!(*fake.asked.lock().unwrap(), ["/api/v1/pods?&limit=2000"]);
    let whole = always(200, pod_list(|_| ()));
    let pods = Reader::new(&whole.link)
        .list_metadata::<Pod>(Selection::default())
        .await;
    assert!(
        pods.unwrap_err()
            .to_string()
            .contains("not a PartialObjectMetadataList")
    );
}

#[tokio::test]
async fn a_log_is_whatever_the_container_wrote() {
    let refused = "dial tcp 10.0.0.1:443: connect: connection refused";
    let log = |text: Vec<u8>| async move {
        let fake = Fake::new(move |_| Answer::Bytes(text.clone()));
        let of = LogOf {
            container: "web".to_owned(),
            previous: false,
            about: None,
        };
        let log = Reader::new(&fake.link).log("shop", "web-1", &of).await;
        log.map(|log| {
            log.lines
                .into_iter()
                .map(|line| line.text)
                .collect::<Vec<_>>()
        })
    };
    let with = |before: &[u8]| [before, b"\n", refused.as_bytes()].concat();
    for (text, expected) in [
        (with(b""), vec![refused]),
        (with(b"\xff\xfe\0 binary"), vec![refused]),
        (Vec::new(), Vec::new()),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(log(text).await, Fact::Got(expected));
    }
    // A node that sends more than it was asked for.
    let endless = log(vec![b'x'; 1 << 20]).await;
    assert!(failure(endless).contains("larger than"));
}

#[tokio::test]
async fn a_log_that_is_not_there_is_absent_and_one_that_does_not_come_fails() {
    let of = LogOf {
        container: "web".to_owned(),
        previous: true,
        about: None,
    };
    let table = [
        (
            status(400, "previous terminated container \"web\" not found"),
            "absent",
        ),
        (absent("/api/v1/namespaces/shop/pods/web-1"), "absent"),
        (status(403, "pods \"web-1\" is forbidden"), "refused"),
        (status(500, "dial tcp: i/o timeout"), "failed"),
    ];
    for (answer, expected) in table {
        let code = answer["code"].as_u64().unwrap().try_into().unwrap();
        let fake = Fake::new(move |_| Answer::Json(code, answer.clone()));
        let fact = Reader::new(&fake.link).log("shop", "web-1", &of).await;
        let word = match fact {
            Fact::Absent => "absent",
            Fact::Refused(_) => "refused",
            Fact::Failed(_) => "failed",
            Fact::Got(_) | Fact::NotAsked => "neither",
        };
        assert_eq!((word, fake.requests()), (expected, 1));
    }
}

#[tokio::test]
async fn nodes_that_do_not_answer_keep_no_other_log_back() {
    let fake = Fake::new(|path| match path.contains("/pods/silent-") {
        true => Answer::Later(Duration::from_secs(60), json!({})),
        false => Answer::Text(200, ""),
    });
    let of = LogOf {
        container: "web".to_owned(),
        previous: false,
        about: None,
    };
    let reader = Reader::new(&fake.link);
    let names: Vec<_> = (0..50).map(|number| format!("silent-{number}")).collect();
    let silent = join_all(names.iter().map(|name| reader.log("shop", name, &of)));
    let (silent, well) = join(silent, reader.log("shop", "web-1", &of)).await;
    for log in silent {
        assert_eq!(failure(log), "no answer within 2s");
    }
    assert!(matches!(well, Fact::Got(_)), "{well:?}");
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_not_waited_for() {
    let fake = Fake::new(|_| Answer::Later(Duration::from_secs(60), json!({})));
    let of = LogOf {
        container: "web".to_owned(),
        previous: false,
        about: None,
    };
    let log = Reader::new(&fake.link).log("shop", "web-1", &of).await;
    assert_eq!(failure(log), "no answer within 2s");
}

#[test]
fn what_is_asked_first_about_one_object_waits_for_nothing() {
    for (kind, name) in [
        (Kind::Pod, "reviews-7749f65fb4-pmb9t"),
        (Kind::Deployment, "reviews"),
    ] {
        let question = Question::Named {
            namespace: "shop".to_owned(),
            objects: vec![(kind, name.to_owned())],
        };
        let reads = plan(&question, &Index::new(&Store::default())).len();
        let version = 1;
        assert!(reads + version <= AT_ONCE, "{name}: {reads} reads");
    }
}
