//! What istiod says, and what the API server says about its rights.

mod injector;
mod patcher;
mod serving;

use super::head::Anchor;

/// What is wrong with the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ControlPlane {
    /// istiod's own webhook cannot be called by the API server.
    WebhookNotReady {
        /// It has tried more often than while it starts.
        often: bool,
    },
    /// istiod cannot write the webhook's configuration.
    CannotPatch,
    /// The webhook's configuration is not there.
    NoWebhook,
    /// The webhook's configuration is not labelled with istiod's revision.
    OtherRevision,
    /// The webhook's configuration has no entry of the name that istiod fills in.
    OtherEntry,
    /// The API server has no webhooks of this version.
    NoWebhookApi,
    /// Somebody else writes the webhook's configuration as well.
    FoughtOver {
        /// It is the one that validates.
        validating: bool,
    },
    /// The API server does not trust istiod's certificate.
    NotTrusted,
    /// istiod has no certificate to serve with.
    NoCertificate,
    /// istiod does not take the certificate of a client.
    ClientNotTrusted,
    /// istiod ends as it starts.
    NotStarting,
    /// istiod may not do what it needs to.
    LacksRights,
    /// istiod serves no injector.
    NoInjector,
    /// The injector's ConfigMap is not there.
    NoConfiguration,
    /// The injector's configuration does not parse, so that the old one goes on.
    ConfigurationUnparsable,
    /// The values of the injector's ConfigMap are not there, or do not parse.
    ValuesUnparsable,
    /// The policy of the injector has a value that istiod does not know.
    PolicyIllegal,
    /// A value of the label or annotation that is neither true nor false.
    InjectValue,
    /// istiod skips a pod.
    Skipped {
        /// The name is that of a Deployment's pod.
        of_deployment: bool,
    },
    /// A gateway may not bind the port of a Service.
    PrivilegedPort,
    /// istiod does not answer on its own port.
    Hangs,
    /// istiod may not write the ConfigMap with the root certificate.
    CannotWriteRoot,
}

/// Where their grammars begin.
pub(super) const CONTROL_PLANE: &[&[Anchor]] =
    &[patcher::ANCHORS, injector::ANCHORS, serving::ANCHORS];
