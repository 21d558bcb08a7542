//! The mutating webhook of another vendor, which answers. Its address is outside of the pods' and the Services' ranges,
//! so that a URL leads to it as well as a Service with an EndpointSlice of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::thread;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::certificates::Certificate;
use crate::control_plane::Site;
use crate::fault_proxy::acceptor;
use crate::json::list;

/// Where it listens.
pub const ADDRESS: &str = "172.18.0.9:8443";

/// Where it answers with a certificate of the mesh, as behind a sidecar.
const MESHED: &str = "172.18.0.9:8444";

/// Its identity there.
const IDENTITY: &str = "spiffe://cluster.local/ns/policy/sa/default";

/// The names under which it is called.
const NAMES: [&str; 2] = ["172.18.0.9", "secrets-injector.policy.svc"];

/// Starts it; it ends with the program.
pub(crate) fn start(site: &Site) -> Result<()> {
    serve(ADDRESS, &site.server("other-webhook", &NAMES)?)?;
    serve(MESHED, &site.workload("meshed-webhook", IDENTITY)?)
}

/// Answers at an address, with a certificate.
fn serve(address: &str, certificate: &Certificate) -> Result<()> {
    let acceptor = acceptor(certificate, b"http/1.1")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let address: SocketAddr = address.parse()?;
    let listener = runtime
        .block_on(TcpListener::bind(address))
        .with_context(|| format!("cannot listen at {address}"))?;
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever ends a connection has its reasons.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let io = TokioIo::new(stream);
                        let connection = http1::Builder::new();
                        let _ = connection.serve_connection(io, service_fn(answer)).await;
                    }
                });
            }
        });
    });
    Ok(())
}

/// The certificate of who signed its own, as a webhook's caBundle has it.
pub(crate) fn ca_bundle(site: &Site) -> Result<String> {
    let certificate = std::fs::read(site.authority())?;
    Ok(BASE64_STANDARD.encode(certificate))
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let review: Value = serde_json::from_slice(&body).unwrap_or_default();
    let uid = review.pointer("/request/uid");
    let response = match path.as_str() {
        "/deny" => {
            let status = json!({"code": 403, "message": "the other vendor denies it"});
            json!({"uid": uid, "allowed": false, "status": status})
        }
        "/opt-in" => labelled(&review, "true"),
        "/opt-out" => labelled(&review, "false"),
        "/strip-native" => without_native_sidecars(&review),
        "/init-container" => with_init_container(&review),
        "/first-container" => with_first_mount(&review),
        _ => json!({"uid": uid, "allowed": true}),
    };
    let version = match path.as_str() {
        // As injectors do that are older than v1: up to Istio 1.4.
        "/inject/old" => "admission.k8s.io/v1beta1",
        _ => "admission.k8s.io/v1",
    };
    let answer = json!({"apiVersion": version, "kind": "AdmissionReview", "response": response});
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

/// The answer that gives the pod the label by which it asks for injection, or opts out.
fn labelled(review: &Value, value: &str) -> Value {
    let mut patch = Vec::new();
    if review.pointer("/request/object/metadata/labels").is_none() {
        patch.push(json!({"op": "add", "path": "/metadata/labels", "value": {}}));
    }
    let path = "/metadata/labels/sidecar.istio.io~1inject";
    patch.push(json!({"op": "add", "path": path, "value": value}));
    patched(review, &patch)
}

/// The answer of a webhook whose library does not know the restartPolicy of init containers.
fn without_native_sidecars(review: &Value) -> Value {
    let containers = list(review, "/request/object/spec/initContainers");
    let native = containers
        .iter()
        .enumerate()
        .filter(|(_, container)| container.get("restartPolicy").is_some());
    let patch: Vec<_> = native
        .map(|(at, _)| json!({"op": "remove", "path": format!("/spec/initContainers/{at}/restartPolicy")}))
        .collect();
    patched(review, &patch)
}

/// The answer that gives the pod an init container which fetches something over the network, as the last of them.
fn with_init_container(review: &Value) -> Value {
    let fetch = "exec 3<>/dev/tcp/istiod.istio-system/15010";
    let container =
        json!({"name": "fetch-secrets", "image": "secrets:1", "command": ["bash", "-ec", fetch]});
    let patch = match list(review, "/request/object/spec/initContainers") {
        [] => json!({"op": "add", "path": "/spec/initContainers", "value": [container]}),
        _ => json!({"op": "add", "path": "/spec/initContainers/-", "value": container}),
    };
    patched(review, &[patch])
}

/// The answer that mounts a volume into the container that it takes for the application's, by its number.
fn with_first_mount(review: &Value) -> Value {
    let volume = json!({"name": "secrets", "emptyDir": {}});
    let mount = json!({"name": "secrets", "mountPath": "/secrets"});
    // The API server has mounted a token into each container before.
    let patch = [
        json!({"op": "add", "path": "/spec/volumes/-", "value": volume}),
        json!({"op": "add", "path": "/spec/containers/0/volumeMounts/-", "value": mount}),
    ];
    patched(review, &patch)
}

fn patched(review: &Value, patch: &[Value]) -> Value {
    let patch = BASE64_STANDARD.encode(json!(patch).to_string());
    json!({"uid": review.pointer("/request/uid"), "allowed": true, "patchType": "JSONPatch", "patch": patch})
}
