//! The causes of what the control plane says.

use super::{Causes, Confidence};
use crate::texts::ControlPlane;

pub(super) fn causes(what: ControlPlane) -> Causes {
    match what {
        ControlPlane::WebhookNotReady { often } => Causes::of(
            match often {
                true => Confidence::Likely,
                false => Confidence::Possible,
            },
            "apiserver-route",
            "istiod sees that the API server cannot call it; for a moment after its start that is as it should be",
        )
        .or("firewall", "a firewall may keep the API server from port 15017")
        .or("network-policy", "a NetworkPolicy may"),
        ControlPlane::CannotPatch => Causes::certain("istiod-cannot-patch-webhook", "istiod cannot write caBundle into the webhook"),
        ControlPlane::NoWebhook => Causes::likely("webhook-missing", "the configuration of the webhook that istiod writes into is not there")
            .or("istiod-cannot-patch-webhook", "istiod may look for it under another name"),
        ControlPlane::OtherRevision => Causes::certain("webhook-revision-label", "istiod writes only into webhooks that are labelled with its own revision"),
        ControlPlane::OtherEntry => Causes::certain("webhook-entry-name", "istiod writes only into entries whose name ends in sidecar-injector.istio.io"),
        ControlPlane::NoWebhookApi => Causes::likely("admission-review-version", "the API server does not serve the version of webhooks that istiod asks for"),
        ControlPlane::FoughtOver { validating: true } => Causes::possible(
            "validating-webhook-stale",
            "another istiod, mostly of an old version that was left over, writes the validating webhook as well; once after a start it means nothing",
        )
        .or("ca-bundle-fought-over", "GitOps or Helm may write it"),
        ControlPlane::FoughtOver { validating: false } => Causes::possible("ca-bundle-fought-over", "somebody else writes the webhook as well; once after a start it means nothing"),
        ControlPlane::NotTrusted => Causes::possible("ca-bundle-mismatch", "whoever calls does not trust the certificate; of istiod's log, that is the API server")
            .or("proxy-root-mismatch", "sidecars with an old root say the same"),
        ControlPlane::NoCertificate => Causes::likely("istiod-certificate", "the webhook's server has no usable certificate"),
        ControlPlane::ClientNotTrusted => Causes::likely("proxy-unauthenticated", "istiod does not take the certificate with which a sidecar calls: it is of another authority, mostly of one before")
            .or("proxy-root-mismatch", "the sidecar may have the root of another istiod"),
        ControlPlane::NotStarting => Causes::likely("istiod-no-endpoints", "istiod ends as it starts, so that none is ready"),
        ControlPlane::LacksRights => Causes::possible("istiod-cannot-patch-webhook", "the ClusterRole of istiod is not the one of its version, and its rights to webhooks are in the same")
            .or("istiod-no-endpoints", "an istiod that waits for what it may not read does not become ready"),
        ControlPlane::NoInjector => Causes::certain("injector-not-serving", "istiod found no configuration of the injector when it started"),
        ControlPlane::NoConfiguration => Causes::likely("injector-not-serving", "an istiod that starts without the injector's ConfigMap serves no injector")
            .or("injector-config-stale", "one that runs goes on with what it knew"),
        ControlPlane::ConfigurationUnparsable => Causes::likely("injector-config-stale", "the injector's configuration does not parse, and istiod goes on with the old one"),
        ControlPlane::ValuesUnparsable => Causes::likely("injector-values", "the values in the injector's ConfigMap are not there, or do not parse")
            .or("template-version", "ConfigMap and istiod, or istioctl, may be of different versions"),
        ControlPlane::PolicyIllegal => Causes::certain("policy-illegal", "istiod does not know this value of policy, and injects nothing"),
        ControlPlane::InjectValue => Causes::certain("inject-value-invalid", "only \"true\" and \"false\" count"),
        ControlPlane::Skipped { of_deployment: true } => Causes::possible("policy-disabled", "the pod is a Deployment's, which has its own network mostly; so the policy or its label says no")
            .or("annotation-opted-out", "the pod's own annotation may say no")
            .or("host-network", "the pod may have the host's network"),
        ControlPlane::Skipped { of_deployment: false } => Causes::possible("host-network", "by its name the pod is not a Deployment's; agents on each node have the host's network mostly")
            .or("policy-disabled", "the policy may be disabled")
            .or("annotation-opted-out", "the pod's own annotation may say no"),
        ControlPlane::PrivilegedPort => Causes::certain("privileged-port", "a gateway without root has a port below 1024"),
        ControlPlane::Hangs => Causes::likely("istiod-failing", "istiod does not answer on its own port"),
        ControlPlane::CannotWriteRoot => Causes::certain("root-certificate-missing", "istiod may not write istio-ca-root-cert"),
    }
}
