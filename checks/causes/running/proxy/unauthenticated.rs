//! A token of the proxy that istiod does not take.

use serde_json::json;

use crate::causes::running::told::{not_ready, pods_in_words, told};
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::patch_spec;
use crate::report::{Command, Fix, Risk};
use crate::texts::{Node, Proxy, What};
use crate::way::running::Unwell;
use crate::way::{Case, with_revision};

declare_check! {
    /// istiod refuses the proxy's token, or the proxy has none.
    ///
    /// ## What it finds
    /// istio-proxy is not ready, and its log says that istiod does not authenticate it, or that it cannot read
    /// `/var/run/secrets/tokens/istio-token`; or the pod stays in ContainerCreating because the token's volume cannot be
    /// mounted.
    ///
    /// ## Why it matters
    /// The proxy gets no certificate without a token that istiod takes: one of the API server that istiod asks, and for
    /// the audience that istiod wants, `istio-ca` unless `TOKEN_AUDIENCES` of istiod and `global.sds.token.aud` of the
    /// injector say otherwise. A proxy that runs as another user than 1337 reads it only as a member of group 1337.
    ///
    /// ## How to fix it
    /// Where the file cannot be read, give the pod a group that may, as the printed command does. Where istiod refuses
    /// the token, its log says why: correct `global.sds.token.aud`, or the API server's `--service-account-issuer` and
    /// `--api-audiences`, and restart istiod and the pods.
    ///
    /// ## References
    /// - Kubernetes, Service account token volume projection: <https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection>
    /// - Istio, Security best practices: <https://istio.io/latest/docs/ops/best-practices/security/>
    "INJ626", "proxy-unauthenticated", Running, about Pods,
    run
}

fn run(case: &Case) -> Result<Verdict, Missing> {
    told(case, &CHECK, |unwell, found| {
        let why = match found.what {
            What::Proxy(Proxy::TokenUnreadable) => "its sidecar cannot read its token for istiod",
            What::Node(Node::Token) => "no token for istiod can be made for its sidecar",
            _ => "istiod does not take the token of its sidecar",
        };
        let message = format!(
            "{} of {} cannot get ready: {why}",
            pods_in_words(unwell),
            case.target(),
        );
        let fix = match found.what {
            What::Proxy(Proxy::TokenUnreadable) => patch_spec(
                case,
                "give the pod the group that may read the token",
                json!({ "spec": { "securityContext": { "fsGroup": 1337 } } }),
                "the sidecar reads its token",
            )?,
            _ => look(case, unwell),
        };
        Ok(not_ready(case, message).fix(fix))
    })
}

fn look(case: &Case, unwell: &Unwell) -> Fix {
    let audience = "jsonpath={.spec.volumes[?(@.name=='istio-token')].projected.sources[*].serviceAccountToken.audience}";
    let namespace = case.target().namespace.as_str();
    let fix = Fix::new(
        "see why istiod refuses the token",
        Risk::ReadOnly,
        "nothing: it shows for whom the token is made, and what istiod says about it",
    )
    .show(Command::kubectl([
        "get",
        "pod",
        unwell.name(),
        "-n",
        namespace,
        "-o",
        audience,
    ]));
    let destinations = case.destinations().ok();
    let istiod = destinations
        .iter()
        .flat_map(|found| &found.all)
        .find_map(|one| one.route.istiod(case));
    match istiod {
        Some(istiod) => {
            let deployment = format!("deployment/{}", with_revision("istiod", &istiod.revision));
            fix.show(Command::kubectl([
                "logs",
                &deployment,
                "-n",
                &istiod.namespace,
                "--since=10m",
            ]))
        }
        None => fix,
    }
}
