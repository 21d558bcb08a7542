//! What is in the images. There is no registry: a container has the programs of the machine, and that of a proxy's image
//! has what Istio puts there, too.

use std::path::PathBuf;

use serde_json::Value;

use crate::envoy;
use crate::json::text;
use crate::tools::Tools;

/// The programs and settings of an image.
pub(super) struct Image {
    /// What runs where the container has no command: the program and its first arguments.
    pub(super) entrypoint: &'static [&'static str],
    /// What runs it where the pod does not say.
    pub(super) user: u32,
    /// The files of the image: on the machine, and in the container.
    pub(super) files: Vec<(PathBuf, &'static str)>,
}

/// `Dockerfile.proxyv2` of Istio 1.31.
const PILOT_AGENT: &str = "/usr/local/bin/pilot-agent";
const ENVOY: &str = "/usr/local/bin/envoy";
const BOOTSTRAP: &str = "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json";

/// Where [`Image::files`] are that the machine's own programs would hide.
pub(super) const PROGRAMS: &str = "/usr/local/bin";

/// The user of Istio's images of the proxy.
const PROXY_USER: u32 = 1337;

impl Image {
    /// The image of a container.
    pub(super) fn of(container: &Value, tools: &Tools) -> Self {
        let name = text(container, "/image").rsplit('/').next();
        if !name.unwrap_or_default().starts_with("proxyv2") {
            return Self {
                // An application that does nothing; the others say what they do.
                entrypoint: &["sh", "-c", "trap 'exit 0' TERM; sleep infinity & wait"],
                user: 0,
                files: Vec::new(),
            };
        }
        let tool = |name: &str| tools.program(name);
        Self {
            entrypoint: &[PILOT_AGENT],
            user: PROXY_USER,
            files: vec![
                (tool("pilot-agent"), PILOT_AGENT),
                (tool(envoy::PROGRAM), ENVOY),
                (tool(envoy::BOOTSTRAP), BOOTSTRAP),
            ],
        }
    }
}
