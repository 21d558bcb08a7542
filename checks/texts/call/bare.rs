//! Errors of calls that are given without the call: only those whose words tell what they are about.

use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::party::{Party, is_istio_service};
use crate::texts::reading::{Reading, Values};
use crate::texts::transport::{self, Tls, Transport};
use crate::texts::value::Key;
use crate::texts::words::Part;

use super::Call;

/// Where they begin.
pub(in crate::texts) const BARE: &[Anchor] = &[
    Anchor {
        words: "x509: ",
        read: error,
    },
    Anchor {
        words: "no endpoints available for service",
        read: error,
    },
    Anchor {
        words: "no service port",
        read: error,
    },
    Anchor {
        words: "service \"",
        read: error,
    },
    Anchor {
        words: "no agent available",
        read: error,
    },
    Anchor {
        words: "address is not allowed",
        read: error,
    },
    Anchor {
        words: "unable to load root certificates",
        read: error,
    },
    Anchor {
        words: "cannot route to service with ClusterIP",
        read: error,
    },
];

fn error(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let part = Part::of(head.text, head.at.start..head.rest().end());
    let (error, after) = transport::read(part.message(), &mut values)?;
    if after.at > head.at.end + 200 {
        return None;
    }
    let named = |key| values.text(key, head.text);
    let service = named(Key::Service);
    let of_istio = service.is_some_and(is_istio_service);
    let party = match error {
        Transport::NoEndpoints | Transport::ServiceNotFound if of_istio => Party::Injector,
        Transport::NoAgent | Transport::AddressNotAllowed => Party::Unnamed,
        Transport::PortNotFound if of_istio => Party::Injector,
        Transport::PortNotFound => Party::Unnamed,
        Transport::ServiceUnroutable => Party::Unnamed,
        Transport::Tls(tls) => of_certificate(head, tls, &values)?,
        _ => return None,
    };
    let call = Call {
        party,
        policy: None,
        error: Some(error),
        of_log: false,
        of_pods: false,
    };
    let end = after.at;
    Some(values.into_reading(What::Call(call), head.at.start, end))
}

/// Whose certificate it is: Istio's own authority has the domain of the cluster as its name.
fn of_certificate(head: &Head, tls: Tls, values: &Values) -> Option<Party> {
    let named = |key| values.text(key, head.text);
    // The error is the whole of its message, and not the inner one of somebody else's.
    let before = head.before_in_message();
    let is_alone = !before.text.trim_end().ends_with([':', '"']);
    match tls {
        Tls::UnknownAuthority
            if named(Key::Authority).is_some_and(|name| name.ends_with("cluster.local")) =>
        {
            Some(Party::Injector)
        }
        Tls::UnknownAuthority | Tls::LegacyName if is_alone => Some(Party::Unnamed),
        Tls::BundleUnreadable => Some(Party::Unnamed),
        Tls::NoNames | Tls::WrongName => {
            let wanted = named(Key::Wanted)?;
            let of_cluster = wanted.ends_with(".svc") || wanted.contains(".svc.");
            match () {
                () if is_istio_service(wanted) => Some(Party::Injector),
                () if of_cluster => Some(Party::Foreign),
                () => None,
            }
        }
        _ => None,
    }
}
