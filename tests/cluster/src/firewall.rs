//! Drops what goes to some addresses without a word, as a network plugin or a firewall between nodes does. There is no
//! netfilter in every kernel; a route that leads nowhere has the same effect.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
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

/// The addresses to which nothing gets through.
#[derive(Default)]
pub(crate) struct Firewall(BTreeSet<SocketAddr>);

impl Firewall {
    /// From now on these and no others.
    pub(crate) fn drop_only(&mut self, addresses: BTreeSet<SocketAddr>) {
        for address in addresses.difference(&self.0) {
            rule("add", address);
        }
        for address in self.0.difference(&addresses) {
            rule("del", address);
        }
        self.0 = addresses;
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

fn rule(verb: &str, address: &SocketAddr) {
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let arguments = [
        "rule", verb, "pref", "10", "to", &ip, "ipproto", "tcp", "dport", &port, "lookup", NOWHERE,
    ];
    let done = Command::new("ip").args(arguments).status();
    if !done.is_ok_and(|status| status.success()) {
        crate::tell(&format!("ip {} failed", arguments.join(" ")));
    }
}
