//! Stage wanted.

use super::Advice;

pub(super) const ADVICE: &[Advice] = &[
    Advice {
        name: "host-network",
        means: "the pod has the host's network, and is never injected",
        decide: "kubectl get pods -n {namespace} -o custom-columns=NAME:.metadata.name,HOSTNETWORK:.spec.hostNetwork",
        tells: "hostNetwork is true",
        fix: "nothing, if the pod needs the host's network; else remove it",
        heal: "",
    },
    Advice {
        name: "annotation-opted-out",
        means: "the annotation sidecar.istio.io/inject=false stands in the pod's template",
        decide: "kubectl get pods -n {namespace} -o yaml",
        tells: "the annotation is there",
        fix: "remove it if the pods are to be in the mesh",
        heal: "",
    },
    Advice {
        name: "policy-disabled",
        means: "the policy of the injector is disabled, and the pod does not ask explicitly",
        decide: "kubectl get configmap istio-sidecar-injector -n {istio} -o jsonpath={.data.config}",
        tells: "policy is disabled",
        fix: "set policy to enabled (global.proxy.autoInject), or label the pods sidecar.istio.io/inject=true",
        heal: "",
    },
    Advice {
        name: "policy-illegal",
        means: "policy has a value that istiod does not know: nothing is injected",
        decide: "kubectl get configmap istio-sidecar-injector -n {istio} -o jsonpath={.data.config}",
        tells: "policy is neither enabled nor disabled",
        fix: "write enabled or disabled, in lower case",
        heal: "",
    },
    Advice {
        name: "injector-config-stale",
        means: "the injector's configuration was changed and does not parse; the old one goes on",
        decide: "kubectl logs -n {istio} deployment/istiod --since=1h",
        tells: "istiod says what it cannot parse",
        fix: "correct the ConfigMap",
        heal: "",
    },
    Advice {
        name: "injected-twice",
        means: "more than one webhook injects the same pods",
        decide: "kubectl get mutatingwebhookconfigurations -l app=sidecar-injector",
        tells: "two of them select the namespace",
        fix: "remove or deactivate the one that is not meant: istioctl tag list shows who serves the default",
        heal: "",
    },
    Advice {
        name: "revision-stale",
        means: "the pod runs a proxy of another revision or version than it would get today",
        decide: "istioctl proxy-status",
        tells: "the proxy's version is not istiod's",
        fix: "restart the workload",
        heal: "kubectl rollout restart deployment -n {namespace}",
    },
];
