//! Which fields of which kind may leave the cluster in a file, and why. What has no line stays behind.

use super::field::{Keep, Line, Node};
use crate::facts::Resource;

use Keep::{
    Annotations, Arguments, Certificates, Data, Environment, IfAsked, Image, Labels, Path,
    Presence, Setters, Subjects, Text, Url, Whole,
};

const METADATA: &[Line] = &[
    ("name", Whole, "findings and commands name the object"),
    ("generateName", Whole, "matchConditions may ask for it"),
    ("namespace", Whole, "findings and commands name it"),
    ("uid", Whole, "it ties objects to their owners and events"),
    ("creationTimestamp", Whole, "what is older than what"),
    (
        "deletionTimestamp",
        Whole,
        "a pod that ends is not ready, and a namespace takes no pods",
    ),
    ("labels", Labels, "selectors select by them"),
    ("annotations", Annotations, "istiod reads them"),
    ("managedFields", Setters, "findings tell who set a field"),
    ("ownerReferences.apiVersion", Whole, "fixes name the owner"),
    ("ownerReferences.kind", Whole, "fixes name the owner"),
    ("ownerReferences.name", Whole, "fixes name the owner"),
    ("ownerReferences.uid", Whole, "it ties a pod to its owner"),
    ("ownerReferences.controller", Whole, "which owner makes it"),
];

/// Of the metadata of an event: nothing refers to it.
const EVENT_METADATA: &[Line] = &[("creationTimestamp", Whole, "when it happened")];

/// Of the metadata of what decides about pods, and of pods.
const VERSION: &[Line] = &[(
    "resourceVersion",
    Whole,
    "whether a pod was created after a change",
)];

/// Of the metadata of webhooks.
const GENERATION: &[Line] = &[("generation", Whole, "how often it was changed")];

const LOG: &[Line] = &[("since", Whole, "from when on it was looked at")];

/// Of a log only the lines that tell something are read at all.
const LOG_LINE: &[Line] = &[
    ("at", Whole, "when it was written"),
    (
        "text",
        Text,
        "what a container says about the mesh or the network",
    ),
];

const TEMPLATE_METADATA: &[Line] = &[
    ("labels", Labels, "selectors select by them"),
    ("annotations", Annotations, "istiod reads them"),
];

/// Below the spec of a pod.
const POD: &[Line] = &[
    ("hostNetwork", Whole, "istiod leaves such pods alone"),
    ("nodeName", Whole, "the kubelet's version decides"),
    ("os.name", Whole, "the sidecar is one of Linux"),
    ("serviceAccountName", Whole, "whose rights istiod has"),
    ("priorityClassName", IfAsked, "the name of an object"),
    ("runtimeClassName", IfAsked, "the name of an object"),
    ("schedulerName", IfAsked, "the name of a program"),
    ("restartPolicy", IfAsked, "one of a few words"),
    ("dnsPolicy", Whole, "whether the sidecar finds istiod"),
    (
        "securityContext.runAsUser",
        Whole,
        "whether it is the sidecar's user",
    ),
    (
        "securityContext.runAsGroup",
        Whole,
        "whether it is the sidecar's group",
    ),
    (
        "securityContext.sysctls.name",
        Whole,
        "the name of a parameter of the kernel",
    ),
    (
        "securityContext.sysctls.value",
        Whole,
        "whether a gateway may use ports below 1024",
    ),
    ("preemptionPolicy", IfAsked, "one of a few words"),
    ("volumes.name", Whole, "the sidecar's may be called so, too"),
    ("volumes.*", Presence, "its kind may be another's"),
    (
        "volumes.emptyDir.medium",
        Whole,
        "whether it keeps the node from being removed",
    ),
    (
        "securityContext.runAsUser",
        Whole,
        "whether the sidecar may run so",
    ),
];

/// Below a container of a pod.
const CONTAINER: &[Line] = &[
    ("name", Whole, "the sidecar's may be called so, too"),
    ("image", Image, "its tag tells istiod's version"),
    ("imagePullPolicy", IfAsked, "one of a few words"),
    ("restartPolicy", Whole, "whether it is a native sidecar"),
    (
        "securityContext.runAsUser",
        Whole,
        "whether it is the sidecar's user",
    ),
    (
        "securityContext.runAsGroup",
        Whole,
        "whether it is the sidecar's group",
    ),
    (
        "command",
        Arguments,
        "flags of istiod, kube-apiserver and the autoscaler",
    ),
    (
        "args",
        Arguments,
        "flags of istiod, kube-apiserver and the autoscaler",
    ),
    ("env", Environment, "settings of istiod and kube-apiserver"),
    ("envFrom.configMapRef", Presence, "settings stand elsewhere"),
    ("envFrom.secretRef", Presence, "settings stand elsewhere"),
    ("ports.name", Whole, "Services name the port"),
    ("ports.containerPort", Whole, "Services lead there"),
    ("ports.protocol", Whole, "one of a few words"),
    ("volumeMounts.name", Whole, "whose volume it is"),
    (
        "securityContext.runAsUser",
        Whole,
        "whether the sidecar may run so",
    ),
    ("resources.requests.cpu", Whole, "a quantity"),
    ("resources.requests.memory", Whole, "a quantity"),
    ("resources.limits.cpu", Whole, "a quantity"),
    ("resources.limits.memory", Whole, "a quantity"),
    ("readinessProbe.exec", Presence, "a probe has one handler"),
    ("readinessProbe.httpGet.port", Whole, "it has to be a port"),
    (
        "readinessProbe.tcpSocket.port",
        Whole,
        "it has to be a port",
    ),
    ("readinessProbe.grpc.port", Whole, "it has to be a port"),
    ("livenessProbe.exec", Presence, "a probe has one handler"),
    ("livenessProbe.httpGet.port", Whole, "it has to be a port"),
    ("livenessProbe.tcpSocket.port", Whole, "it has to be a port"),
    ("livenessProbe.grpc.port", Whole, "it has to be a port"),
    ("startupProbe.exec", Presence, "a probe has one handler"),
    ("startupProbe.httpGet.port", Whole, "it has to be a port"),
    ("startupProbe.tcpSocket.port", Whole, "it has to be a port"),
    ("startupProbe.grpc.port", Whole, "it has to be a port"),
    ("lifecycle.preStop.exec", Presence, "a hook has one handler"),
    (
        "lifecycle.preStop.sleep",
        Presence,
        "a hook has one handler",
    ),
    (
        "lifecycle.preStop.httpGet",
        Presence,
        "the sidecar takes it",
    ),
    (
        "lifecycle.preStop.tcpSocket",
        Presence,
        "the sidecar takes it",
    ),
    (
        "lifecycle.postStart.exec",
        Presence,
        "a hook has one handler",
    ),
    (
        "lifecycle.postStart.sleep",
        Presence,
        "a hook has one handler",
    ),
    (
        "lifecycle.postStart.httpGet",
        Presence,
        "the sidecar takes it",
    ),
    (
        "lifecycle.postStart.tcpSocket",
        Presence,
        "the sidecar takes it",
    ),
];

const POD_STATUS: &[Line] = &[
    ("phase", Whole, "why istiod is not ready"),
    ("reason", Whole, "one word: why istiod is not ready"),
    ("message", Text, "why istiod is not ready"),
    ("podIP", Whole, "an address of the cluster's own network"),
];

const CONDITION: &[Line] = &[
    ("type", Whole, "one of a few words"),
    ("status", Whole, "one of a few words"),
    ("reason", Whole, "one word"),
    ("message", Text, "it holds the API server's refusal"),
    ("lastTransitionTime", Whole, "when it became so"),
];

const CONTAINER_STATUS: &[Line] = &[
    ("name", Whole, "findings name the container"),
    ("ready", Whole, "true or false"),
    ("restartCount", Whole, "a number"),
    (
        "state.running.startedAt",
        Whole,
        "what istiod has read since",
    ),
    ("state.waiting.reason", Whole, "one word"),
    ("state.waiting.message", Text, "why istiod is not ready"),
    ("state.terminated.reason", Whole, "one word"),
    ("state.terminated.exitCode", Whole, "a number"),
    ("state.terminated.signal", Whole, "a number"),
    ("state.terminated.startedAt", Whole, "how long it ran"),
    ("state.terminated.finishedAt", Whole, "how long it ran"),
    ("lastState.terminated.reason", Whole, "one word"),
    ("lastState.terminated.exitCode", Whole, "a number"),
    ("lastState.terminated.signal", Whole, "a number"),
    ("lastState.terminated.startedAt", Whole, "how long it ran"),
    ("lastState.terminated.finishedAt", Whole, "how long it ran"),
    ("started", Whole, "true or false"),
];

/// Of a namespace, besides its labels: what keeps one that is being deleted.
const NAMESPACE: &[Line] = &[
    ("metadata.finalizers", Whole, "what keeps it from going"),
    ("spec.finalizers", Whole, "what keeps it from going"),
];

/// Of whatever makes pods, besides the template.
const WORKLOAD: &[Line] = &[
    ("spec.selector", Whole, "lists of pods are asked for by it"),
    ("spec.replicas", Whole, "a number"),
    ("spec.paused", Whole, "true or false"),
    ("spec.parallelism", Whole, "a number"),
    ("spec.suspend", Whole, "true or false"),
    ("spec.updateStrategy.type", Whole, "one of a few words"),
    ("status.desiredNumberScheduled", Whole, "a number"),
    ("status.currentNumberScheduled", Whole, "a number"),
    ("status.numberReady", Whole, "a number"),
    ("status.replicas", Whole, "a number"),
    ("status.readyReplicas", Whole, "a number"),
    ("status.active", Whole, "a number"),
    ("status.ready", Whole, "a number"),
    ("status.failed", Whole, "a number"),
];

/// A workload of a manifest, in the form that checks have of it.
const MANIFEST: &[Line] = &[
    ("kind", Whole, "the name of a kind"),
    ("custom.owner.apiVersion", Whole, "the name of a kind"),
    ("custom.owner.kind", Whole, "the name of a kind"),
    ("custom.owner.name", Whole, "findings name the object"),
    ("custom.templatePath", Whole, "where findings point"),
    ("rollout", Whole, "one of a few words"),
    ("replicas", Whole, "a number"),
];

const EVENT: &[Line] = &[
    ("involvedObject.kind", Whole, "whom it is about"),
    ("involvedObject.namespace", Whole, "whom it is about"),
    ("involvedObject.name", Whole, "whom it is about"),
    ("involvedObject.uid", Whole, "whom it is about"),
    (
        "involvedObject.fieldPath",
        Whole,
        "which container it is about",
    ),
    ("type", Whole, "one of a few words"),
    ("reason", Whole, "one word"),
    ("message", Text, "it holds the API server's refusal"),
    ("count", Whole, "a number"),
    ("firstTimestamp", Whole, "when it happened"),
    ("lastTimestamp", Whole, "when it happened"),
    ("eventTime", Whole, "when it happened"),
    ("series.count", Whole, "a number"),
    ("series.lastObservedTime", Whole, "when it happened"),
];

const WEBHOOK: &[Line] = &[
    ("name", Whole, "findings and commands name the entry"),
    (
        "clientConfig.caBundle",
        Certificates,
        "whether it trusts istiod",
    ),
    ("clientConfig.url", Url, "whom the API server calls"),
    (
        "clientConfig.service.name",
        Whole,
        "whom the API server calls",
    ),
    ("clientConfig.service.namespace", Whole, "whom it calls"),
    ("clientConfig.service.port", Whole, "a number"),
    ("clientConfig.service.path", Path, "whether it is istiod's"),
    ("namespaceSelector", Whole, "for which pods it is called"),
    ("objectSelector", Whole, "for which pods it is called"),
    ("rules", Whole, "for which requests it is called"),
    ("matchConditions", Whole, "for which pods it is called"),
    ("failurePolicy", Whole, "one of a few words"),
    ("matchPolicy", Whole, "one of a few words"),
    ("reinvocationPolicy", Whole, "one of a few words"),
    ("sideEffects", Whole, "one of a few words"),
    ("timeoutSeconds", Whole, "a number"),
    ("admissionReviewVersions", Whole, "names of versions"),
];

const VALIDATING_WEBHOOK: &[Line] = &[
    ("name", Whole, "assumptions name the entry"),
    (
        "clientConfig.caBundle",
        Certificates,
        "whether it can trust istiod",
    ),
    ("clientConfig.url", Url, "whom the API server calls"),
    (
        "clientConfig.service.name",
        Whole,
        "whom the API server calls",
    ),
    ("clientConfig.service.namespace", Whole, "whom it calls"),
    ("clientConfig.service.port", Whole, "a number"),
    ("clientConfig.service.path", Path, "whether it is istiod's"),
    ("failurePolicy", Whole, "one of a few words"),
    ("timeoutSeconds", Whole, "a number"),
    ("namespaceSelector", Whole, "for which pods it is called"),
    ("objectSelector", Whole, "for which pods it is called"),
    ("rules", Whole, "for which requests it is called"),
    ("matchConditions", Whole, "for which pods it is called"),
];

/// Of an admission policy.
const POLICY: &[Line] = &[
    ("matchConstraints", Whole, "for which pods it is asked"),
    ("matchConditions", Whole, "for which pods it is asked"),
];

/// Of the binding of an admission policy.
const BINDING: &[Line] = &[
    ("policyName", Whole, "which policy it puts into force"),
    ("matchResources", Whole, "for which pods it does so"),
    ("validationActions", Whole, "a few words"),
];

const SERVICE: &[Line] = &[
    ("type", Whole, "whether the API server can route to it"),
    ("clusterIP", Whole, "whether the API server can route to it"),
    ("clusterIPs", Whole, "a way back names them"),
    ("externalName", Whole, "whom it stands for"),
    ("internalTrafficPolicy", Whole, "one of a few words"),
    ("selector", Whole, "which pods it leads to"),
    ("ports.name", Whole, "which endpoints it leads to"),
    ("ports.port", Whole, "a number"),
    ("ports.protocol", Whole, "one of a few words"),
    ("ports.targetPort", Whole, "a number, or a port's name"),
];

const ENDPOINT_SLICE: &[Line] = &[
    ("addressType", Whole, "one of a few words"),
    (
        "endpoints.addresses",
        Whole,
        "addresses of the cluster's own network",
    ),
    ("endpoints.conditions", Whole, "true or false"),
    ("endpoints.targetRef.kind", Whole, "which pod it is"),
    ("endpoints.targetRef.name", Whole, "which pod it is"),
    ("ports.name", Whole, "which port of the Service leads there"),
    ("ports.port", Whole, "a number"),
    ("ports.protocol", Whole, "one of a few words"),
];

const NETWORK_POLICY: &[Line] = &[
    ("podSelector", Whole, "which pods it is about"),
    ("policyTypes", Whole, "a few words"),
    ("ingress.ports", Whole, "numbers, or ports' names"),
    ("ingress.from.*", Presence, "the API server is no pod"),
    ("egress.ports", Whole, "numbers, or ports' names"),
    (
        "egress.to.ipBlock",
        Presence,
        "whether istiod's address may be in it",
    ),
    (
        "egress.to.podSelector",
        Presence,
        "whether it is of the pod's own namespace",
    ),
    (
        "egress.to.namespaceSelector",
        Whole,
        "whether it means istiod's namespace",
    ),
];

const CONFIG_MAP: &[Line] = &[("data", Data, "how istiod injects, and its root")];

const CLUSTER_ROLE: &[Line] = &[("rules", Whole, "what istiod may do with webhooks")];

const CLUSTER_ROLE_BINDING: &[Line] = &[
    ("roleRef", Whole, "which ClusterRole it gives"),
    ("subjects", Subjects, "whether it gives it to istiod"),
];

const LEASE: &[Line] = &[
    ("holderIdentity", Whole, "which pod is the autoscaler"),
    ("renewTime", Whole, "whether it runs"),
    ("leaseDurationSeconds", Whole, "whether it runs"),
];

const NODE: &[Line] = &[
    ("metadata.name", Whole, "which node a pod is bound to"),
    ("metadata.uid", Whole, "it is told apart by it"),
    ("status.nodeInfo.kubeletVersion", Whole, "a version"),
    ("status.allocatable.cpu", Whole, "a quantity"),
    ("status.allocatable.memory", Whole, "a quantity"),
];

/// What of the metadata of an object passes, of which nothing else was read.
pub fn metadata() -> Node {
    let mut node = Node::default();
    node.add("", METADATA);
    node.add("", VERSION);
    node
}

/// What of a workload of a manifest passes.
pub fn manifest() -> Node {
    let mut node = Node::default();
    node.add("", MANIFEST);
    node.add("metadata", METADATA);
    node.add("conditions", CONDITION);
    template(&mut node, ["template.metadata", "template.spec"]);
    containers(
        &mut node,
        ["template.spec.containers", "template.spec.initContainers"],
    );
    node
}

/// What of an object of a kind passes.
pub fn object(resource: Resource) -> Node {
    let mut node = Node::default();
    if resource == Resource::Node {
        node.add("", NODE);
        return node;
    }
    let metadata = match resource {
        Resource::Event => EVENT_METADATA,
        _ => METADATA,
    };
    node.add("metadata", metadata);
    if matches!(
        resource,
        Resource::Pod
            | Resource::Namespace
            | Resource::MutatingWebhookConfiguration
            | Resource::Service
            | Resource::EndpointSlice
    ) {
        node.add("metadata", VERSION);
    }
    match resource {
        Resource::Pod => {
            node.add("spec", POD);
            node.mark_pod("spec");
            containers(&mut node, ["spec.containers", "spec.initContainers"]);
            node.add("status", POD_STATUS);
            node.add("status.conditions", CONDITION);
            node.add("status.containerStatuses", CONTAINER_STATUS);
            node.add("status.initContainerStatuses", CONTAINER_STATUS);
        }
        Resource::CronJob => {
            template(
                &mut node,
                [
                    "spec.jobTemplate.spec.template.metadata",
                    "spec.jobTemplate.spec.template.spec",
                ],
            );
            containers(
                &mut node,
                [
                    "spec.jobTemplate.spec.template.spec.containers",
                    "spec.jobTemplate.spec.template.spec.initContainers",
                ],
            );
        }
        Resource::Deployment
        | Resource::StatefulSet
        | Resource::DaemonSet
        | Resource::ReplicaSet
        | Resource::Job => {
            node.add("", WORKLOAD);
            node.add("status.conditions", CONDITION);
            template(&mut node, ["spec.template.metadata", "spec.template.spec"]);
            containers(
                &mut node,
                [
                    "spec.template.spec.containers",
                    "spec.template.spec.initContainers",
                ],
            );
        }
        Resource::Event => node.add("", EVENT),
        Resource::Namespace => {
            node.add("", NAMESPACE);
            node.add("status.conditions", CONDITION);
        }
        // Of limits nothing else is read.
        Resource::Node | Resource::ResourceQuota | Resource::LimitRange => {}
        Resource::ValidatingWebhookConfiguration => node.add("webhooks", VALIDATING_WEBHOOK),
        Resource::ValidatingAdmissionPolicy | Resource::MutatingAdmissionPolicy => {
            node.add("spec", POLICY);
        }
        Resource::ValidatingAdmissionPolicyBinding | Resource::MutatingAdmissionPolicyBinding => {
            node.add("spec", BINDING);
        }
        Resource::MutatingWebhookConfiguration => {
            node.add("metadata", GENERATION);
            node.add("webhooks", WEBHOOK);
        }
        Resource::Service => node.add("spec", SERVICE),
        Resource::EndpointSlice => node.add("", ENDPOINT_SLICE),
        Resource::ConfigMap => node.add("", CONFIG_MAP),
        Resource::NetworkPolicy => node.add("spec", NETWORK_POLICY),
        Resource::Log => {
            node.add("", LOG);
            node.add("lines", LOG_LINE);
        }
        Resource::ClusterRole => node.add("", CLUSTER_ROLE),
        Resource::ClusterRoleBinding => node.add("", CLUSTER_ROLE_BINDING),
        Resource::Lease => node.add("spec", LEASE),
    }
    node
}

fn template(node: &mut Node, [metadata, spec]: [&'static str; 2]) {
    node.add(metadata, TEMPLATE_METADATA);
    node.add(spec, POD);
    node.mark_pod(spec);
}

fn containers(node: &mut Node, paths: [&'static str; 2]) {
    for path in paths {
        node.add(path, CONTAINER);
    }
}
