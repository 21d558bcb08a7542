//! The process of an istiod pod: what the pod's container says, listening on the pod's address.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::control_plane::{ApiServer, Site};
use crate::json::{list, text};
use crate::pods::events::Events;
use crate::pods::{logs, probes};
use crate::process::Daemon;

/// The name of istiod's container.
pub(crate) const CONTAINER: &str = "discovery";

/// Envoy as its Python package has it lacks the filters that Istio adds, so istiod sends none of them.
const WITHOUT_ISTIO_FILTERS: [(&str, &str); 2] = [
    ("PILOT_ENABLE_METADATA_EXCHANGE", "false"),
    ("PILOT_ENABLE_ALPN_FILTER", "false"),
];

const POLL_PERIOD: Duration = Duration::from_millis(50);
const RESTART_DELAY: Duration = Duration::from_secs(2);

/// How long the readiness probe of istiod's chart waits for an answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// How the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// Its containers are not created, as a volume is missing.
    Waiting,
    /// It runs, but is not ready.
    Starting,
    /// It passes its readiness probe.
    Ready,
    /// It has ended by itself and will be started again.
    Crashed {
        /// Its exit code.
        exit_code: i32,
        /// How often that has happened.
        times: u32,
    },
}

/// A running istiod; it ends with this value.
pub(crate) struct Istiod {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Istiod {
    /// Whether this is a pod of istiod.
    pub(crate) fn is_in(pod: &Value) -> bool {
        container(pod)
            .is_some_and(|container| list(container, "/args").first() == Some(&json!(CONTAINER)))
    }

    /// Runs the process of this pod, again and again if it crashes, and reports how it is.
    pub(crate) fn start(
        api: Api,
        site: Arc<Site>,
        pod: &Value,
        ip: Ipv4Addr,
        report: impl Fn(Health) -> Result<(), ApiError> + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::default());
        let run = Run {
            api,
            site,
            pod: pod.clone(),
            ip,
            stop: Arc::clone(&stop),
        };
        let thread = thread::spawn(move || run.keep_running(report));
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Istiod {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread of a process knows.
struct Run {
    api: Api,
    site: Arc<Site>,
    pod: Value,
    ip: Ipv4Addr,
    stop: Arc<AtomicBool>,
}

impl Run {
    fn keep_running(&self, report: impl Fn(Health) -> Result<(), ApiError>) {
        let mut times = 0;
        while !self.stopped() {
            // Without its volumes or its service account a pod waits for them, as on a node.
            if let Ok(mut process) = self.start_process(times) {
                let exit_code = self.watch_over(&mut process, &report);
                if self.stopped() {
                    return;
                }
                times += 1;
                let _ = report(Health::Crashed { exit_code, times });
            }
            let ended = Instant::now();
            while !self.stopped() && ended.elapsed() < RESTART_DELAY {
                thread::sleep(POLL_PERIOD);
            }
        }
    }

    /// Reports changes of readiness until the process ends or is to be stopped.
    fn watch_over(
        &self,
        process: &mut Daemon,
        report: &impl Fn(Health) -> Result<(), ApiError>,
    ) -> i32 {
        let probe = SocketAddr::from((self.ip, 8080));
        let mut events = Events::of(self.api, &self.pod);
        let (mut known, mut failures) = (None, 0);
        while !self.stopped() {
            if let Some(status) = process.exited() {
                return status.code().unwrap_or(137);
            }
            let outcome = probes::get(probe, "/ready", PROBE_TIMEOUT);
            let is_ok = outcome.is_ok();
            failures = if is_ok { 0 } else { failures + 1 };
            let was_ready = known == Some(Health::Ready);
            // What a process says that only starts is left out, as nobody asks for it.
            if let (Err(words), true) = (outcome, was_ready) {
                let message = format!("Readiness probe failed: {words}");
                events.warning("spec.containers{discovery}", "Unhealthy", &message);
            }
            let stays_ready = was_ready && failures < self.failure_threshold();
            let health = if is_ok || stays_ready {
                Health::Ready
            } else {
                Health::Starting
            };
            if known != Some(health) && report(health).is_ok() {
                known = Some(health);
            }
            thread::sleep(POLL_PERIOD);
        }
        0
    }

    /// How often in a row the probe fails until the pod is ready no more.
    fn failure_threshold(&self) -> u64 {
        let probe = container(&self.pod).and_then(|container| container.get("readinessProbe"));
        probe.map_or(3, |probe| probes::number(probe, "failureThreshold", 3))
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn start_process(&self, restarts: u32) -> Result<Daemon> {
        let container = container(&self.pod).context("not a pod of istiod")?;
        let root = self.root()?;
        self.write_volumes(container, &root)?;
        let mut command = self.site.program("pilot-discovery");
        // istiod looks for its mounted files below the folder it runs in.
        command.current_dir(&root);
        command.envs(WITHOUT_ISTIO_FILTERS);
        for variable in list(container, "/env") {
            self.set_variable(&mut command, variable);
        }
        command.args(list(container, "/args").iter().filter_map(Value::as_str));
        command.arg(format!("--kubeconfig={}", self.kubeconfig()?.display()));
        // All istiods share this machine's ports, so each listens on its pod's address only.
        let listeners = [
            ("http", 8080),
            ("https", 15017),
            ("grpc", 15010),
            ("secureGRPC", 15012),
            ("monitoring", 15014),
        ];
        command.args(listeners.map(|(name, port)| format!("--{name}Addr={}:{port}", self.ip)));
        command.arg("--ctrlz_port=0");
        let logs = logs::of_container(&self.site, &self.pod, CONTAINER);
        fs::create_dir_all(&logs)?;
        Daemon::start(&restarts.to_string(), &mut command, &logs)
    }

    /// The folder that stands for the container's file system, empty at every start.
    fn root(&self) -> Result<PathBuf> {
        let root = self
            .site
            .folder
            .join("pods")
            .join(text(&self.pod, "/metadata/name"));
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        Ok(root)
    }

    /// Writes the mounted Secrets and ConfigMaps. A kubelet would also follow their changes, up to a minute later.
    fn write_volumes(&self, container: &Value, root: &Path) -> Result<()> {
        for mount in list(container, "/volumeMounts") {
            let volume = list(&self.pod, "/spec/volumes")
                .iter()
                .find(|volume| text(volume, "/name") == text(mount, "/name"));
            let folder = root.join(text(mount, "/mountPath").trim_start_matches('/'));
            let files = volume.map(|volume| self.files_of(volume)).transpose()?;
            for (name, content) in files.into_iter().flatten() {
                fs::create_dir_all(&folder)?;
                fs::write(folder.join(name), content)?;
            }
        }
        Ok(())
    }

    fn files_of(&self, volume: &Value) -> Result<Vec<(String, Vec<u8>)>> {
        let (kind, source, name) = match (volume.get("secret"), volume.get("configMap")) {
            (Some(secret), _) => ("secrets", secret, text(secret, "/secretName")),
            (_, Some(map)) => ("configmaps", map, text(map, "/name")),
            _ => return Ok(Vec::new()),
        };
        let namespace = text(&self.pod, "/metadata/namespace");
        let object = match self
            .api
            .get(&format!("/api/v1/namespaces/{namespace}/{kind}/{name}"))
        {
            Err(error) if error.is_not_found() && source.get("optional") == Some(&json!(true)) => {
                return Ok(Vec::new());
            }
            object => object?,
        };
        let data = object.get("data").and_then(Value::as_object);
        data.into_iter()
            .flatten()
            .map(|(name, content)| {
                let content = content.as_str().unwrap_or_default();
                let content = match kind {
                    "secrets" => BASE64_STANDARD.decode(content)?,
                    _ => content.as_bytes().to_vec(),
                };
                Ok((name.clone(), content))
            })
            .collect()
    }

    fn set_variable(&self, command: &mut Command, variable: &Value) {
        let field = match text(variable, "/valueFrom/fieldRef/fieldPath") {
            "" => text(variable, "/value"),
            path => text(&self.pod, &format!("/{}", path.replace('.', "/"))),
        };
        // The size of a container's share of the machine does not matter here, and KUBECONFIG is for remote clusters.
        if variable.pointer("/valueFrom/resourceFieldRef").is_none()
            && text(variable, "/name") != "KUBECONFIG"
        {
            command.env(text(variable, "/name"), field);
        }
    }

    /// A kubeconfig with a token of the pod's own service account, so that its permissions count.
    fn kubeconfig(&self) -> Result<PathBuf> {
        let namespace = text(&self.pod, "/metadata/namespace");
        let account = text(&self.pod, "/spec/serviceAccountName");
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 86400},
        });
        let answer = self.api.create(&path, &request)?;
        let user = json!({"token": text(&answer, "/status/token")});
        self.site.kubeconfig(
            text(&self.pod, "/metadata/name"),
            ApiServer::FIRST_PORT,
            &user,
        )
    }
}

fn container(pod: &Value) -> Option<&Value> {
    list(pod, "/spec/containers")
        .iter()
        .find(|container| text(container, "/name") == CONTAINER)
}
