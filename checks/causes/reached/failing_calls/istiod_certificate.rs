//! istiod has no certificate to serve with, or one of another authority.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

use super::cause::{Cause, error};
use super::istiod_log;
use super::standing::{Explained, FailingCall, judge};
use crate::causes::reached::istiod;
use crate::causes::{Verdict, declare_check};
use crate::facts::Missing;
use crate::fixes::{change_istiod, deployment_object, restart_istiod};
use crate::report::{Command, Fix, Patch, Risk};
use crate::texts::{Tls, Transport};
use crate::way::Case;
use crate::way::injector::{environment, is_hidden};

declare_check! {
    /// istiod has no certificate to serve with, or an old Secret takes the place of the right one.
    ///
    /// ## What it finds
    /// Pods are refused, or events FailedCreate of the last 17 minutes say so, and nothing was changed since. The call
    /// of the webhook ended with `remote error: tls: internal error`: an istiod without a certificate is ready, and ends
    /// each handshake so. Or it ended with `x509: certificate signed by unknown authority`, although caBundle is the
    /// root that istiod itself wrote there: then a Secret has the certificate that istiod serves with.
    ///
    /// ## Why it matters
    /// Pods are refused. istiod signs a certificate for itself only if Secret `istiod-tls` has none for it,
    /// `PILOT_CERT_PROVIDER` is `istiod` and `ENABLE_CA_SERVER` is not `false`. A Secret left over from an earlier setup
    /// is served for ever. An unknown provider, or an authority that is switched off while nothing such as istio-csr
    /// has written the Secret yet, leaves istiod without a certificate; only its log says so.
    ///
    /// ## How to fix it
    /// Where nothing such as istio-csr keeps the Secret on purpose, save it, delete it and restart istiod:
    ///
    /// ```sh
    /// kubectl get secret istiod-tls -n istio-system -o yaml > istiod-tls.yaml
    /// kubectl delete secret istiod-tls -n istio-system
    /// kubectl rollout restart deployment/istiod -n istio-system
    /// ```
    ///
    /// Where istio-csr is to write it, see why it has not, and restart istiod once the Secret is there: istiod looks for
    /// it when it starts. Otherwise set `PILOT_CERT_PROVIDER` back to `istiod`.
    ///
    /// ## References
    /// - Istio 1.31, `pilot/pkg/bootstrap/server.go` (`initIstiodCerts`, `getIstiodCertificate`)
    /// - Istio, Plug in CA certificates: <https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/>
    /// - istio-csr, Documentation: <https://cert-manager.io/docs/usage/istio-csr/>
    "INJ220", "istiod-certificate", Reached, about Webhooks,
    run
}

/// The Secret that istiod's chart mounts where istiod looks for a certificate first.
const SECRET: &str = "istiod-tls";

/// The variable that says who signs istiod's certificate.
const PROVIDER: &str = "PILOT_CERT_PROVIDER";

/// The variable that switches istiod's own authority off.
const AUTHORITY: &str = "ENABLE_CA_SERVER";

fn run(case: &Case) -> Result<Verdict, Missing> {
    judge(case, Cause::Certificate, explain)
}

/// Where an istiod has its certificate from, if no Secret holds one.
enum Signer {
    /// It signs one for itself.
    Itself,
    /// Nobody: its own authority is off.
    Off,
    /// Nobody: it does not know who is to sign.
    Unknown(String),
    /// Somebody else, or that is not told.
    Other,
}

impl Signer {
    /// Source: Istio 1.31, `pilot/pkg/bootstrap/server.go` (`initIstiodCerts`).
    fn of(container: &Container) -> Self {
        let mut arguments = container.args.iter().flatten();
        let has_file = arguments.any(|argument| argument.starts_with("--tlsCertFile"));
        if has_file || is_hidden(container, PROVIDER) || is_hidden(container, AUTHORITY) {
            return Self::Other;
        }
        // The words that Go's `strconv.ParseBool` takes for false.
        const FALSE: &[&str] = &["0", "f", "F", "false", "FALSE", "False"];
        let is_off = environment(container, AUTHORITY).is_some_and(|one| FALSE.contains(&one));
        match environment(container, PROVIDER) {
            None | Some("" | "istiod") if is_off => Self::Off,
            None | Some("" | "istiod") => Self::Itself,
            Some(signer) if signer.starts_with("k8s.io/") => Self::Other,
            Some(provider) => Self::Unknown(provider.to_owned()),
        }
    }
}

fn explain(case: &Case, failing: &FailingCall) -> Result<Explained, Missing> {
    let deployment = istiod::deployment_of(case, failing.destination)?;
    let container = deployment.and_then(istiod::container);
    let signer = container.map_or(Signer::Other, Signer::of);
    let is_without = error(&failing.failure) == Some(Transport::Tls(Tls::Internal));
    let why = match is_without {
        true => without(&signer),
        false => foreign(&signer),
    };
    let words = format!("because {why}: {}", failing.failure.message);
    let variable = match &signer {
        Signer::Off => Some((AUTHORITY, "absent, or true")),
        Signer::Unknown(_) => Some((PROVIDER, "istiod")),
        Signer::Itself | Signer::Other => None,
    };
    let evidence = variable
        .zip(deployment)
        .map(|((name, right), one)| istiod::variable(one, name).expected(right));
    Ok(Explained {
        words,
        evidence: evidence.into_iter().collect(),
        fixes: deployment.map_or_else(Vec::new, |one| fixes(&signer, is_without, one)),
    })
}

/// Why istiod has no certificate.
fn without(signer: &Signer) -> String {
    let why = match signer {
        Signer::Itself => {
            format!(": it signs one for itself unless Secret {SECRET} has one, which it cannot use")
        }
        Signer::Off => format!(
            ": {AUTHORITY} is false, so that it signs none, and Secret {SECRET} had none when istiod started"
        ),
        Signer::Unknown(provider) => {
            format!(": {PROVIDER} is {provider}, which istiod does not know")
        }
        Signer::Other => String::new(),
    };
    format!("istiod has no certificate to serve with{why}")
}

/// Why istiod has a wrong certificate.
fn foreign(signer: &Signer) -> String {
    let whose = match signer {
        Signer::Itself | Signer::Off | Signer::Unknown(_) => {
            format!(": Secret {SECRET} has it")
        }
        Signer::Other => String::new(),
    };
    format!(
        "istiod serves with a certificate that is not of the root which it wrote into caBundle{whose}"
    )
}

fn fixes(signer: &Signer, is_without: bool, deployment: &Deployment) -> Vec<Fix> {
    match signer {
        Signer::Itself => vec![take_secret_away(deployment), look_for_secret(deployment)],
        Signer::Off if is_without => {
            vec![look_for_secret(deployment), start_with_secret(deployment)]
        }
        Signer::Unknown(_) if is_without => vec![sign_by_itself(deployment)],
        Signer::Off | Signer::Unknown(_) => vec![look_for_secret(deployment)],
        Signer::Other => vec![look_at_log(deployment)],
    }
}

fn look_for_secret(deployment: &Deployment) -> Fix {
    let namespace = deployment_object(deployment).namespace.unwrap_or_default();
    Fix::new(
        format!("see who keeps Secret {SECRET}, if it is there"),
        Risk::ReadOnly,
        "nothing: it shows the names and the age of Secrets, and not what they hold",
    )
    .show(Command::kubectl(["get", "secrets", "-n", &namespace]))
}

fn take_secret_away(deployment: &Deployment) -> Fix {
    let namespace = deployment_object(deployment).namespace.unwrap_or_default();
    let file = format!("{SECRET}.yaml");
    let export = ["get", "secret", SECRET, "-n", &namespace, "-o", "yaml"];
    let delete = ["delete", "secret", SECRET, "-n", &namespace];
    let fix = Fix::new(
        format!("take Secret {SECRET} away, if nothing such as istio-csr keeps it on purpose"),
        Risk::MeshWide,
        "istiod restarts and signs a certificate for itself; the file holds a private key, so delete it in the end",
    )
    .show(Command::pipeline([Command::kubectl(export)], Some(&file)))
    .unforeseen(
        Command::kubectl(delete),
        "istiod's certificate is not visible",
    )
    .undo(Command::kubectl(["create", "-f", &file]));
    restart_istiod(fix, deployment)
}

fn start_with_secret(deployment: &Deployment) -> Fix {
    let reference = deployment_object(deployment).reference();
    let fix = Fix::new(
        format!("restart {reference} once Secret {SECRET} is there"),
        Risk::MeshWide,
        "istiod looks for the Secret when it starts, and serves with the certificate in it",
    );
    restart_istiod(fix, deployment)
}

fn sign_by_itself(deployment: &Deployment) -> Fix {
    let reference = deployment_object(deployment).reference();
    let fix = Fix::new(
        format!("set {PROVIDER} of {reference} to istiod"),
        Risk::MeshWide,
        "istiod restarts and signs a certificate for itself",
    );
    let patch = Patch::Environment {
        name: PROVIDER.to_owned(),
        value: Some("istiod".to_owned()),
    };
    change_istiod(fix, deployment, patch)
}

fn look_at_log(deployment: &Deployment) -> Fix {
    let reference = deployment_object(deployment).reference();
    Fix::new(
        format!("see in the log of {reference} what it says of its certificate"),
        Risk::ReadOnly,
        "nothing: it shows what istiod wrote last",
    )
    .show(istiod_log(deployment))
}
