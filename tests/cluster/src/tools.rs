//! The programs of the cluster: built from pinned Go modules at the first use, Envoy fetched, and all kept in the user's
//! cache.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::envoy;

/// Names a folder with built programs, to be used as they are.
const FOLDER_VARIABLE: &str = "INJDOCTOR_CLUSTER_BIN";

/// The Kubernetes version of `go/kubernetes/go.mod`; a plain `go build` does not tell it to the programs.
pub(crate) const KUBERNETES_VERSION: &str = "v1.36.3";

const GO_MODULES: [GoModule; 2] = [
    GoModule {
        name: "kubernetes",
        files: [
            include_str!("../go/kubernetes/go.mod"),
            include_str!("../go/kubernetes/go.sum"),
        ],
        programs: &["kube-apiserver", "kube-controller-manager", "kubectl", ETCD],
    },
    GoModule {
        name: "istio",
        files: [
            include_str!("../go/istio/go.mod"),
            include_str!("../go/istio/go.sum"),
        ],
        programs: &["pilot-discovery", "pilot-agent", "istioctl"],
    },
];

/// What Go calls etcd's program.
const ETCD: &str = "server";

/// A Go module whose `tool` lines name programs of the control plane. Kubernetes and Istio pin different versions of
/// the same libraries, hence two modules.
struct GoModule {
    name: &'static str,
    files: [&'static str; 2],
    programs: &'static [&'static str],
}

/// The folder of the built programs.
#[derive(Clone, Debug)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// The programs from `INJDOCTOR_CLUSTER_BIN`, from the cache, or built now.
    pub(crate) fn provide() -> Result<Self> {
        let tools = match env::var_os(FOLDER_VARIABLE) {
            Some(folder) => Self {
                folder: std::path::absolute(folder)?,
            },
            None => Self {
                folder: cached_build()?,
            },
        };
        tools.complete()
    }

    /// Those of an earlier [`Tools::provide`] in this folder.
    pub(crate) fn of(folder: OsString) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The folder, to put on a `PATH`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn etcd(&self) -> PathBuf {
        self.program(ETCD)
    }

    fn complete(self) -> Result<Self> {
        let built = GO_MODULES.iter().flat_map(|module| module.programs);
        for name in built.chain(&envoy::FILES) {
            let path = self.program(name);
            if !path.is_file() {
                bail!("{} is missing", path.display());
            }
        }
        Ok(self)
    }
}

/// The folder in the user's cache where everything of the test cluster is kept.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME says where to keep the built programs")?;
    Ok(cache.join("injdoctor").join("cluster"))
}

fn cached_build() -> Result<PathBuf> {
    let cache = cache_folder()?;
    let folder = cache.join(build_id());
    fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    // Two test processes at once: the second one waits and finds what the first one built.
    let lock = File::create(cache.join("build.lock"))?;
    lock.lock()?;
    if !folder.exists() {
        let unfinished = folder.with_extension("unfinished");
        fs::create_dir_all(&unfinished)?;
        for module in &GO_MODULES {
            module.build(&unfinished)?;
        }
        envoy::provide(&unfinished)?;
        fs::rename(&unfinished, &folder)?;
    }
    Ok(folder)
}

/// Changes with anything that changes the programs.
fn build_id() -> String {
    let mut hasher = DefaultHasher::new();
    for module in &GO_MODULES {
        module.files.hash(&mut hasher);
    }
    build_flags().hash(&mut hasher);
    envoy::REQUIREMENT.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Without their version compiled in, clients refuse each other.
fn build_flags() -> [String; 4] {
    let mut version = KUBERNETES_VERSION.trim_start_matches('v').split('.');
    let (major, minor) = (version.next().unwrap_or(""), version.next().unwrap_or(""));
    let variable = "-X k8s.io/component-base/version";
    [
        "-tags".to_owned(),
        "vtprotobuf,disable_pgv".to_owned(),
        "-ldflags".to_owned(),
        format!(
            "-s -w {variable}.gitVersion={KUBERNETES_VERSION} {variable}.gitMajor={major} {variable}.gitMinor={minor}"
        ),
    ]
}

/// The folder of a pinned Go module.
pub(crate) fn go_module(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("go").join(name)
}

impl GoModule {
    fn build(&self, folder: &Path) -> Result<()> {
        let mut build = Command::new("go")
            .args(["build", "-v", "-mod=readonly"])
            .args(build_flags())
            // The trailing slash says that this is a folder for several programs.
            .arg("-o")
            .arg(folder.join(""))
            .arg("tool")
            .current_dir(go_module(self.name))
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| {
                format!(
                    "cannot run go: the test cluster is built from source with Go 1.26 or newer. Install it (https://go.dev), \
                     or name a folder with the built programs in {FOLDER_VARIABLE}, or set {}=1 to leave these tests out",
                    crate::SKIP_VARIABLE
                )
            })?;
        let progress = Progress::start(self);
        let mut messages = Vec::new();
        if let Some(stderr) = build.stderr.take() {
            for line in BufReader::new(stderr).lines() {
                let line = line?;
                progress.show(&line);
                messages.push(line);
            }
        }
        if !build.wait()?.success() {
            let last: Vec<_> = messages.iter().rev().take(20).rev().cloned().collect();
            bail!("go build of {} failed:\n{}", self.name, last.join("\n"));
        }
        Ok(())
    }
}

/// Shows that a build goes on: a spinner on a terminal, a line at the start elsewhere.
struct Progress(ProgressBar);

impl Progress {
    fn start(module: &GoModule) -> Self {
        let what = format!(
            "building {} for the test cluster",
            module.programs.join(", ")
        );
        let bar = ProgressBar::new_spinner().with_prefix(what.clone());
        if bar.is_hidden() {
            crate::tell(&format!("{what} (once, takes minutes)"));
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} ({elapsed}) {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    fn show(&self, line: &str) {
        self.0.set_message(line.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
