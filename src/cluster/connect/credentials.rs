//! Credential plugins: the `exec` of a kubeconfig's user.

use std::io::IsTerminal;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::plugin::{self, Failed};

/// What goes to the plugin and comes back from it.
/// Source: `k8s.io/client-go/pkg/apis/clientauthentication/v1/types.go` (v0.36).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    spec: Spec,
    #[serde(skip_serializing)]
    status: Option<Status>,
}

#[derive(Default, Serialize, Deserialize)]
struct Spec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<ExecAuthCluster>,
    #[serde(default)]
    interactive: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the user's plugin, if there is one and nothing else says who the user is, and puts what it
/// answers in its place. It may take so long.
pub async fn resolve(
    user: &mut AuthInfo,
    cluster: &Cluster,
    wait: Option<Duration>,
) -> Result<(), String> {
    let has_token = user.token.is_some();
    let has_password = user.username.is_some() && user.password.is_some();
    if has_token || has_password || user.auth_provider.is_some() {
        return Ok(());
    }
    let Some(exec) = user.exec.take() else {
        return Ok(());
    };
    let status = run(&exec, cluster, wait).await?;
    match (status.client_certificate_data, status.client_key_data) {
        (Some(certificate), Some(key)) => {
            user.client_certificate_data = Some(STANDARD.encode(certificate));
            user.client_key_data = Some(STANDARD.encode(key).into());
        }
        (None, None) if status.token.is_none() => {
            return Err(format!(
                "{} gave neither a token nor a certificate",
                name(&exec)
            ));
        }
        (None, None) => {}
        _ => {
            return Err(format!(
                "{} gave a certificate without its key, or a key without it",
                name(&exec)
            ));
        }
    }
    user.token = status.token.map(Into::into);
    Ok(())
}

fn name(exec: &ExecConfig) -> &str {
    exec.command.as_deref().unwrap_or("the credential plugin")
}

async fn run(
    exec: &ExecConfig,
    cluster: &Cluster,
    wait: Option<Duration>,
) -> Result<Status, String> {
    let program = exec
        .command
        .as_deref()
        .filter(|program| !program.is_empty())
        .ok_or("its exec names no command")?;
    let interactive =
        std::io::stdin().is_terminal() && exec.interactive_mode != Some(ExecInteractiveMode::Never);
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) && !interactive {
        return Err(format!(
            "{program} must ask you something, and standard input is not a terminal"
        ));
    }
    let request = ExecCredential {
        api_version: exec.api_version.clone(),
        kind: Some("ExecCredential".to_owned()),
        spec: Spec {
            cluster: cluster_for(exec, cluster)?,
            interactive,
        },
        status: None,
    };
    let request = serde_json::to_string(&request).map_err(|error| error.to_string())?;
    let variables = exec.env.iter().flatten();
    let mut command = Command::new(program);
    command
        .args(exec.args.iter().flatten())
        .envs(variables.filter_map(|entry| entry.get("name").zip(entry.get("value"))))
        .env("KUBERNETES_EXEC_INFO", request)
        .stdin(if interactive {
            Stdio::inherit()
        } else {
            Stdio::null()
        });
    let (status, answer) = plugin::run(command, wait).await.map_err(|failed| {
        let hint = exec.install_hint.as_deref().unwrap_or_default().trim();
        match failed {
            Failed::NotRun(error) => format!("cannot run {program}: {error}\n{hint}")
                .trim_end()
                .to_owned(),
            Failed::Late(wait) => {
                format!("{program} gave no answer within {wait:?}; --request-timeout waits longer")
            }
            Failed::TooLong => format!("{program} gave no ExecCredential: it is too long"),
        }
    })?;
    if !status.success() {
        return Err(format!("{program} failed: {status}"));
    }
    let answer: ExecCredential = serde_saphyr::from_slice(&answer)
        // The excerpt that the parser shows by default may hold a token.
        .map_err(|error| {
            format!(
                "{program} gave no ExecCredential: {}",
                error.without_snippet()
            )
        })?;
    answer
        .status
        .ok_or_else(|| format!("{program} gave an ExecCredential without a status"))
}

fn cluster_for(exec: &ExecConfig, cluster: &Cluster) -> Result<Option<ExecAuthCluster>, String> {
    if !exec.provide_cluster_info {
        return Ok(None);
    }
    ExecAuthCluster::try_from(cluster)
        .map(Some)
        .map_err(|error| error.to_string())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn user(script: &str, mode: &str) -> AuthInfo {
        let exec = serde_json::json!({"exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": ["-c", script],
            "env": [{"name": "WHO", "value": "me"}],
            "interactiveMode": mode,
            "provideClusterInfo": true,
        }});
        serde_json::from_value(exec).unwrap()
    }

    fn cluster() -> Cluster {
        serde_json::from_str(r#"{"server": "https://a"}"#).unwrap()
    }

    #[tokio::test]
    async fn a_plugin_gives_a_token_or_a_certificate() {
        let mut with_token = user(
            r#"echo "$KUBERNETES_EXEC_INFO" | grep -q '"server":"https://a"' && printf '{"kind": "ExecCredential", "status": {"token": "%s"}}' $WHO"#,
            "Never",
        );
        resolve(&mut with_token, &cluster(), None).await.unwrap();
        assert!(with_token.exec.is_none() && with_token.token.is_some());

        let mut with_certificate = user(
            r#"echo '{"kind": "ExecCredential", "status": {"clientCertificateData": "C", "clientKeyData": "K"}}'"#,
            "IfAvailable",
        );
        resolve(&mut with_certificate, &cluster(), None)
            .await
            .unwrap();
        assert_eq!(
            with_certificate.client_certificate_data.as_deref(),
            Some("Qw==")
        );
    }

    #[tokio::test]
    async fn a_plugin_that_fails_says_how() {
        let table = [
            ("exit 3", "sh failed: exit status: 3"),
            ("true", "sh gave an ExecCredential without a status"),
            ("echo oops", "sh gave no ExecCredential"),
            (r#"echo '{"kind": "ExecCredential"}'"#, "without a status"),
            (
                r#"echo '{"kind": "ExecCredential", "status": {}}'"#,
                "neither a token nor a certificate",
            ),
            (
                r#"echo '{"kind": "ExecCredential", "status": {"clientKeyData": "K"}}'"#,
                "without its key",
            ),
        ];
        for (script, expected) in table {
            let error = resolve(&mut user(script, "Never"), &cluster(), None)
                .await
                .unwrap_err();
            assert!(error.contains(expected), "{script}: {error}");
        }
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_or_never_ends_is_stopped() {
        let short = Some(Duration::from_millis(100));
        let table = [
            ("exec sleep 5", short, "sh gave no answer within 100ms"),
            ("sleep 5; true", short, "sh gave no answer within 100ms"),
            ("exec yes", None, "it is too long"),
        ];
        for (script, wait, expected) in table {
            let mut user = user(script, "Never");
            let error = resolve(&mut user, &cluster(), wait).await.unwrap_err();
            assert!(error.contains(expected), "{script}: {error}");
        }
    }

    #[tokio::test]
    async fn a_plugin_that_is_not_there_is_named_with_its_hint() {
        let exec = serde_json::json!({"exec": {"command": "/nonexistent/plugin", "installHint": "install it"}});
        let mut user: AuthInfo = serde_json::from_value(exec).unwrap();
        let error = resolve(&mut user, &cluster(), None).await.unwrap_err();
        assert!(
            error.contains("/nonexistent/plugin") && error.ends_with("install it"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_token_makes_the_plugin_superfluous() {
        let mut user = user("exit 3", "Never");
        user.token = Some("t".to_owned().into());
        resolve(&mut user, &cluster(), None).await.unwrap();
    }
}
