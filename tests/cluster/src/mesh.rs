//! A mesh as large as real ones are, made in a minute: every Deployment, ReplicaSet and pod is the copy of a real one,
//! written as it is. Half of the namespaces are injected.

mod pattern;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testcluster::{Api, Cluster, wait_for};

use pattern::Pattern;

const PODS_PER_DEPLOYMENT: usize = 10;
const PODS_PER_NAMESPACE: usize = 50;

/// How many requests are under way at once.
const WORKERS: usize = 16;

/// What the pods of a mesh belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owners {
    /// Deployments of ten pods each.
    Deployments,
    /// Nothing.
    None,
}

/// The namespaces of a mesh.
pub(crate) struct Mesh {
    owners: Owners,
    namespaces: usize,
}

impl Mesh {
    /// An empty mesh.
    pub(crate) fn new(owners: Owners) -> Self {
        Self {
            owners,
            namespaces: 0,
        }
    }

    /// Adds namespaces until there are this many pods; the last namespace is always full.
    pub(crate) fn grow(&mut self, cluster: &mut Cluster, pods: usize) -> Result<()> {
        let injected = Pattern::take(cluster, self.owners, true)?;
        let plain = Pattern::take(cluster, self.owners, false)?;
        let numbers = self.namespaces..pods.div_ceil(PODS_PER_NAMESPACE).max(self.namespaces);
        let namespaces: Vec<_> = numbers.map(Namespace::numbered).collect();
        make_namespaces(cluster.api(), &namespaces)?;
        let first = self.pods();
        let copies: Vec<_> = (first..first + namespaces.len() * PODS_PER_NAMESPACE)
            .step_by(PODS_PER_DEPLOYMENT)
            .collect();
        // Controllers would make and delete pods while a Deployment has too few of them.
        cluster.without_controllers(|api| {
            in_parallel(&copies, |&first_pod| {
                let namespace = Namespace::numbered(first_pod / PODS_PER_NAMESPACE);
                let pattern = if namespace.injected {
                    &injected
                } else {
                    &plain
                };
                let app = first_pod % PODS_PER_NAMESPACE / PODS_PER_DEPLOYMENT;
                let pods = first_pod..first_pod + PODS_PER_DEPLOYMENT;
                pattern.copy(api, &namespace.name, &format!("app-{app}"), pods)
            })
        })?;
        // The pods have their sidecars already, so that istiod need not be asked for each.
        label(cluster.api(), &namespaces)?;
        self.namespaces += namespaces.len();
        self.settle(cluster.api())
    }

    /// Takes everything away.
    pub(crate) fn remove(self, cluster: &mut Cluster) -> Result<()> {
        let namespaces: Vec<_> = (0..self.namespaces).map(Namespace::numbered).collect();
        cluster.without_controllers(|api| {
            in_parallel(&namespaces, |namespace| {
                api.delete_namespace(&namespace.name)
            })
        })
    }

    /// What its pods belong to.
    pub(crate) fn owners(&self) -> Owners {
        self.owners
    }

    /// How many pods it has.
    fn pods(&self) -> usize {
        self.namespaces * PODS_PER_NAMESPACE
    }

    /// What it is, for a title.
    pub(crate) fn title(&self) -> String {
        let pods = self.pods();
        let owners = match self.owners {
            Owners::Deployments => format!("of {} Deployments", pods / PODS_PER_DEPLOYMENT),
            Owners::None => "without owners".to_owned(),
        };
        format!("{pods} pods {owners} in {} namespaces", self.namespaces)
    }

    /// Waits until the controllers have counted all pods.
    fn settle(&self, api: Api) -> Result<()> {
        if self.owners == Owners::None {
            return Ok(());
        }
        wait_for("the controllers to count the pods", || {
            let deployments = api.get("/apis/apps/v1/deployments?labelSelector=mesh")?;
            let available: u64 = items(&deployments)
                .filter_map(|one| one.pointer("/status/availableReplicas")?.as_u64())
                .sum();
            let pods = self.pods();
            ensure!(
                usize::try_from(available) == Ok(pods),
                "{available} of {pods} are available"
            );
            Ok(())
        })
    }
}

struct Namespace {
    name: String,
    injected: bool,
}

impl Namespace {
    fn numbered(number: usize) -> Self {
        Self {
            name: format!("team-{number}"),
            injected: number.is_multiple_of(2),
        }
    }
}

/// Makes the node and the namespaces, and waits for what pods cannot be made without.
fn make_namespaces(api: Api, namespaces: &[Namespace]) -> Result<()> {
    pattern::make_node(api)?;
    in_parallel(namespaces, |namespace| {
        let object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name}});
        Ok(api.create("/api/v1/namespaces", &object).map(drop)?)
    })?;
    wait_for("the service accounts of the namespaces", || {
        let accounts = api.get("/api/v1/serviceaccounts?fieldSelector=metadata.name=default")?;
        let there: Vec<_> = items(&accounts)
            .filter_map(|account| account.pointer("/metadata/namespace")?.as_str())
            .collect();
        let missing = namespaces
            .iter()
            .filter(|namespace| !there.contains(&namespace.name.as_str()))
            .count();
        ensure!(missing == 0, "{missing} are missing");
        Ok(())
    })
}

fn label(api: Api, namespaces: &[Namespace]) -> Result<()> {
    let injected: Vec<_> = namespaces.iter().filter(|one| one.injected).collect();
    in_parallel(&injected, |namespace| {
        let path = format!("/api/v1/namespaces/{}", namespace.name);
        let patch = json!({"metadata": {"labels": {"istio-injection": "enabled"}}});
        Ok(api.merge(&path, &patch).map(drop)?)
    })
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.pointer("/items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Does the work for every item, many at once. The first error ends it.
fn in_parallel<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let error = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failed) = work(item) {
                        next.store(items.len(), Ordering::Relaxed);
                        if let Ok(mut error) = error.lock() {
                            error.get_or_insert(failed);
                        }
                    }
                }
            });
        }
    });
    let error = error.into_inner().ok().context("a worker panicked")?;
    error.map_or(Ok(()), Err)
}
