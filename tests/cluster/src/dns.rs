//! The cluster's name server: knows the Services and nothing else.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};

use crate::api::Api;
use crate::json::text;

/// Where it listens: the address that installers give to CoreDNS.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);

/// The domain of Services.
const DOMAIN: &str = "svc.cluster.local";

/// The head of a message, RFC 1035.
const HEADER: usize = 12;

/// Names in lower case, and their addresses.
type Names = BTreeMap<String, Ipv4Addr>;

/// Answers from now on.
pub(crate) fn start(api: Api) -> Result<()> {
    let socket = UdpSocket::bind((ADDRESS, 53)).context("cannot serve names")?;
    let names = Arc::new(Mutex::new(Names::new()));
    api.follow("/api/v1/services", {
        let names = Arc::clone(&names);
        move |services| {
            let known = services.values().filter_map(|service| {
                let address = text(service, "/spec/clusterIP").parse().ok()?;
                let name = text(service, "/metadata/name");
                let namespace = text(service, "/metadata/namespace");
                Some((format!("{name}.{namespace}.{DOMAIN}"), address))
            });
            *names.lock().unwrap_or_else(PoisonError::into_inner) = known.collect();
        }
    });
    thread::spawn(move || {
        let mut buffer = [0; 512];
        loop {
            let Ok((length, client)) = socket.recv_from(&mut buffer) else {
                continue;
            };
            let names = names.lock().unwrap_or_else(PoisonError::into_inner);
            let query = buffer.get(..length).unwrap_or_default();
            if let Some(reply) = reply(query, &names) {
                // Who does not get it asks again.
                let _ = socket.send_to(&reply, client);
            }
        }
    });
    Ok(())
}

/// The answer to a query with one question.
fn reply(query: &[u8], names: &Names) -> Option<Vec<u8>> {
    let (name, end) = name(query)?;
    // The type and the class of the question.
    let kind = query.get(end..end + 4)?;
    let address = names.get(&name);
    let answer = address.filter(|_| kind == [0, 1, 0, 1]);

    let mut reply = query.get(..2)?.to_vec();
    // An authoritative answer; a name error where the name is unknown.
    reply.extend([0x85, if address.is_some() { 0x80 } else { 0x83 }]);
    reply.extend([0, 1, 0, u8::from(answer.is_some()), 0, 0, 0, 0]);
    reply.extend(query.get(HEADER..end + 4)?);
    if let Some(address) = answer {
        // The name of the question, type A, class IN, five seconds, four bytes.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4]);
        reply.extend(address.octets());
    }
    Some(reply)
}

/// The name of the question, and where it ends.
fn name(query: &[u8]) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        let label = query.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u8) -> Vec<u8> {
        let mut query = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).unwrap());
            query.extend(label.bytes());
        }
        query.extend([0, 0, kind, 0, 1]);
        query
    }

    #[test]
    fn services_have_addresses_and_no_other_name_exists() {
        let name = "istiod.istio-system.svc.cluster.local";
        let address = Ipv4Addr::new(10, 96, 1, 2);
        let names = Names::from([(name.to_owned(), address)]);
        let answer = reply(&query("Istiod.istio-system.svc.cluster.local", 1), &names).unwrap();
        assert_eq!(answer.get(..8).unwrap(), [7, 9, 0x85, 0x80, 0, 1, 0, 1]);
        assert!(answer.ends_with(&[0, 4, 10, 96, 1, 2]));

        let no_ipv6 = reply(&query(name, 28), &names).unwrap();
        assert_eq!(no_ipv6.get(2..8).unwrap(), [0x85, 0x80, 0, 1, 0, 0]);
        let unknown = reply(&query("istiod.istio-system.svc", 1), &names).unwrap();
        assert_eq!(unknown.get(2..8).unwrap(), [0x85, 0x83, 0, 1, 0, 0]);
        assert_eq!(reply(&[0; 12], &names), None);
    }
}
