//! API server and istiod have no way to encrypt in common.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

use super::cause::Cause;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::istiod;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{change_istiod, deployment_object};
use crate::report::{Command, Fix, Patch, Risk};
use crate::way::Case;
use crate::way::injector::environment;

declare_check! {
    /// API server and istiod find no version, cipher or key exchange of TLS that both accept.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, as the call of the webhook ended with
    /// `remote error: tls: handshake failure` or `tls: protocol version not supported`, and nothing was changed since.
    /// The check tells which settings of istiod limit what it accepts.
    ///
    /// ## Why it matters
    /// Pods are refused. `COMPLIANCE_POLICY` of istiod says what it accepts: `pqc` takes TLS 1.3 with the key exchange
    /// X25519MLKEM768 alone, which API servers know from Kubernetes 1.33 on; `fips-140-2` takes TLS 1.2 with four
    /// ciphers and the curve P-256. The arguments `--tls-min-version` and `--tls-cipher-suites` alone are seldom the
    /// reason, as all current API servers speak TLS 1.3, to which the list of ciphers does not apply.
    ///
    /// ## How to fix it
    /// Take the policy away, or give istiod one that the API server can meet:
    ///
    /// ```sh
    /// kubectl set env deployment/istiod -n istio-system COMPLIANCE_POLICY-
    /// kubectl rollout status deployment/istiod -n istio-system --timeout=2m
    /// ```
    ///
    /// Where the policy has to stay, upgrade the API server. If istiod has no such setting, see what limits the API
    /// server, such as `GODEBUG` in its environment.
    ///
    /// ## References
    /// - Istio 1.31, `pkg/model/fips.go` (`EnforceGoCompliance`) and `pilot/pkg/bootstrap/webhook.go`
    /// - Istio, pilot-discovery: <https://istio.io/latest/docs/reference/commands/pilot-discovery/>
    /// - Go 1.24, crypto/tls: <https://go.dev/doc/go1.24#cryptotlspkgcryptotls>
    "INJ221", "tls-version", Reached, about Webhooks,
    run
}

/// The variable that limits what istiod accepts.
const POLICY: &str = "COMPLIANCE_POLICY";

/// The arguments that do, too.
const ARGUMENTS: [&str; 2] = ["--tls-min-version", "--tls-cipher-suites"];

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Encryption, explain)
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let deployment = istiod::deployment_of(case, failing.destination)?;
    let container = deployment.and_then(istiod::container);
    let policy = container.and_then(|one| environment(one, POLICY));
    let policy = policy.filter(|policy| !policy.is_empty());
    let limits = match (policy, container) {
        (Some(policy), _) => format!("{POLICY} of istiod is {policy}{}", meaning(policy)),
        (None, Some(container)) => of_arguments(container),
        (None, None) => "the settings of istiod are not visible".to_owned(),
    };
    let words = format!(
        "because API server and istiod have no version, cipher or key exchange of TLS in common: {limits}: {}",
        failing.failure.message
    );
    let evidence = deployment.filter(|_| policy.is_some());
    let evidence = evidence.map(|one| istiod::variable(one, POLICY).expected("absent"));
    let fixes = deployment.map(|deployment| match policy {
        Some(_) => take_policy_away(deployment),
        None => look_at_settings(deployment),
    });
    Ok(Explained {
        words,
        evidence: evidence.into_iter().collect(),
        fixes: fixes.into_iter().collect(),
    })
}

/// What istiod accepts by a policy.
/// Source: Istio 1.31, `pkg/model/fips.go` (`EnforceGoCompliance`).
fn meaning(policy: &str) -> &'static str {
    match policy {
        "pqc" => {
            ", by which it takes the key exchange X25519MLKEM768 alone, new in the API server of Kubernetes 1.33"
        }
        "fips-140-2" => {
            ", by which it takes TLS 1.2 alone, with the curve P-256 and four ciphers of ECDHE with AES-GCM"
        }
        "fips-140-3" => ", by which it takes the curves P-256 and P-384 alone",
        _ => "",
    }
}

fn of_arguments(container: &Container) -> String {
    let is_one = |argument: &&String| ARGUMENTS.iter().any(|one| argument.starts_with(one));
    let mut arguments = container.args.iter().flatten();
    match arguments.find(is_one) {
        Some(argument) => format!("istiod has the argument {argument}"),
        None => {
            "no setting of istiod limits them, so that one of kube-apiserver does, or something else answers"
                .to_owned()
        }
    }
}

fn take_policy_away(deployment: &Deployment) -> Fix {
    let reference = deployment_object(deployment).reference();
    let fix = Fix::new(
        format!("take {POLICY} away from {reference}, if nobody requires it"),
        Risk::MeshWide,
        "istiod restarts and accepts all that is usual, from TLS 1.2 on; new proxies take what it says, too",
    );
    let patch = Patch::Environment {
        name: POLICY.to_owned(),
        value: None,
    };
    change_istiod(fix, deployment, patch)
}

fn look_at_settings(deployment: &Deployment) -> Fix {
    let object = deployment_object(deployment);
    let reference = object.reference();
    let namespace = object.namespace.unwrap_or_default();
    let istiod = ["get", &reference, "-n", &namespace, "-o", "yaml"];
    let api_server = [
        "get",
        "pods",
        "-n",
        "kube-system",
        "-l",
        "component=kube-apiserver",
        "-o",
        "yaml",
    ];
    Fix::new(
        "compare what istiod and kube-apiserver are told of TLS",
        Risk::ReadOnly,
        "nothing: it shows arguments and environment of both",
    )
    .show(Command::kubectl(istiod))
    .show(Command::kubectl(api_server))
}
