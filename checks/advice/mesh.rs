//! Stage mesh.

use super::Advice;

pub(super) const ADVICE: &[Advice] = &[Advice {
    name: "validating-webhook-stale",
    means: "a validating webhook of an old or removed version is left over",
    decide: "kubectl get validatingwebhookconfigurations -o custom-columns=NAME:.metadata.name,SERVICE:.webhooks[*].clientConfig.service.name,NAMESPACE:.webhooks[*].clientConfig.service.namespace",
    tells: "one calls a Service that is gone, or two call the same istiod",
    fix: "delete the one that is left over",
    heal: "",
}];
