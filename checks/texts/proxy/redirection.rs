//! istio-init and istio-validation. Source: `tools/istio-iptables` of Istio; `iptables` (1.6 to 1.8) and its libraries.

use super::Proxy;
use crate::texts::What;
use crate::texts::head::{Anchor, Head};
use crate::texts::reading::{Reading, Values};
use crate::texts::value::Key;
use crate::texts::words::{Part, floor, has};

pub(super) const ANCHORS: &[Anchor] = &[
    Anchor {
        words: "permission denied (you must be root)",
        read: rights,
    },
    Anchor {
        words: "initialize iptables table",
        read: iptables,
    },
    Anchor {
        words: "initialize ip6tables table",
        read: iptables,
    },
    Anchor {
        words: "unable to initialize table",
        read: iptables,
    },
    Anchor {
        words: "the xtables lock",
        read: iptables,
    },
    Anchor {
        words: "iptables: chain already exists",
        read: iptables,
    },
    Anchor {
        words: "iptables: no chain/target/match by that name",
        read: iptables,
    },
    Anchor {
        words: "executeiptablesrestorecommand",
        read: iptables,
    },
    Anchor {
        words: "iptables-restore: line ",
        read: iptables,
    },
    Anchor {
        words: "failed to initialize nft",
        read: iptables,
    },
    Anchor {
        words: "couldn't load match `",
        read: iptables,
    },
    Anchor {
        words: "couldn't load target `",
        read: iptables,
    },
    Anchor {
        words: "couldn't load match '",
        read: iptables,
    },
    Anchor {
        words: "couldn't load target '",
        read: iptables,
    },
    Anchor {
        words: "do you need to insmod",
        read: iptables,
    },
    Anchor {
        words: "failed to execute: iptables",
        read: iptables,
    },
    Anchor {
        words: "failed to execute: ip6tables",
        read: iptables,
    },
    Anchor {
        words: "command error output: xtables",
        read: iptables,
    },
    Anchor {
        words: "command error: xtables",
        read: iptables,
    },
    Anchor {
        words: "nftables run failed",
        read: iptables,
    },
    Anchor {
        words: "nft binary is missing",
        read: iptables,
    },
    Anchor {
        words: "istio-init",
        read: init,
    },
    Anchor {
        words: "istio-validation",
        read: validating,
    },
    Anchor {
        words: "error connecting to ",
        read: connecting,
    },
    Anchor {
        words: "validation timeout",
        read: validation,
    },
    Anchor {
        words: "iptables validation failed",
        read: validation,
    },
    Anchor {
        words: "workload is not ready for istio",
        read: validation,
    },
    Anchor {
        words: "126",
        read: code,
    },
];

fn iptables(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    // Source: `tools/istio-iptables/pkg/constants`: the tables that istio-init writes.
    let is_of_istio = |table: &str| matches!(table, "nat" | "mangle" | "raw");
    if head.words().text.to_ascii_lowercase().ends_with(" table") {
        let (table, _) = head.message().quoted()?;
        if !is_of_istio(table.text) {
            return None;
        }
    }
    // Other programs write rules too.
    const OTHERS: &[&str] = &[
        "kube-proxy",
        "docker",
        "calico",
        "kube-router",
        "weave",
        "firewalld",
        "libnetwork",
        "ufw",
        "linkerd",
    ];
    if OTHERS.iter().any(|other| head.around().has(other)) && !head.surroundings.mesh {
        return None;
    }
    let before = head.before_in_message();
    let start = before
        .text
        .rfind("ptables")
        .map_or(head.at.start, |at| (before.at + at).saturating_sub(1));
    values.add(
        Key::Reason,
        Part::of(head.text, head.at.start..head.message().end()),
    );
    let end = head.message().end();
    Some(values.into_reading(What::Proxy(Proxy::Iptables), start, end))
}

/// `iptables v1.6.0: ...: Permission denied (you must be root)`.
fn rights(head: &Head) -> Option<Reading> {
    head.before_in_message()
        .has("ptables")
        .then(|| iptables(head))?
}

/// `istio-init` beside words of failure: in the status of a pod, or in what the container says.
fn init(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    const SIGNS: &[&str] = &[
        "start failed",
        "crashloopbackoff",
        "operation not permitted",
        "exit status",
        "iptables",
        "exit code",
    ];
    let message = head.message();
    let restarts = head.before_in_message().has("restarting failed container");
    if !restarts && !SIGNS.iter().any(|sign| message.has(sign)) {
        return None;
    }
    values.add(Key::Container, head.words());
    Some(values.into_reading(What::Proxy(Proxy::Iptables), head.at.start, message.end()))
}

/// `istio-validation` beside words of failure.
fn validating(head: &Head) -> Option<Reading> {
    const SIGNS: &[&str] = &[
        "fail",
        "unable",
        "crashloopbackoff",
        "exit code",
        "exited with",
        "connection refused",
    ];
    let message = head.message();
    let restarts = head.before_in_message().has("restarting failed container");
    let mut values = Values::default();
    values.add(Key::Container, head.words());
    (restarts || SIGNS.iter().any(|sign| message.has(sign))).then(|| {
        let what = What::Proxy(Proxy::NotRedirected);
        values.into_reading(what, head.at.start, head.at.end)
    })
}

fn validation(head: &Head) -> Option<Reading> {
    let values = Values::default();
    let before = head.before_in_message();
    let is_timeout = head.words().has("timeout");
    // The agent's log has the level before its message, and nothing comes after it.
    let of_agent = before.text.trim_end().is_empty()
        || ["error", "err", "info", "warn"]
            .iter()
            .any(|level| before.text.trim_end().ends_with(level));
    let ends = head.message().text.trim().is_empty();
    let is_meant = !is_timeout || of_agent && ends || head.surroundings.mesh;
    is_meant.then(|| {
        values.into_reading(
            What::Proxy(Proxy::NotRedirected),
            head.at.start,
            head.at.end,
        )
    })
}

/// istio-validation calls a port that only redirection leads to its own. Source: `tools/istio-iptables/pkg/validation` of
/// Istio.
fn connecting(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let (address, _) = head.message().word();
    values.add(Key::Address, address);
    address.text.ends_with(":15002").then(|| {
        values.into_reading(
            What::Proxy(Proxy::NotRedirected),
            head.at.start,
            address.end(),
        )
    })
}

/// istio-validation ends with code 126 where it finds no rules.
fn code(head: &Head) -> Option<Reading> {
    let mut values = Values::default();
    let before = head.before();
    let near = before
        .text
        .char_indices()
        .rev()
        .nth(16)
        .map_or(0, |(at, _)| at);
    let (_, near) = before.cut(near);
    let is_code = near.has("code") || near.has("exited with") || near.has("exit status");
    let is_meant = is_code
        && head.text.get(..head.at.start).is_some_and(|text| {
            let far = floor(text, text.len().saturating_sub(4000));
            text.get(far..)
                .is_some_and(|text| has(text, "istio-validation"))
        });
    values.add(Key::Status, head.words());
    is_meant.then(|| {
        values.into_reading(
            What::Proxy(Proxy::NotRedirected),
            head.at.start,
            head.at.end,
        )
    })
}
