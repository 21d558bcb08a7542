//! The Service and port that an error of the API server names. Source: `k8s.io/apiserver/pkg/util/proxy/proxy.go`.

use super::Transport;
use crate::texts::reading::Values;
use crate::texts::value::Key;
use crate::texts::words::Part;

pub(super) fn read(means: Transport, words: Part, after: Part, values: &mut Values) {
    let message = after.message();
    match means {
        Transport::ServiceNotFound => {
            let key = match words.has("namespace") {
                true => Key::Namespace,
                false => Key::Service,
            };
            values.add(key, message.until("\""));
        }
        Transport::PortNotFound => {
            let (port, rest) = message.name();
            values.add(Key::Port, port);
            if let Some((service, _)) = rest.next_quoted() {
                values.add(Key::Service, service);
            }
        }
        Transport::NoEndpoints => values.add(Key::Service, message.name().0),
        Transport::ServiceUnroutable => values.add(Key::Value, message.name().0),
        _ => {}
    }
}
