//! What an error of a certificate names.

use super::Tls;
use crate::texts::reading::Values;
use crate::texts::value::Key;
use crate::texts::words::Part;

/// Reads the names after the words of an error. Source: `HostnameError` and `UnknownAuthorityError` in Go's
/// `crypto/x509/verify.go`.
pub(super) fn read(tls: Tls, words: Part, after: Part, values: &mut Values) {
    let message = after.message();
    match tls {
        Tls::WrongName if words.has("cannot validate certificate for") => {
            values.add(Key::Wanted, message.word().0);
        }
        Tls::WrongName => {
            if let Some((valid, wanted)) = message.split(", not ") {
                values.add(Key::ValidFor, valid.trim());
                values.add(Key::Wanted, wanted.word().0);
            }
        }
        Tls::NoNames => {
            if let Some(wanted) = message.after("wanted to match ") {
                values.add(Key::Wanted, wanted.word().0);
            }
        }
        Tls::UnknownAuthority => {
            if let Some(authority) = message.after("candidate authority certificate ")
                && let Some((name, _)) = authority.quoted()
            {
                values.add(Key::Authority, name);
            }
        }
        Tls::Expired => {
            if let Some(reason) = message.after("current time ") {
                values.add(Key::Reason, reason.until(";").trim());
            }
        }
        _ => {}
    }
}
