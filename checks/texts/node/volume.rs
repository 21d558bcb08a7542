//! Volumes that cannot be mounted. Source: `pkg/kubelet/volumemanager` and `pkg/volume` of Kubernetes (1.16 to 1.36);
//! the volumes of `files/injection-template.yaml` of Istio.

use super::Node;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "mountvolume.setup failed for volume",
        read: set_up,
    },
    Anchor {
        words: "unable to mount volumes for pod",
        read: unmounted,
    },
    Anchor {
        words: "unable to attach or mount volumes",
        read: unmounted,
    },
    Anchor {
        words: "unmounted volumes=[",
        read: unmounted,
    },
    Anchor {
        words: "\"istio-ca-root-cert\" not found",
        read: root_certificate,
    },
    Anchor {
        words: "istio-ca-root-cert not found",
        read: root_certificate,
    },
    Anchor {
        words: "secrets/istio/root-cert.pem",
        read: unreadable_root,
    },
    Anchor {
        words: "does not have tokenrequest endpoints enabled",
        read: token_request,
    },
];

fn set_up(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let (volume, rest) = message.name();
    values.add(Key::Volume, volume);
    let reason = rest.trim_start();
    let reason = reason.strip(":").unwrap_or(reason).trim();
    let missing = object(reason, &mut values);
    let node = match (volume.text, missing) {
        ("istiod-ca-cert", _) => Node::RootCertificate,
        (_, Some("istio-ca-root-cert")) => Node::RootCertificate,
        ("istio-token", _) => Node::Token,
        ("custom-bootstrap-volume", _) => Node::Bootstrap,
        ("istio-certs", _) => Node::CitadelSecret,
        (_, Some(name)) if name.starts_with("istio.") => Node::CitadelSecret,
        _ => return None,
    };
    values.add(Key::Reason, reason);
    Some(values.into_reading(What::Node(node), head.at.start, message.end()))
}

/// The ConfigMap or Secret that is not found.
fn object<'t>(reason: Part<'t>, values: &mut Values) -> Option<&'t str> {
    for kind in ["configmap ", "configmaps ", "secret ", "secrets "] {
        if let Some((name, _)) = reason.after(kind).and_then(Part::quoted) {
            values.add(Key::Object, name);
            return Some(name.text);
        }
    }
    None
}

/// `list of unmounted volumes=[A B]`, `unmounted volumes=[A B]`.
fn unmounted(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let message = head.message();
    let list = match head.words().has("volumes=[") {
        true => message,
        false => message.after("unmounted volumes=[")?,
    };
    let list = list.until("]");
    values.add(Key::Volume, list);
    if let Some((pod, _)) = message.quoted() {
        values.add(Key::Pod, pod);
    }
    let has = |name: &str| list.text.split([' ', ',']).any(|one| one == name);
    let node = match () {
        () if has("istiod-ca-cert") => Node::RootCertificate,
        () if has("istio-token") => Node::Token,
        () if has("istio-certs") => Node::CitadelSecret,
        () if has("custom-bootstrap-volume") => Node::Bootstrap,
        () => return None,
    };
    Some(values.into_reading(What::Node(node), head.at.start, list.end()))
}

fn root_certificate(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (name, _) = head.words().text.split_at_checked(1)?;
    let object = match name {
        "\"" => head.words().cut(1).1.until("\""),
        _ => head.words().word().0,
    };
    values.add(Key::Object, object);
    Some(values.into_reading(
        What::Node(Node::RootCertificate),
        head.at.start,
        head.at.end,
    ))
}

/// `open ./var/run/secrets/istio/root-cert.pem: no such file or directory`, `root CA file for XDS does not exist PATH`.
/// Source: `pkg/istio-agent/agent.go` of Istio (1.10 to 1.31).
fn unreadable_root(head: &Head) -> Option<Reading> {
    let values = Values::default();
    let is_missing =
        head.message().has("no such file") || head.before_in_message().has("does not exist");
    is_missing.then(|| {
        values.into_reading(
            What::Node(Node::RootCertificate),
            head.at.start,
            head.at.end,
        )
    })
}

fn token_request(head: &Head) -> Option<Reading> {
    let values = Values::default();
    Some(values.into_reading(What::Node(Node::Token), head.at.start, head.at.end))
}
