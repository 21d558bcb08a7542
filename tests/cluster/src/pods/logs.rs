//! The logs of containers, served at the node's port, where the API server asks for them. `follow` is not known.
//! Kubernetes 1.36: `getContainerLogs` in `pkg/kubelet/server/server.go`, `validateContainerLogStatus` in
//! `pkg/kubelet/kubelet_pods.go`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::api::Api;
use crate::control_plane::Site;
use crate::fault_proxy::acceptor;
use crate::json::{list, text};
use crate::kubelet::{NODE, NODE_IP};

/// The length of `2026-11-27T08:00:00.000000001Z`.
const STAMP: usize = 30;

/// Where a kubelet listens.
pub(crate) const PORT: u16 = 10250;

/// The folder of a pod that runs; its logs are in `logs/CONTAINER/RESTARTS.log`.
pub(super) fn folder(site: &Site, pod: &Value) -> PathBuf {
    folders(site).join(text(pod, "/metadata/uid"))
}

fn folders(site: &Site) -> PathBuf {
    site.folder.join("pods")
}

/// The folder of the logs of one of its containers.
pub(crate) fn of_container(site: &Site, pod: &Value, container: &str) -> PathBuf {
    folder(site, pod).join("logs").join(container)
}

/// The folders of the logs of all containers of this name that run or ran.
pub(crate) fn of_all(site: &Site, container: &str) -> io::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folders(site))? {
        let logs = entry?.path().join("logs").join(container);
        all.extend(logs.is_dir().then_some(logs));
    }
    Ok(all)
}

/// Serves the logs from now on.
pub(crate) fn serve(api: Api, site: &Arc<Site>) -> Result<()> {
    let certificate = site.server("kubelet", &[NODE, &NODE_IP.to_string()])?;
    let acceptor = acceptor(&certificate, b"http/1.1")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let address = SocketAddr::from((NODE_IP, PORT));
    let listener = runtime
        .block_on(TcpListener::bind(address))
        .with_context(|| format!("cannot listen at {address}"))?;
    let site = Arc::clone(site);
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                let (acceptor, site) = (acceptor.clone(), Arc::clone(&site));
                tokio::spawn(async move {
                    // Whoever ends a connection has its reasons.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let io = TokioIo::new(stream);
                        let service = service_fn(|request| {
                            let response = respond(api, &site, &request);
                            async { Ok::<_, Infallible>(response) }
                        });
                        // A node that falls silent has no connection left that still answers.
                        let mut connection = http1::Builder::new();
                        let connection = connection.keep_alive(false);
                        let _ = connection.serve_connection(io, service).await;
                    }
                });
            }
        });
    });
    Ok(())
}

fn respond(api: Api, site: &Site, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let path: Vec<_> = request
        .uri()
        .path()
        .trim_start_matches('/')
        .split('/')
        .collect();
    let options = options(request.uri().query().unwrap_or_default());
    let answer = match path.as_slice() {
        ["containerLogs", namespace, pod, container] => {
            let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}");
            api.get(&path)
                .map_err(|error| error.to_string())
                .and_then(|pod| log(site, &pod, container, &options))
        }
        _ => Err("404 page not found".to_owned()),
    };
    let (status, body) = match answer {
        Ok(log) => (StatusCode::OK, log),
        Err(words) => (StatusCode::BAD_REQUEST, words.into_bytes()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}

/// What a request asks for, by name.
type Options<'a> = BTreeMap<&'a str, &'a str>;

fn options(query: &str) -> Options<'_> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect()
}

fn log(
    site: &Site,
    pod: &Value,
    container: &str,
    options: &Options<'_>,
) -> Result<Vec<u8>, String> {
    let previous = options.get("previous") == Some(&"true");
    check(pod, container, previous)?;
    let logs = of_container(site, pod, container);
    match file(&logs, previous).map(fs::read) {
        Some(Ok(log)) => Ok(cut(&log, options)),
        // Nothing runs in the pods that are only reported as running.
        _ => Ok(Vec::new()),
    }
}

/// The log of the last run, or of the one before.
fn file(logs: &Path, previous: bool) -> Option<PathBuf> {
    let runs = fs::read_dir(logs).ok()?.filter_map(|entry| {
        let path = entry.ok()?.path();
        path.file_stem()?.to_str()?.parse::<u32>().ok()
    });
    let last = runs.max()?;
    let run = if previous { last.checked_sub(1)? } else { last };
    Some(logs.join(format!("{run}.log")))
}

/// Why there is no log, with the kubelet's words.
fn check(pod: &Value, container: &str, previous: bool) -> Result<(), String> {
    let name = text(pod, "/metadata/name");
    let status = [
        "containerStatuses",
        "initContainerStatuses",
        "ephemeralContainerStatuses",
    ]
    .iter()
    .flat_map(|field| list(pod, &format!("/status/{field}")))
    .find(|status| text(status, "/name") == container)
    .ok_or_else(|| format!("container \"{container}\" in pod \"{name}\" is not available"))?;
    let ended_before = status.pointer("/lastState/terminated").is_some();
    if previous {
        return if ended_before {
            Ok(())
        } else {
            Err(format!(
                "previous terminated container \"{container}\" in pod \"{name}\" not found"
            ))
        };
    }
    if status.pointer("/state/waiting").is_none() || ended_before {
        return Ok(());
    }
    let reason = match text(status, "/state/waiting/reason") {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        reason => reason,
    };
    Err(format!(
        "container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"
    ))
}

/// The part of a log that is asked for.
fn cut(log: &[u8], options: &Options<'_>) -> Vec<u8> {
    let number = |name: &str| options.get(name)?.parse::<usize>().ok();
    let since = number("sinceSeconds").and_then(|seconds| {
        let seconds = Duration::from_secs(u64::try_from(seconds).ok()?);
        Timestamp::now().checked_sub(seconds).ok()
    });
    let lines: Vec<&[u8]> = log
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| since.is_none_or(|since| time(line).is_none_or(|time| time >= since)))
        .collect();
    let tail = number("tailLines").unwrap_or(lines.len());
    let lines = lines.iter().skip(lines.len().saturating_sub(tail));
    let shown: Vec<u8> = match options.get("timestamps") {
        Some(&"true") => lines.flat_map(|line| stamped(line)).collect(),
        _ => lines
            .flat_map(|line| split(line).map_or(*line, |(_, text)| text))
            .copied()
            .collect(),
    };
    let limit = number("limitBytes").unwrap_or(shown.len());
    shown.into_iter().take(limit).collect()
}

/// A line with its time before it, as the kubelet gives it.
fn stamped(line: &[u8]) -> Vec<u8> {
    match (split(line), time(line)) {
        (None, Some(time)) => [format!("{time:.9} ").as_bytes(), line].concat(),
        _ => line.to_vec(),
    }
}

/// The time of a line, and the line. Those of istiod have none but their own.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (time, text) = line.split_at_checked(STAMP)?;
    let text = text.strip_prefix(b" ")?;
    time.ends_with(b"Z").then_some((time, text))
}

/// When a line was written, as it says itself or as was seen.
fn time(line: &[u8]) -> Option<Timestamp> {
    let mut words = line.split(u8::is_ascii_whitespace);
    std::str::from_utf8(words.next()?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = b"2026-11-27T08:00:00.000000001Z one\n2026-11-27T08:00:01.000000002Z two 2\n2026-11-27T08:00:02.000000003Z three\n";

    #[test]
    fn lines_of_istiod_say_their_time_themselves() {
        let line = b"2026-11-27T08:00:00.000001Z\tinfo\tmodel\treloading network gateways\n";
        let asked = options("timestamps=true");
        let stamped = [b"2026-11-27T08:00:00.000001000Z ", &line[..]].concat();
        assert_eq!(cut(line, &asked), stamped);
        assert_eq!(cut(line, &options("")), line);
        assert!(cut(line, &options("sinceSeconds=1")).is_empty());
    }

    #[test]
    fn a_part_of_a_log_is_what_was_asked_for() {
        let cases = [
            ("", "one\ntwo 2\nthree\n"),
            ("tailLines=1", "three\n"),
            ("tailLines=2&limitBytes=5", "two 2"),
            (
                "tailLines=1&timestamps=true",
                "2026-11-27T08:00:02.000000003Z three\n",
            ),
            ("sinceSeconds=1&tailLines=9", ""),
            ("tailLines=0", ""),
        ];
        for (query, expected) in cases {
            let shown = cut(LOG, &options(query));
            assert_eq!(String::from_utf8_lossy(&shown), expected, "{query}");
        }
    }
}
