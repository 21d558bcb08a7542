//! caBundle is somebody else's root, or istiod's out of its time.

use std::fmt;

use crate::facts::kinds::Pod;
use k8s_openapi::api::admissionregistration::v1::ServiceReference;
use k8s_openapi::api::core::v1::Container;

use super::bytes::{ca_bundle, root_certificate};
use super::empty::{Empty, not_empty};
use super::not_pem::{NotPem, readable};
use super::root;
use crate::facts::Missing;
use crate::rules::certificates::{Trust, md5_hex};
use crate::texts::{Tls, Transport};
use crate::way::Case;
use crate::way::changes::changed;
use crate::way::injector::{environment, istiod_container, label};
use crate::way::names;
use crate::way::reached::api_server_error;
use crate::way::reached::certificate::Expired;
use crate::way::reached::istiod::Istiod;
use crate::way::reached::step::{Entry, Step};

/// caBundle does not vouch for istiod's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The webhook configuration.
    pub webhook: String,
    /// How caBundle and root differ.
    pub why: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not trust istiod: {}", self.webhook, self.why)
    }
}

/// Whether caBundle vouches for the root under which istiod's certificate is issued; `istiod` and its
/// pods where they are known.
pub fn trusted<O>(
    case: &Case,
    entry: Entry,
    service: &ServiceReference,
    istiod: Option<(&Istiod, &[&Pod])>,
) -> Step<(), O>
where
    O: From<Empty> + From<NotPem> + From<Mismatch> + From<Expired>,
{
    if let Err(empty) = not_empty(entry) {
        return Ok(Err(empty.into()));
    }
    if let Err(not_pem) = readable(case, entry) {
        return Ok(Err(not_pem.into()));
    }
    let Entry {
        configuration,
        webhook,
    } = entry;
    let Some(root) = root_certificate(case, &service.namespace)? else {
        return Err(Missing(format!(
            "istio-ca-root-cert is absent from {}, so istiod's root is not visible",
            service.namespace
        )));
    };
    let bytes = ca_bundle(webhook);
    let mismatch = |why| Mismatch {
        webhook: entry.name(),
        why,
    };
    let (obstacle, doubt): (O, _) = match case.trusts(bytes, root) {
        Trust::Verifies => return Ok(Ok(())),
        Trust::Expired { why } => {
            let anchors = case.bundle(bytes);
            let expired = Expired {
                webhook: entry.name(),
                why,
            };
            if anchors
                .certificates
                .iter()
                .all(|one| one.out_of_time(case.now()).is_some())
            {
                return Ok(Err(expired.into()));
            }
            (expired.into(), None)
        }
        Trust::Fails { why } => {
            let (ours, theirs) = (md5_hex(bytes), md5_hex(root.as_bytes()));
            let why = format!("caBundle (md5 {ours}) is not istiod's root (md5 {theirs}): {why}");
            (mismatch(why).into(), None)
        }
        Trust::CannotTell { why } => (mismatch(why.clone()).into(), Some(why)),
    };
    if istiod.is_some_and(|(istiod, pods)| root::is_own_work(configuration, webhook, istiod, pods))
    {
        return Ok(Ok(()));
    }
    let error = api_server_error::of(case, entry);
    let unknown = Some(Transport::Tls(Tls::UnknownAuthority));
    if matches!(&error, Ok(Some(error)) if error.transport == unknown) {
        return Ok(Err(obstacle));
    }
    if let Some(doubt) = doubt {
        return Err(Missing(doubt));
    }
    let pods = istiod.map_or(&[][..], |(_, pods)| pods);
    let mut containers = pods.iter().filter_map(|pod| istiod_container(pod));
    if let Some(source) = containers.find_map(other_certificate) {
        return Err(Missing(format!(
            "istiod serves with the certificate of {source}, whose root is not visible"
        )));
    }
    let own = istiod.map(|(istiod, _)| istiod.revision.as_str());
    let own = own.or_else(|| label(configuration, names::ISTIO_REV));
    let others = root::others(case, &service.namespace, own.unwrap_or_default())?;
    let (bundle, root) = (case.bundle(bytes), case.bundle(root.as_bytes()));
    if others.is_empty() || root::is_outdated(&bundle, &root, pods) {
        return Ok(Err(obstacle));
    }
    error?;
    Err(Missing(format!(
        "caBundle is not valid for istio-ca-root-cert, which may be the root of another istiod ({}): cannot tell \
         whether it is valid for this istiod",
        others.join(", ")
    )))
}

/// A caBundle that somebody out of sight is not trusted by, as the API server says, unless it was changed since.
///
/// # Errors
/// [`Missing`] where it was not read whether a refusal stands.
pub fn distrusted(case: &Case, entry: Entry) -> Result<Option<Mismatch>, Missing> {
    let changed = || {
        let metadata = &entry.configuration.metadata;
        let changed = changed("mutatingwebhookconfiguration", metadata);
        Ok(changed.into_iter().collect())
    };
    let error = api_server_error::standing(case, entry, changed)?;
    let unknown = Some(Transport::Tls(Tls::UnknownAuthority));
    let error = error.filter(|error| error.transport == unknown);
    Ok(error.map(|error| Mismatch {
        webhook: entry.name(),
        why: error.text,
    }))
}

/// Where an istiod that does not sign its own certificate has it from.
fn other_certificate(container: &Container) -> Option<String> {
    let arguments = container.args.iter().flatten();
    let file = arguments
        .filter(|argument| argument.starts_with("--tlsCertFile"))
        .map(|argument| format!("argument {argument}"));
    let provider = environment(container, "PILOT_CERT_PROVIDER")
        .filter(|provider| !matches!(*provider, "" | "istiod"))
        .map(|provider| format!("PILOT_CERT_PROVIDER={provider}"));
    file.chain(provider).next()
}
