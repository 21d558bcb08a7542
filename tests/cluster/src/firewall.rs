//! Drops what goes to some addresses without a word, as a network plugin or a firewall between nodes does. There is no
//! netfilter in every kernel; a route that leads nowhere has the same effect.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};

/// The routing table that leads nowhere; `network.rs` sets it up.
const NOWHERE: &str = "100";

/// The preference of the rules that scenarios make, before those of NetworkPolicies.
const SCENARIO: &str = "5";

/// The device to which scenarios send what is to get lost.
const DEVICE: &str = "nowhere";

/// How often a connection is tried again.
const SYN_RETRIES: &str = "/proc/sys/net/ipv4/tcp_syn_retries";

/// As Linux has it.
const DEFAULT_RETRIES: &str = "6";

/// What is dropped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dropped {
    /// What anybody sends there.
    To(SocketAddr),
    /// What this address sends to a port of anybody's.
    From(IpAddr, u16),
}

/// What does not get through.
#[derive(Default)]
pub(crate) struct Firewall(BTreeSet<Dropped>);

impl Firewall {
    /// From now on this and nothing else.
    pub(crate) fn drop_only(&mut self, dropped: BTreeSet<Dropped>) {
        for one in dropped.difference(&self.0) {
            rule("add", *one);
        }
        for one in self.0.difference(&dropped) {
            rule("del", *one);
        }
        self.0 = dropped;
    }
}

/// Takes away what a scenario made: rules, by their preference, the device that drops all, and the haste to give up.
pub(crate) fn forget_scenario() {
    let succeeds = |arguments: &[&str]| {
        let mut ip = Command::new("ip");
        ip.args(arguments).stderr(Stdio::null());
        ip.status().is_ok_and(|status| status.success())
    };
    while succeeds(&["rule", "del", "pref", SCENARIO]) {}
    succeeds(&["link", "del", DEVICE]);
    if fs::write(SYN_RETRIES, DEFAULT_RETRIES).is_err() {
        crate::tell(&format!("cannot write {SYN_RETRIES}"));
    }
}

fn rule(verb: &str, dropped: Dropped) {
    let (end, ip, port, action) = match dropped {
        Dropped::To(address) => ("to", address.ip(), address.port(), &["lookup", NOWHERE][..]),
        // What a pod sends is only passed on here. Whoever sends something from here would be told of a black hole.
        Dropped::From(ip, port) => ("from", ip, port, &["blackhole"][..]),
    };
    let (ip, port) = (ip.to_string(), port.to_string());
    let what = [
        "rule", verb, "pref", "10", end, &ip, "ipproto", "tcp", "dport", &port,
    ];
    let arguments = [&what[..], action].concat();
    let done = Command::new("ip").args(&arguments).status();
    if !done.is_ok_and(|status| status.success()) {
        crate::tell(&format!("ip {} failed", arguments.join(" ")));
    }
}
