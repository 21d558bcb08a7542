//! The cluster, brought into one world after another.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use testcluster::{Api, ApiError, Cluster, Outcome, dry_run, wait_for};

use crate::world::{OTHER_ROOT, OTHER_VENDOR, REVISIONS, ROOT, Told, World};

const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
const POLICIES: &str = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies";
const BINDINGS: &str = "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings";
const CONFIG_MAPS: &str = "/api/v1/namespaces/istio-system/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/istio-system/deployments";
const PODS: &str = "/api/v1/namespaces/istio-system/pods";
const SERVICES: &str = "/api/v1/namespaces/istio-system/services";
const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/istio-system/endpointslices";

/// The key of the labels and the names by which a probe sees that a change is in force.
const IN_FORCE: &str = "in-force";

/// The label by which charts tell the version, and what those of the source say.
const VERSION_LABEL: &str = "app.kubernetes.io/version";
const STOCK_LABEL: &str = "1.0.0";

/// What the API server says when the sentinel rejects a probe.
const GUARD: &str = "the_sentinel_stands_guard";

/// Another authority's certificate.
const FOREIGN_CERTIFICATE: &[u8] = include_bytes!("foreign-root.pem");

/// The running cluster with what is known of its stock installation.
pub struct Lab {
    pub cluster: Cluster,
    stock: Stock,
    /// The number of the world, which tells its probes from those of the one before.
    round: usize,
    /// What the injectors' ConfigMaps and the Services were changed to last.
    injectors: Map<String, Value>,
    services: Map<String, Value>,
    /// What the istiods' images and tags were changed to last.
    versions: BTreeMap<String, Told>,
    /// Whether the last world had policies.
    has_policies: bool,
}

/// The installation as it was at the start.
pub struct Stock {
    /// The webhook configurations, without what the API server and istiod write into them.
    pub webhooks: Vec<Value>,
    services: BTreeMap<String, Value>,
    injectors: BTreeMap<String, Value>,
    /// The istiods' images by revision.
    images: BTreeMap<String, String>,
    root: String,
}

impl Lab {
    /// A lab in a cluster that is as installed, with these namespaces in it.
    pub fn open(cluster: Cluster, namespaces: &[&str]) -> Result<Self> {
        let api = cluster.api();
        for name in namespaces {
            let namespace =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            match api.create("/api/v1/namespaces", &namespace) {
                Err(ApiError::Status { code: 409, .. }) => {}
                created => drop(created?),
            }
            // A pod cannot be made before its service account.
            wait_for(&format!("the service account of namespace {name}"), || {
                Ok(api.get(&format!(
                    "/api/v1/namespaces/{name}/serviceaccounts/default"
                ))?)
            })?;
        }
        Ok(Self {
            stock: Stock::take(api)?,
            cluster,
            round: 0,
            injectors: Map::new(),
            services: Map::new(),
            versions: BTreeMap::new(),
            has_policies: false,
        })
    }

    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    fn api(&self) -> Api {
        self.cluster.api()
    }

    /// Brings the cluster into a world, and returns once everything in it is in force.
    pub fn enter(&mut self, world: &World) -> Result<()> {
        self.round += 1;
        // The pods of an istiod that starts must not be rejected for the lack of an istiod.
        self.api().delete(WEBHOOKS, &json!({}))?;
        self.set_versions(world)
            .context("cannot set the istiods' images")?;
        self.set_policies(world)
            .context("cannot set the policies")?;
        self.set_injectors(world)
            .context("cannot set the injectors' configurations")?;
        self.set_services(world)
            .context("cannot set the services")?;
        self.label_namespaces(world)
            .context("cannot label the namespaces")?;
        self.create_webhooks(world)
            .context("cannot create the webhooks")?;
        // The API server goes on using a connection to a Service whatever becomes of it.
        self.cluster.cut_connections();
        Ok(())
    }

    /// Writes what tells the istiods' versions; those concerned are stopped.
    fn set_versions(&mut self, world: &World) -> Result<()> {
        for revision in REVISIONS {
            let wanted = world.versions.get(revision);
            if self.versions.get(revision) == wanted {
                continue;
            }
            self.scale(revision, 0)?;
            let path = format!("{DEPLOYMENTS}/{}", deployment(revision));
            let image = wanted.map_or(&self.stock.images[revision], |told| &told.image);
            let label = wanted.and_then(|told| told.label.as_deref());
            let mut template = self.api().get(&path)?["spec"]["template"].take();
            template["metadata"]["labels"][VERSION_LABEL] = json!(label.unwrap_or(STOCK_LABEL));
            template["spec"]["containers"][0]["image"] = json!(image);
            self.api()
                .merge(&path, &json!({"spec": {"template": template}}))?;
            match wanted {
                Some(told) => self.versions.insert(revision.to_owned(), told.clone()),
                None => self.versions.remove(revision),
            };
            self.injectors.remove(revision);
            self.change_injector(revision, &json!({}))?;
        }
        Ok(())
    }

    /// Replaces the policies by those of the world, and waits until the API server has seen them.
    fn set_policies(&mut self, world: &World) -> Result<()> {
        if world.policies.is_empty() && !self.has_policies {
            return Ok(());
        }
        let api = self.api();
        api.delete(POLICIES, &json!({}))?;
        api.delete(BINDINGS, &json!({}))?;
        let sentinel = self.policy_sentinel();
        for policy in world.policies.iter().chain([&sentinel]) {
            api.create(POLICIES, policy)
                .with_context(|| policy.to_string())?;
            let name = &policy["metadata"]["name"];
            // The probes, in namespace default, are for the sentinel alone.
            let elsewhere = match policy == &sentinel {
                true => "none",
                false => "default",
            };
            let binding = json!({
                "apiVersion": "admissionregistration.k8s.io/v1",
                "kind": "MutatingAdmissionPolicyBinding",
                "metadata": {"name": name},
                "spec": {"policyName": name, "matchResources": {"namespaceSelector": {"matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [elsewhere]},
                ]}}},
            });
            api.create(BINDINGS, &binding)?;
        }
        self.has_policies = !world.policies.is_empty();
        wait_for("the API server to know the policies", || {
            let probe = json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"generateName": "probe-", "namespace": "default", "labels": {IN_FORCE: self.policy_probe()}},
                "spec": {"containers": [{"name": "probe", "image": "probe"}]},
            });
            let outcome = dry_run(api, &probe)?;
            let rejected =
                matches!(&outcome, Outcome::Rejected { message } if message.contains(GUARD));
            ensure!(rejected, "the policies are not in force: {outcome}");
            Ok(())
        })
    }

    /// The label's value by which this world's probes of policies are known.
    fn policy_probe(&self) -> String {
        format!("policies-{}", self.round)
    }

    /// A policy that refuses this world's probes, by an expression that cannot be evaluated.
    fn policy_sentinel(&self) -> Value {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": "z-in-force"},
            "spec": {
                "matchConstraints": {
                    "resourceRules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
                    "objectSelector": {"matchLabels": {IN_FORCE: self.policy_probe()}},
                },
                "matchConditions": [{"name": GUARD.replace('_', "-"), "expression": format!("object.{GUARD} == 1")}],
                "failurePolicy": "Fail",
                "reinvocationPolicy": "Never",
                "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}}],
            },
        })
    }

    /// Writes the injectors' ConfigMaps and scales the istiods.
    fn set_injectors(&mut self, world: &World) -> Result<()> {
        for revision in REVISIONS {
            let wanted = world
                .injectors
                .get(revision)
                .cloned()
                .unwrap_or_else(|| json!({}));
            let replicas = u64::from(!world.stopped.iter().any(|one| one == revision));
            match self.injectors.get(revision) {
                // It shows that the ConfigMap is younger than the istiod, which may or may not have read it.
                Some(Value::Null) => {
                    self.scale(revision, 0)?;
                    self.change_injector(revision, &json!({}))?;
                }
                Some(Value::String(_)) => self.change_injector(revision, &json!({}))?,
                _ => {}
            }
            if !wanted.is_object() {
                // An istiod that starts with it serves nothing; here it comes to one that runs.
                self.scale(revision, replicas)?;
            }
            if !is_legal(&wanted) {
                // Nothing but a change from the reverse shows that an illegal policy has been read.
                self.change_injector(revision, &json!({}))?;
            }
            self.change_injector(revision, &wanted)?;
            self.scale(revision, replicas)?;
        }
        Ok(())
    }

    fn change_injector(&mut self, revision: &str, changes: &Value) -> Result<()> {
        if self.injectors.get(revision) == Some(changes) {
            return Ok(());
        }
        self.write_injector(revision, changes)?;
        self.await_injector(revision, changes)?;
        self.injectors.insert(revision.to_owned(), changes.clone());
        Ok(())
    }

    fn write_injector(&self, revision: &str, changes: &Value) -> Result<()> {
        let api = self.api();
        let stock = &self.stock.injectors[revision];
        let path = format!(
            "{CONFIG_MAPS}/{}",
            stock["metadata"]["name"].as_str().unwrap_or_default()
        );
        if changes.is_null() {
            return delete(api, &path);
        }
        let mut config_map = stock.clone();
        config_map["data"]["config"] = match changes {
            Value::String(text) => json!(text),
            changes => {
                let text = stock["data"]["config"].as_str().unwrap_or_default();
                let mut config: Value = serde_saphyr::from_str(text)?;
                merge(&mut config, changes);
                if let Some(templates) = config["templates"].as_object_mut() {
                    templates.insert(self.marker(), json!(""));
                }
                json!(config.to_string())
            }
        };
        if let Some(told) = self.versions.get(revision) {
            let text = stock["data"]["values"].as_str().unwrap_or_default();
            let mut values: Value = serde_json::from_str(text)?;
            values["global"]["tag"] = json!(told.tag);
            config_map["data"]["values"] = json!(values.to_string());
        }
        put(api, &path, &config_map)
    }

    /// The name of a template that only this world's configuration has.
    fn marker(&self) -> String {
        format!("{IN_FORCE}-{}", self.round)
    }

    /// Asks the running istiod itself until it injects by the new configuration.
    fn await_injector(&self, revision: &str, changes: &Value) -> Result<()> {
        if changes.is_null() || changes.is_string() {
            return Ok(());
        }
        let pods = self.api().get(&format!(
            "{PODS}?labelSelector=app=istiod,istio.io/rev={revision}"
        ))?;
        let review = json!({
            "kind": "AdmissionReview",
            "apiVersion": "admission.k8s.io/v1",
            "request": {"uid": "probe", "namespace": "default", "object": {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": "probe",
                    "labels": {"sidecar.istio.io/inject": "true"},
                    "annotations": {"inject.istio.io/templates": self.marker()},
                },
                "spec": {"containers": [{"name": "probe", "image": "probe"}]},
            }},
        });
        for pod in items(&pods) {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let inject = format!("{PODS}/https:{name}:15017/proxy/inject");
            wait_for(&format!("{name} to know what changed"), || {
                let response = &self.api().create(&inject, &review)?["response"];
                let injects = response["allowed"] == true && response.get("patch").is_some();
                let declines = response["allowed"] == true && response.get("patch").is_none();
                ensure!(
                    if is_legal(changes) { injects } else { declines },
                    "istiod of revision {revision} does not inject by {changes} yet: {response}"
                );
                Ok(())
            })?;
        }
        Ok(())
    }

    fn scale(&self, revision: &str, replicas: u64) -> Result<()> {
        let api = self.api();
        let path = format!("{DEPLOYMENTS}/{}", deployment(revision));
        if api.get(&path)?["spec"]["replicas"] == replicas {
            return Ok(());
        }
        api.merge(&path, &json!({"spec": {"replicas": replicas}}))?;
        wait_for(
            &format!("{replicas} istiods of revision {revision}"),
            || {
                let pods = api.get(&format!(
                    "{PODS}?labelSelector=app=istiod,istio.io/rev={revision}"
                ))?;
                let available = api.get(&path)?["status"]["availableReplicas"]
                    .as_u64()
                    .unwrap_or(0);
                ensure!(
                    items(&pods).len() as u64 == replicas && available == replicas,
                    "{path} is not at {replicas} replicas"
                );
                Ok(())
            },
        )
    }

    /// Changes the Services, and waits until they lead where they should.
    fn set_services(&mut self, world: &World) -> Result<()> {
        for (name, stock) in &self.stock.services {
            let changes = world
                .services
                .get(name)
                .cloned()
                .unwrap_or_else(|| json!({}));
            let known = self
                .services
                .get(name)
                .cloned()
                .unwrap_or_else(|| json!({}));
            let path = format!("{SERVICES}/{name}");
            if changes == known {
                continue;
            }
            if changes.is_null() {
                delete(self.api(), &path)?;
            } else {
                let mut service = stock.clone();
                merge(&mut service["spec"], &changes);
                if put(self.api(), &path, &service).is_err() {
                    // An address, once given, stays.
                    delete(self.api(), &path)?;
                    put(self.api(), &path, &service)?;
                }
            }
            self.services.insert(name.clone(), changes);
        }
        for name in self.stock.services.keys() {
            wait_for(
                &format!("the service {name} to lead where it should"),
                || self.leads_where_it_should(name),
            )?;
        }
        Ok(())
    }

    fn leads_where_it_should(&self, name: &str) -> Result<()> {
        let api = self.api();
        let service = match api.get(&format!("{SERVICES}/{name}")) {
            Err(error) if error.is_not_found() => return Ok(()),
            service => service?,
        };
        let spec = &service["spec"];
        let Some(selector) = spec["selector"]
            .as_object()
            .filter(|_| spec["type"] == "ClusterIP")
        else {
            return Ok(());
        };
        let selected: BTreeSet<String> = items(&api.get(PODS)?)
            .iter()
            .filter(|pod| {
                selector
                    .iter()
                    .all(|(key, value)| pod["metadata"]["labels"].get(key) == Some(value))
            })
            .filter_map(|pod| Some(pod["status"]["podIP"].as_str()?.to_owned()))
            .collect();
        let slices = api.get(&format!(
            "{SLICES}?labelSelector=kubernetes.io/service-name={name}"
        ))?;
        let endpoints: Vec<_> = items(&slices)
            .iter()
            .flat_map(|slice| list(&slice["endpoints"]))
            .collect();
        let ready = endpoints
            .iter()
            .filter(|endpoint| endpoint["conditions"]["ready"] == true);
        let addresses: BTreeSet<String> = ready
            .flat_map(|endpoint| list(&endpoint["addresses"]))
            .filter_map(|address| Some(address.as_str()?.to_owned()))
            .collect();
        ensure!(
            addresses == selected,
            "{name} has the endpoints {addresses:?}, not {selected:?}"
        );

        let Some(cluster_ip) = spec["clusterIP"].as_str().filter(|ip| *ip != "None") else {
            return Ok(());
        };
        for port in list(&spec["ports"]) {
            let target = port["targetPort"].as_u64().unwrap_or_default();
            let leads_there = |slice: &Value| {
                list(&slice["ports"])
                    .iter()
                    .any(|one| one["port"] == target)
            };
            ensure!(
                addresses.is_empty() || items(&slices).iter().all(leads_there),
                "the endpoints of {name} do not have the port {target} yet"
            );
            let expected = addresses.iter().any(|address| accepts(address, target));
            let accepts = accepts(cluster_ip, port["port"].as_u64().unwrap_or_default());
            ensure!(
                accepts == expected,
                "{name} accepts connections: {accepts}, not {expected}"
            );
        }
        Ok(())
    }

    fn label_namespaces(&self, world: &World) -> Result<()> {
        for (name, labels) in &world.namespaces {
            let path = format!("/api/v1/namespaces/{name}");
            let mut namespace = self.api().get(&path)?;
            namespace["metadata"]["labels"] = json!(labels);
            namespace["metadata"]["labels"][IN_FORCE] = json!(self.round.to_string());
            self.api().replace(&path, &namespace)?;
        }
        Ok(())
    }

    fn create_webhooks(&self, world: &World) -> Result<()> {
        let api = self.api();
        for configuration in &world.webhooks {
            let mut configuration = configuration.clone();
            for webhook in configuration["webhooks"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                let bundle = &mut webhook["clientConfig"]["caBundle"];
                match bundle.as_str() {
                    Some(ROOT) => *bundle = json!(self.stock.root),
                    Some(OTHER_VENDOR) => *bundle = json!(self.cluster.other_ca_bundle()?),
                    Some(OTHER_ROOT) => {
                        *bundle = json!(BASE64_STANDARD.encode(FOREIGN_CERTIFICATE))
                    }
                    _ => {}
                }
            }
            api.create(WEBHOOKS, &configuration)
                .with_context(|| configuration.to_string())?;
        }
        wait_for("the istiods to write their roots", || {
            self.ca_bundles_are_settled(world)
        })?;
        api.create(WEBHOOKS, &self.sentinel())?;
        for namespace in world.namespaces.keys() {
            wait_for("the API server to know the webhooks", || {
                self.sentinel_stands_guard(namespace)
            })?;
        }
        Ok(())
    }

    /// Each running istiod writes its root into the webhooks of its revision.
    fn ca_bundles_are_settled(&self, world: &World) -> Result<()> {
        for configuration in items(&self.api().get(WEBHOOKS)?) {
            let revision = configuration["metadata"]["labels"]["istio.io/rev"].as_str();
            let patched = revision.is_some_and(|revision| {
                REVISIONS.contains(&revision) && !world.stopped.iter().any(|one| one == revision)
            });
            for webhook in list(&configuration["webhooks"]).iter().filter(|_| patched) {
                let name = webhook["name"].as_str().unwrap_or_default();
                ensure!(
                    !name.ends_with("sidecar-injector.istio.io")
                        || webhook["clientConfig"]["caBundle"] == self.stock.root,
                    "istiod has not written its root into {name} yet"
                );
            }
        }
        Ok(())
    }

    /// A webhook that is called first and rejects this world's probes, without a call. Whoever is rejected by it knows
    /// that the API server has seen this world's webhooks, written before it, and the namespace's labels.
    fn sentinel(&self) -> Value {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "000-in-force"},
            "webhooks": [{
                "name": "in-force.testcluster.local",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "clientConfig": {"url": "https://127.0.0.1:1/"},
                "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
                "namespaceSelector": {"matchLabels": {IN_FORCE: self.round.to_string()}},
                "objectSelector": {"matchLabels": {IN_FORCE: "probe"}},
                "matchConditions": [{"name": "fails", "expression": format!("object.{GUARD} == 1")}],
            }],
        })
    }

    fn sentinel_stands_guard(&self, namespace: &str) -> Result<()> {
        let probe = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"generateName": "probe-", "namespace": namespace, "labels": {IN_FORCE: "probe"}},
            "spec": {"containers": [{"name": "probe", "image": "probe"}]},
        });
        let outcome = dry_run(self.api(), &probe)?;
        let rejected = matches!(&outcome, Outcome::Rejected { message } if message.contains(GUARD));
        ensure!(
            rejected,
            "the webhooks are not in force in {namespace}: {outcome}"
        );
        Ok(())
    }
}

impl Stock {
    fn take(api: Api) -> Result<Self> {
        let root = api.get(&format!("{CONFIG_MAPS}/istio-ca-root-cert"))?;
        let root =
            BASE64_STANDARD.encode(root["data"]["root-cert.pem"].as_str().unwrap_or_default());
        let mut webhooks = items(&api.get(WEBHOOKS)?).to_vec();
        for configuration in &mut webhooks {
            strip(configuration, WEBHOOKS);
            for webhook in configuration["webhooks"]
                .as_array_mut()
                .into_iter()
                .flatten()
            {
                webhook["clientConfig"]["caBundle"] = json!(ROOT);
            }
        }
        let mut services = BTreeMap::new();
        for service in items(&api.get(SERVICES)?) {
            let mut service = service.clone();
            strip(&mut service, SERVICES);
            services.insert(
                service["metadata"]["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                service,
            );
        }
        let mut injectors = BTreeMap::new();
        let mut images = BTreeMap::new();
        for revision in REVISIONS {
            let istiod = api.get(&format!("{DEPLOYMENTS}/{}", deployment(revision)))?;
            let image = &istiod["spec"]["template"]["spec"]["containers"][0]["image"];
            images.insert(
                revision.to_owned(),
                image.as_str().unwrap_or_default().to_owned(),
            );
            let name = deployment(revision).replace("istiod", "istio-sidecar-injector");
            let mut config_map = api.get(&format!("{CONFIG_MAPS}/{name}"))?;
            strip(&mut config_map, CONFIG_MAPS);
            injectors.insert(revision.to_owned(), config_map);
        }
        Ok(Self {
            webhooks,
            services,
            injectors,
            images,
            root,
        })
    }
}

/// The Deployment and the Service of a revision's istiod.
pub fn deployment(revision: &str) -> String {
    match revision {
        "default" => "istiod".to_owned(),
        revision => format!("istiod-{revision}"),
    }
}

/// Leaves of an object what somebody wrote into it.
fn strip(object: &mut Value, collection: &str) {
    let labels = object["metadata"]["labels"].take();
    object["metadata"] = json!({"name": object["metadata"]["name"], "labels": labels});
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    let (group, kind) = match collection {
        WEBHOOKS => (
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
        ),
        SERVICES => ("v1", "Service"),
        _ => ("v1", "ConfigMap"),
    };
    object["apiVersion"] = json!(group);
    object["kind"] = json!(kind);
}

/// Whether istiod injects anything at all by a configuration with these changes.
fn is_legal(changes: &Value) -> bool {
    changes
        .get("policy")
        .is_none_or(|policy| policy == "enabled" || policy == "disabled")
}

/// Whether somebody listens there.
fn accepts(ip: &str, port: u64) -> bool {
    let address = format!("{ip}:{port}").parse::<SocketAddr>();
    address
        .is_ok_and(|address| TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok())
}

fn put(api: Api, path: &str, object: &Value) -> Result<()> {
    let mut object = object.clone();
    match api.get(path) {
        Err(error) if error.is_not_found() => {
            let (collection, _) = path.rsplit_once('/').context("a path without a name")?;
            api.create(collection, &object)?;
        }
        live => {
            object["metadata"]["resourceVersion"] = live?["metadata"]["resourceVersion"].take();
            api.replace(path, &object)?;
        }
    }
    Ok(())
}

fn delete(api: Api, path: &str) -> Result<()> {
    match api.delete(path, &json!({})) {
        Err(error) if error.is_not_found() => Ok(()),
        deleted => Ok(deleted.map(drop)?),
    }
}

/// A JSON merge patch.
fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    for (key, patch) in fields {
        if patch.is_null() {
            value.as_object_mut().map(|fields| fields.remove(key));
        } else {
            merge(&mut value[key.as_str()], patch);
        }
    }
}

fn items(list: &Value) -> &[Value] {
    self::list(&list["items"])
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
