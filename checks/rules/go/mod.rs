//! The parsers of Go's standard library on which the answers of istiod and the API server rest, where Rust's own
//! differ from them (Go 1.26: `strconv`, `strings`, `time`, `net`, `net/netip`, `net/url`).

mod address;
mod duration;
mod network;
mod number;
mod text;
mod url;

pub(crate) use address::{is_prefix, parse_addr, parse_ip_sloppy, split_host_port, unmapped};
pub(crate) use duration::parse_duration;
pub(crate) use network::Network;
pub(crate) use number::{atoi, parse_bool, parse_uint};
pub(crate) use text::to_lower;
pub(crate) use url::Url;
