//! What istioctl, kubectl and Helm say.

mod conflict;
mod istioctl;
mod manifest;
mod rows;

use super::head::Anchor;
pub use istioctl::Message;

/// What a tool tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// A message of istioctl.
    Istioctl(Message),
    /// Another manager holds fields of a webhook.
    Conflict {
        /// It is the one of a platform, which rewrites selectors.
        of_platform: bool,
    },
    /// The webhook's configuration belongs to another installation.
    NotOwned {
        /// It is the one that validates.
        validating: bool,
    },
    /// A label or annotation has a boolean where a string has to be.
    Boolean,
    /// A sidecar never took what istiod sent.
    NeverAcknowledged,
    /// A Job's pod goes on although its own container has ended.
    JobGoesOn,
}

/// Where their grammars begin.
pub(super) const TOOLS: &[&[Anchor]] = &[
    istioctl::ANCHORS,
    conflict::ANCHORS,
    manifest::ANCHORS,
    rows::ANCHORS,
];
