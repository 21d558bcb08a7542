//! What tcpdump and sudo say in the sidecar. Source: `pcap.c` of libpcap (1.0 to 1.10), and sudo (1.8 to 1.9).

use super::Proxy;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "don't have permission to capture on that device",
        read: denied,
    },
    Anchor {
        words: "don't have permission to perform this capture",
        read: denied,
    },
    Anchor {
        words: "no new privileges",
        read: without_privileges,
    },
    // Before sudo knew of that flag.
    Anchor {
        words: "sudo: effective uid is not 0",
        read: without_privileges,
    },
];

fn denied(head: &Head) -> Option<Reading> {
    let what = What::Proxy(Proxy::CaptureDenied);
    let end = head.message().end();
    Some(Values::default().into_reading(what, head.at.start, end))
}

/// Of sudo only where it is about a sidecar, or about a capture.
fn without_privileges(head: &Head) -> Option<Reading> {
    let is_meant = head.surroundings.mesh || head.around().has("tcpdump");
    is_meant.then(|| denied(head))?
}
