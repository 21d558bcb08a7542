//! Images that cannot be pulled.

use super::Node;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "failed to pull image",
        read: image,
    },
    Anchor {
        words: "back-off pulling image",
        read: image,
    },
    Anchor {
        words: "failed to pull and unpack image",
        read: image,
    },
    Anchor {
        words: "failed to resolve reference",
        read: image,
    },
    Anchor {
        words: "pull access denied for ",
        read: image,
    },
    Anchor {
        words: "manifest for ",
        read: no_manifest,
    },
    Anchor {
        words: "failed to apply default image tag",
        read: image,
    },
];

/// Names of Istio's images end in these.
const IMAGES: &[&str] = &[
    "proxyv2",
    "proxy_init",
    "install-cni",
    "ztunnel",
    "pilot",
    "sidecar_injector",
];

fn image(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (image, rest) = message.name();
    values.add(Key::Image, image);
    let name = name_of(image.text);
    let node = match () {
        () if name == "auto" => Node::ImageAuto,
        () if IMAGES.contains(&name) || image.text.contains("istio/") => Node::ImagePull,
        () => return None,
    };
    values.add(Key::Reason, rest.strip(":").unwrap_or(rest).trim());
    Some(values.into_reading(What::Node(node), head.at.start, message.end()))
}

/// `manifest for IMAGE not found`, of Docker.
fn no_manifest(head: &Head) -> Option<Reading> {
    let (_, rest) = head.message().name();
    rest.strip("not found").and_then(|_| image(head))
}

/// The last part of an image's name, without tag and digest.
fn name_of(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split('@').next().unwrap_or(name);
    name.split(':').next().unwrap_or(name)
}
