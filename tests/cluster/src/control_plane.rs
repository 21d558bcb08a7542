//! etcd, the API server and the controllers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::certificates::{Authority, Certificate, service_account_key};
use crate::kubelet::NODE_IP;
use crate::network::Inside;
use crate::process::{Daemon, program};
use crate::tools::Tools;

const ETCD_URL: &str = "http://127.0.0.1:2379";

/// The controllers that a scenario can see the work of. The one of namespaces is not among them: it deletes by the name of
/// a namespace, and so what was created in the next one of that name. [`crate::namespace`] takes its place.
const CONTROLLERS: &str = "serviceaccount-controller,serviceaccount-token-controller,root-ca-certificate-publisher-controller,\
garbage-collector-controller,resourcequota-controller,clusterrole-aggregation-controller,\
deployment-controller,replicaset-controller,replicationcontroller-controller,statefulset-controller,daemonset-controller,\
job-controller,cronjob-controller,disruption-controller,endpoints-controller,endpointslice-controller,\
endpointslice-mirroring-controller";

/// Who asked for what, without the bodies.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";

/// How an API server is started other than usual.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiServerSettings {
    /// Further flags.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Its environment, which is empty otherwise.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// What every part of the cluster is started with: the programs, the folder of this run and the certificates.
pub(crate) struct Site {
    pub(crate) tools: Tools,
    pub(crate) folder: PathBuf,
    authority: Authority,
    server: Certificate,
    admin: Certificate,
    service_accounts: Certificate,
}

impl Site {
    pub(crate) fn create(inside: &Inside) -> Result<Self> {
        let folder = inside.folder.clone();
        let authority = Authority::create(&folder)?;
        let names = [
            "127.0.0.1",
            "10.96.0.1",
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ];
        Ok(Self {
            tools: inside.tools.clone(),
            server: authority.server("kube-apiserver", &names)?,
            admin: authority.client("admin", "system:masters")?,
            service_accounts: service_account_key(&folder)?,
            authority,
            folder,
        })
    }

    /// A program of the control plane, run in the folder of this run.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = program(&self.tools.program(name));
        // kubectl and istioctl keep what they learned about an API server in the home folder.
        command.current_dir(&self.folder).env("HOME", &self.folder);
        command
    }

    /// Writes a kubeconfig for a user with a client certificate.
    pub(crate) fn kubeconfig_for(
        &self,
        name: &str,
        port: u16,
        client: &Certificate,
    ) -> Result<PathBuf> {
        let user = json!({"client-certificate": client.certificate, "client-key": client.key});
        self.kubeconfig(name, port, &user)
    }

    /// Writes a kubeconfig with these credentials.
    pub(crate) fn kubeconfig(&self, name: &str, port: u16, user: &Value) -> Result<PathBuf> {
        let path = self.folder.join(format!("{name}.kubeconfig"));
        let server = format!("https://127.0.0.1:{port}");
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority": self.authority.certificate()}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
            "current-context": "test",
        });
        fs::write(&path, config.to_string())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }

    /// A certificate for another server of these names and addresses.
    pub(crate) fn server(&self, file: &str, names: &[&str]) -> Result<Certificate> {
        self.authority.server(file, names)
    }

    /// A certificate of the mesh for a workload of this identity.
    pub(crate) fn workload(&self, file: &str, identity: &str) -> Result<Certificate> {
        self.authority.workload(file, identity)
    }

    /// The certificate of who signs all others.
    pub(crate) fn authority(&self) -> PathBuf {
        self.authority.certificate()
    }

    /// The certificate that the API servers prove themselves with.
    pub(crate) fn server_certificate(&self) -> &Certificate {
        &self.server
    }

    /// A certificate that makes its bearer this user of this group.
    pub(crate) fn client(&self, user: &str, group: &str) -> Result<Certificate> {
        self.authority.client(user, group)
    }
}

/// Starts etcd; what it keeps is in memory anyway, so it need not wait for a disk.
pub(crate) fn start_etcd(site: &Site) -> Result<Daemon> {
    let mut etcd = program(&site.tools.etcd());
    etcd.arg("--data-dir").arg(site.folder.join("etcd"));
    etcd.args([
        "--unsafe-no-fsync",
        "--listen-peer-urls=http://127.0.0.1:2380",
        // Tens of thousands of pods take more than the default of 2 GiB, with all their revisions of some minutes.
        "--quota-backend-bytes=8589934592",
    ]);
    etcd.arg(format!("--listen-client-urls={ETCD_URL}"));
    etcd.arg(format!("--advertise-client-urls={ETCD_URL}"));
    Daemon::start("etcd", &mut etcd, &site.folder)
}

/// Starts the controllers as clients of the API server on this port.
pub(crate) fn start_controller_manager(site: &Site, port: u16) -> Result<Daemon> {
    let identity = site.client(
        "system:kube-controller-manager",
        "system:kube-controller-manager",
    )?;
    let kubeconfig = site.kubeconfig_for("controller-manager", port, &identity)?;
    let mut manager = site.program("kube-controller-manager");
    manager.arg(format!("--kubeconfig={}", kubeconfig.display()));
    manager.arg(format!("--controllers={CONTROLLERS}"));
    manager.arg(format!(
        "--service-account-private-key-file={}",
        site.service_accounts.key.display()
    ));
    manager.arg(format!(
        "--root-ca-file={}",
        site.authority.certificate().display()
    ));
    manager.args(["--use-service-account-credentials", "--leader-elect=false"]);
    // The default, twenty requests a second, is made for bigger clusters with more patience.
    manager.args(["--kube-api-qps=500", "--kube-api-burst=1000"]);
    Daemon::start("kube-controller-manager", &mut manager, &site.folder)
}

/// A running API server. Several can serve the same etcd, which makes them one cluster.
pub(crate) struct ApiServer {
    pub(crate) api: Api,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) audit_log: PathBuf,
    /// Its command line as a static pod shows it.
    pub(crate) command: Vec<String>,
    pub(crate) settings: ApiServerSettings,
    pub(crate) port: u16,
    server: Daemon,
    _proxy: Daemon,
}

impl ApiServer {
    /// Where the first API server listens; a second one takes the next port.
    pub(crate) const FIRST_PORT: u16 = 6443;

    /// Starts an API server and a `kubectl proxy` to it, without waiting for them.
    pub(crate) fn start(site: &Site, port: u16, settings: ApiServerSettings) -> Result<Self> {
        let audit_log = site.folder.join(format!("audit-{port}.log"));
        let mut flags = flags(site, port, &audit_log)?;
        flags.extend(settings.flags.iter().cloned());
        let mut command = site.program("kube-apiserver");
        command.args(&flags).envs(&settings.env);
        let server = Daemon::start(
            &format!("kube-apiserver-{port}"),
            &mut command,
            &site.folder,
        )?;

        let kubeconfig = site.kubeconfig_for(&format!("admin-{port}"), port, &site.admin)?;
        let proxy_port = port + 1000;
        let mut proxy = site.program("kubectl");
        proxy.args(["proxy", "--port", &proxy_port.to_string(), "--kubeconfig"]);
        // The default refuses what would open a shell in a pod; nothing here is worth that protection.
        proxy.arg(&kubeconfig).arg("--reject-paths=^$");
        Ok(Self {
            api: Api::behind(proxy_port),
            kubeconfig,
            audit_log,
            command: std::iter::once("kube-apiserver".to_owned())
                .chain(flags)
                .collect(),
            settings,
            port,
            server,
            _proxy: Daemon::start(&format!("kubectl-proxy-{port}"), &mut proxy, &site.folder)?,
        })
    }

    /// Waits until it serves.
    pub(crate) fn await_ready(&mut self) -> Result<()> {
        let api = self.api;
        self.server.await_ready(|| api.is_ready())
    }
}

fn flags(site: &Site, port: u16, audit_log: &Path) -> Result<Vec<String>> {
    let policy = site.folder.join("audit-policy.yaml");
    fs::write(&policy, AUDIT_POLICY)?;
    let file = |flag: &str, path: &Path| format!("--{flag}={}", path.display());
    Ok(vec![
        format!("--etcd-servers={ETCD_URL}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--advertise-address={NODE_IP}"),
        format!("--secure-port={port}"),
        "--authorization-mode=RBAC".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        file("client-ca-file", &site.authority.certificate()),
        file("tls-cert-file", &site.server.certificate),
        file("tls-private-key-file", &site.server.key),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        file(
            "service-account-key-file",
            &site.service_accounts.certificate,
        ),
        file(
            "service-account-signing-key-file",
            &site.service_accounts.key,
        ),
        file("audit-policy-file", &policy),
        file("audit-log-path", audit_log),
    ])
}
