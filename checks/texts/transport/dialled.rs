//! The address that was dialled, and the name that was looked up.

use crate::texts::reading::Values;
use crate::texts::value::Key;
use crate::texts::words::Part;

/// Reads what stands before the words of an error: `dial tcp 10.0.0.1:443: connect: `. Returns whether a name was being
/// looked up: the address after that is the one of a name server.
pub(super) fn read(before: Part, values: &mut Values) -> bool {
    // Only the part next to the error is about it.
    let near = before
        .text
        .char_indices()
        .rev()
        .nth(200)
        .map_or(0, |(at, _)| at);
    let (_, near) = before.cut(near);
    match near.after("lookup ") {
        Some(looked_up) => values.add(Key::Host, looked_up.word().0),
        None => drop(dialled(near, values)),
    }
    near.has("lookup ")
}

/// Reads the address after `dial tcp`, or the remote one of `read tcp LOCAL->REMOTE`.
fn dialled(part: Part, values: &mut Values) -> Option<()> {
    let after = ["dial tcp ", "dial udp ", "->"]
        .into_iter()
        .find_map(|words| part.after(words))?;
    address(after, values)
}

/// Reads `10.0.0.1:443` or `[fd00::1]:443` at the beginning.
fn address(part: Part, values: &mut Values) -> Option<()> {
    let part = part.trim_start();
    let (address, rest) = match part.text.starts_with('[') {
        true => {
            let (address, rest) = part.cut(1).1.split("]:")?;
            (address, rest)
        }
        false => {
            let (address, rest) = part.take(|c| c.is_ascii_digit() || c == '.');
            (address, rest.strip(":")?)
        }
    };
    if address.text.parse::<std::net::IpAddr>().is_err() {
        return None;
    }
    values.add(Key::Address, address);
    let (port, _) = rest.take(|c| c.is_ascii_digit());
    values.add(Key::DialledPort, port);
    Some(())
}
