//! The running cluster.

use std::env;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;

use crate::api::Api;
use crate::control_plane::{
    ApiServer, ApiServerSettings, Site, start_controller_manager, start_etcd,
};
use crate::dns;
use crate::firewall::{self, Dropped, Firewall};
use crate::istio;
use crate::kube_proxy::KubeProxy;
use crate::kubelet::{self, NODE, NODE_IP, Node};
use crate::network::Inside;
use crate::other_webhook;
use crate::pods::logs;
use crate::process::Daemon;
use crate::scenario::Pods;
use crate::scheduler;
use crate::snapshot::Snapshot;
use crate::wait::wait_for;

/// A Kubernetes cluster with Istio that works.
pub struct Cluster {
    site: Arc<Site>,
    first: ApiServer,
    /// Started for a scenario that needs other settings; clients use it instead of the first.
    second: Option<ApiServer>,
    kube_proxy: KubeProxy,
    node: Node,
    /// What of the node does not answer.
    silence: Firewall,
    snapshot: Snapshot,
    _etcd: Daemon,
    /// Nothing but the moment between two of them.
    controller_manager: Option<Daemon>,
}

impl Cluster {
    /// Starts everything, in a network of its own that this thread moves into,
    /// and waits until both control planes inject.
    pub fn start(inside: &Inside) -> Result<Self> {
        inside.use_own_network()?;
        let site = Arc::new(Site::create(inside)?);
        let rendering = thread::spawn({
            let site = Arc::clone(&site);
            move || istio::render(&site)
        });
        let etcd = start_etcd(&site)?;
        let mut server =
            ApiServer::start(&site, ApiServer::FIRST_PORT, ApiServerSettings::default())?;
        server.await_ready()?;
        let api = server.api;
        let kube_proxy = KubeProxy::start(api);
        dns::start(api)?;
        let node = kubelet::start(api, Arc::clone(&site))?;
        scheduler::start(api);
        other_webhook::start(&site)?;

        let mut cluster = Self {
            site,
            first: server,
            second: None,
            kube_proxy,
            node,
            silence: Firewall::default(),
            snapshot: Snapshot::default(),
            _etcd: etcd,
            controller_manager: None,
        };
        cluster.use_api_server()?;
        let manifests = rendering
            .join()
            .map_err(|_| anyhow!("rendering Istio's manifests panicked"))??;
        cluster.kubectl(&["create", "namespace", "istio-system"])?;
        cluster.install(&manifests)?;
        let tag = cluster.run(cluster.command("istioctl").args(istio::GENERATE_TAG))?;
        cluster.install(&tag)?;
        istio::await_ready(api)?;
        cluster.snapshot = Snapshot::take(api)?;
        Ok(cluster)
    }

    /// The API server that clients use at the moment.
    pub fn api(&self) -> Api {
        self.current().api
    }

    /// The administrator's kubeconfig for that API server. Its context is named `test`.
    pub fn kubeconfig(&self) -> &Path {
        &self.current().kubeconfig
    }

    /// Where that API server writes down who asked for what: an audit event of level Metadata per line.
    pub fn audit_log(&self) -> &Path {
        &self.current().audit_log
    }

    /// The caBundle of webhooks that call the one of another vendor at [`OTHER_WEBHOOK`](crate::OTHER_WEBHOOK).
    ///
    /// # Errors
    /// Where the certificate cannot be read.
    pub fn other_ca_bundle(&self) -> Result<String> {
        other_webhook::ca_bundle(&self.site)
    }

    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// A kubeconfig for a user who may do what RBAC objects grant to that name or group.
    pub fn kubeconfig_for(&self, user: &str, group: &str) -> Result<PathBuf> {
        let client = self.site.client(user, group)?;
        self.site
            .kubeconfig_for(&user.replace([':', '/'], "-"), self.current().port, &client)
    }

    /// A command with `KUBECONFIG` set and all programs on its `PATH`.
    pub fn command(&self, program: &str) -> Command {
        let mut folders = vec![self.site.tools.folder().to_owned()];
        // injdoctor is built into the same folder as what runs this; tests are in a folder below.
        if let Ok(exe) = env::current_exe() {
            folders.extend(exe.ancestors().skip(1).take(2).map(Path::to_owned));
        }
        folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
        let mut command = Command::new(program);
        if let Ok(path) = env::join_paths(&folders) {
            command.env("PATH", path);
        }
        command.env("KUBECONFIG", self.kubeconfig());
        command.env("KUBECACHEDIR", self.site.folder.join("kubectl-cache"));
        command.current_dir(&self.site.folder);
        command
    }

    /// Runs kubectl and returns what it prints.
    pub fn kubectl(&self, args: &[&str]) -> Result<String> {
        self.run(self.command("kubectl").args(args))
    }

    /// Applies manifests.
    pub fn apply(&self, manifests: &str) -> Result<()> {
        self.feed(&["apply", "-f", "-"], manifests)
    }

    /// Applies manifests as an installer does.
    fn install(&self, manifests: &str) -> Result<()> {
        self.feed(
            &["apply", "--server-side", "--force-conflicts", "-f", "-"],
            manifests,
        )
    }

    /// Runs kubectl with manifests as its input.
    fn feed(&self, args: &[&str], manifests: &str) -> Result<()> {
        let mut command = self.command("kubectl");
        command.args(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run kubectl")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(manifests.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "kubectl {}: {stderr}",
            args.join(" ")
        );
        Ok(())
    }

    /// Runs a command and returns what it prints.
    pub(crate) fn run(&self, command: &mut Command) -> Result<String> {
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {command:?}"))?;
        ensure!(
            output.status.success(),
            "{:?} ended with {}:\n{}{}",
            command.get_args().collect::<Vec<_>>(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Waits until the one pod of a Deployment is available.
    pub fn await_pod_of(&self, namespace: &str, deployment: &str) -> Result<()> {
        let path = format!("/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}");
        wait_for(&format!("the pod of {deployment} to be available"), || {
            let deployment = self.api().get(&path)?;
            let status = deployment.get("status").unwrap_or_default();
            ensure!(
                status.get("availableReplicas") == Some(&json!(1)),
                "the status is {status}"
            );
            Ok(())
        })
    }

    /// Cuts the connections through services. The API server keeps one to each webhook open and would go on using it
    /// whatever becomes of the service.
    pub fn cut_connections(&self) {
        self.kube_proxy.cut_connections();
    }

    /// From now on resets connections through services, as something on their way does, or lets them pass again.
    pub fn reset_connections(&self, resets: bool) {
        self.kube_proxy.reset_connections(resets);
    }

    /// From now on new pods really run in this way, or are only reported as running.
    pub(crate) fn run_pods(&mut self, pods: Option<Pods>) {
        let is_silent = pods.as_ref().is_some_and(|pods| pods.silent);
        let port = Dropped::To(SocketAddr::from((NODE_IP, logs::PORT)));
        self.silence
            .drop_only(is_silent.then_some(port).into_iter().collect());
        self.node.run_pods(self.first.api, pods);
    }

    /// From now on clients use an API server with these settings: another one, in front of the same objects.
    pub fn restart_api_server(&mut self, settings: ApiServerSettings) -> Result<()> {
        self.second = None;
        let mut server = ApiServer::start(&self.site, ApiServer::FIRST_PORT + 1, settings)?;
        server.await_ready()?;
        self.second = Some(server);
        self.use_api_server()
    }

    /// Makes what there is now the state that [`Self::restore`] leads back to.
    pub fn keep(&mut self) -> Result<()> {
        self.snapshot = Snapshot::take(self.first.api)?;
        Ok(())
    }

    /// Puts everything back to how it was at the start.
    pub fn restore(&mut self) -> Result<()> {
        self.reset_connections(false);
        if self.second.take().is_some() {
            self.use_api_server()?;
        }
        firewall::forget_scenario();
        let api = self.first.api;
        self.run_pods(None);
        let restored = self.snapshot.restore(api)?;
        if restored.iter().any(|path| istio::is_read_at_startup(path)) {
            istio::restart(api)?;
        }
        istio::await_ready(api).context("the cluster does not work again after a scenario")?;
        self.snapshot.await_root(api)
    }

    /// Makes the controllers clients of the current API server and shows its settings.
    fn use_api_server(&mut self) -> Result<()> {
        self.start_controllers()?;
        self.show_api_server()
    }

    /// Does something while no controller runs: nothing follows from what is created or deleted meanwhile.
    pub fn without_controllers<T>(&mut self, work: impl FnOnce(Api) -> Result<T>) -> Result<T> {
        self.controller_manager = None;
        let outcome = work(self.api());
        self.start_controllers()?;
        outcome
    }

    fn start_controllers(&mut self) -> Result<()> {
        // At no time there are two.
        self.controller_manager = None;
        let manager = start_controller_manager(&self.site, self.current().port)?;
        self.controller_manager = Some(manager);
        Ok(())
    }

    fn current(&self) -> &ApiServer {
        self.second.as_ref().unwrap_or(&self.first)
    }

    /// Shows the API server's flags and environment as a static pod, which is how kubeadm runs it.
    fn show_api_server(&self) -> Result<()> {
        let server = self.current();
        let env: Vec<_> = server
            .settings
            .env
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": format!("kube-apiserver-{NODE}"),
                "namespace": "kube-system",
                "labels": {"component": "kube-apiserver", "tier": "control-plane"},
                "annotations": {
                    "kubernetes.io/config.source": "file",
                    "kubernetes.io/config.hash": "0123456789abcdef",
                    "kubernetes.io/config.mirror": "0123456789abcdef",
                },
            },
            "spec": {
                "nodeName": NODE,
                "hostNetwork": true,
                "priorityClassName": "system-node-critical",
                "containers": [{
                    "name": "kube-apiserver",
                    "image": format!("kube-apiserver:{}", crate::tools::KUBERNETES_VERSION),
                    "command": server.command,
                    "env": env,
                }],
            },
        });
        let pods = "/api/v1/namespaces/kube-system/pods";
        let api = self.first.api;
        // A scenario may have shown it in another way.
        api.delete(
            &format!("{pods}?labelSelector=component=kube-apiserver"),
            &json!({"gracePeriodSeconds": 0}),
        )?;
        api.create(pods, &pod)
            .map(drop)
            .context("cannot show the API server's pod")
    }
}
