//! The names that Kubernetes and Istio give to what decides about injection.

/// Namespace label that asks for the default revision, or opts out.
pub const ISTIO_INJECTION: &str = "istio-injection";
/// Label of namespaces, pods and webhook configurations that names a revision or tag.
pub const ISTIO_REV: &str = "istio.io/rev";
/// Label of webhook configurations that names a revision tag.
pub const ISTIO_TAG: &str = "istio.io/tag";
/// Label and annotation of pods that asks for injection, or opts out.
pub const INJECT: &str = "sidecar.istio.io/inject";
/// Annotation of injected pods: what was added, and by which revision.
pub const STATUS: &str = "sidecar.istio.io/status";
/// Annotation of pods with a configuration of their proxy, over that of the mesh.
pub const PROXY_CONFIG: &str = "proxy.istio.io/config";
/// Annotation of injected pods that had an `istio-proxy` or the like of their own: what theirs said.
pub const OVERRIDES: &str = "proxy.istio.io/overrides";
/// Annotation of pods that says whether the sidecar is an init container that goes on running.
pub const NATIVE: &str = "sidecar.istio.io/nativeSidecar";
/// Under which name telemetry shows a pod.
pub const CANONICAL_NAME: &str = "service.istio.io/canonical-name";
/// Annotation of pods that names the image of the proxy.
pub const PROXY_IMAGE: &str = "sidecar.istio.io/proxyImage";
/// Annotation of pods that names the templates to inject.
pub const TEMPLATES: &str = "inject.istio.io/templates";
/// Label of namespaces and pods that names the data plane.
pub const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
/// Istio's CNI plugin writes it on pods whose traffic goes to ztunnel.
pub const REDIRECTION: &str = "ambient.istio.io/redirection";
/// istiod writes it on the pods of gateways and waypoints that it makes.
pub const GATEWAY: &str = "gateway.istio.io/managed";
/// The revision of an istiod that has no name of its own.
pub const DEFAULT_REVISION: &str = "default";
/// Suffix of the entries of Istio's injection webhooks.
pub const INJECTOR_SUFFIX: &str = "sidecar-injector.istio.io";
/// Key that `istioctl tag set default` puts into both selectors of a webhook that it deactivates.
pub const DEACTIVATED: &str = "istio.io/deactivated";
/// ConfigMap in every namespace: the root that istiod serves with, and proxies trust.
pub const ROOT_CERTIFICATE: &str = "istio-ca-root-cert";
/// ConfigMap with the injector's configuration; see [`with_revision`].
pub const INJECTOR_CONFIG: &str = "istio-sidecar-injector";
/// ConfigMap with the mesh's configuration; see [`with_revision`].
pub const MESH_CONFIG: &str = "istio";
/// Namespaces that istiod never injects.
/// Source: Istio 1.31, `pkg/kube/inject/initializer.go`.
pub const IGNORED_NAMESPACES: [&str; 4] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];
/// Where Istio is installed unless somebody says otherwise.
pub const ISTIO_NAMESPACE: &str = "istio-system";
/// The port on which istiod serves the injector.
/// Source: Istio 1.31, `pilot/cmd/pilot-discovery/app/cmd.go`, flag `--httpsAddr`.
pub const INJECTOR_PORT: i32 = 15017;

/// A per-revision name: istiod leaves the suffix out for the default revision.
/// Source: Istio 1.31, `pilot/pkg/bootstrap/sidecarinjector.go`.
pub fn with_revision(base: &str, revision: &str) -> String {
    match revision {
        "" | DEFAULT_REVISION => base.to_owned(),
        revision => format!("{base}-{revision}"),
    }
}
