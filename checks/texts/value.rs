//! The names and figures that a text gives.

use std::ops::Range;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The entry of a webhook configuration that was called, or that refuses.
    Webhook,
    /// The URL that was called.
    Url,
    /// The host of that URL, or the one that was looked up.
    Host,
    /// The Service that was called.
    Service,
    /// The namespace of the Service, or of the object.
    Namespace,
    /// The port that was called.
    Port,
    /// The path that was called.
    Path,
    /// The IP address that was dialled.
    Address,
    /// The port that was dialled at that address.
    DialledPort,
    /// The words of the error itself.
    Error,
    /// The HTTP status.
    Status,
    /// The apiVersion of the answer of a webhook.
    Answered,
    /// The names that a certificate is valid for.
    ValidFor,
    /// The name that was wanted, of a certificate.
    Wanted,
    /// The certificate of an authority that was tried.
    Authority,
    /// A kind of object.
    Kind,
    /// An object that the text is about.
    Object,
    /// The pod.
    Pod,
    /// A container, or several.
    Container,
    /// A volume, or several.
    Volume,
    /// An annotation or label.
    Field,
    /// The value of that.
    Value,
    /// Why a value is refused.
    Reason,
    /// A template of the injector.
    Template,
    /// A function of a template.
    Function,
    /// What there is to choose from.
    Available,
    /// The level of Pod Security, with its version.
    Level,
    /// A rule or policy that is violated.
    Policy,
    /// The binding of a policy.
    Binding,
    /// A quota.
    Quota,
    /// What was asked for.
    Requested,
    /// What is used already.
    Used,
    /// The limit.
    Limited,
    /// What has to be given and is not.
    Missing,
    /// An account, or a user.
    Account,
    /// A verb of a permission.
    Verb,
    /// A resource, of a permission or of a quota.
    Resource,
    /// An image.
    Image,
    /// A plugin of the container network.
    Plugin,
    /// A program.
    Program,
    /// A type of xDS resource.
    Type,
    /// How many were accepted or rejected.
    Rejected,
    /// A listener or another resource of Envoy.
    Listener,
    /// Another manager of a field.
    Manager,
    /// The configuration of a webhook.
    Configuration,
    /// The code of a message of istioctl.
    Code,
    /// A label that two ask for.
    Labels,
}

impl Key {
    /// Its name in JSON, and before the value in text.
    pub fn name(self) -> String {
        let name = format!("{self:?}");
        let mut letters = name.chars();
        let first = letters.next().map(|c| c.to_ascii_lowercase());
        first.into_iter().chain(letters).collect()
    }
}

/// A name or figure, and its place in the text as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Value {
    /// What it is.
    pub key: Key,
    /// As the text has it, with its escapes.
    pub text: String,
    /// Where it stands: bytes of the text.
    pub place: Range<usize>,
}
