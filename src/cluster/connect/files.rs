//! What a kubeconfig leaves to other files: certificates, keys and tokens.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use kube::config::{AuthInfo, Cluster};
use secrecy::{ExposeSecret, SecretString};

use crate::input;

/// A certificate bundle or a token larger than this is none.
const MOST: u64 = 16 << 20;

/// Reads the certificates that a cluster and a user name by file, and puts them in the place of the
/// names; what is in the kubeconfig itself comes first.
pub fn certificates(
    cluster: &mut Cluster,
    user: &mut AuthInfo,
    wait: Option<Duration>,
) -> Result<(), String> {
    let read = |data: &Option<String>, file: &Option<String>| match (data, file) {
        (Some(data), _) if !data.is_empty() => Ok(Some(data.clone())),
        (_, Some(file)) if !file.is_empty() => {
            Ok(Some(STANDARD.encode(bytes(Path::new(file), wait)?)))
        }
        _ => Ok::<_, String>(None),
    };
    cluster.certificate_authority_data = read(
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    )?;
    user.client_certificate_data = read(&user.client_certificate_data, &user.client_certificate)?;
    let key = user.client_key_data.as_ref();
    let key = key.map(|key| key.expose_secret().to_owned());
    user.client_key_data = read(&key, &user.client_key)?.map(SecretString::from);
    Ok(())
}

/// Puts the token of the user's token file in the place of its name. It comes before the token of the
/// kubeconfig, which holds where the file cannot be read; white space around it does not count.
///
/// Source: `fileTokenSource` and `NewBearerAuthWithRefreshRoundTripper` in `k8s.io/client-go/transport`
/// (v0.36).
pub fn token(user: &mut AuthInfo, wait: Option<Duration>) -> Result<(), String> {
    user.token.take_if(|token| token.expose_secret().is_empty());
    let Some(file) = user.token_file.take().filter(|file| !file.is_empty()) else {
        return Ok(());
    };
    let token = bytes(Path::new(&file), wait).and_then(|bytes| {
        let text = String::from_utf8(bytes).map_err(|_| format!("{file} is not text"))?;
        match text.trim() {
            "" => Err(format!("{file} holds no token")),
            token => Ok(SecretString::from(token)),
        }
    });
    match token {
        Ok(token) => user.token = Some(token),
        Err(_) if user.token.is_some() => {}
        Err(reason) => return Err(reason),
    }
    Ok(())
}

/// Whether a token can be sent: the header that carries it ends with the line.
pub fn check_token(user: &AuthInfo) -> Result<(), String> {
    let Some(token) = &user.token else {
        return Ok(());
    };
    match HeaderValue::try_from(format!("Bearer {}", token.expose_secret())) {
        Ok(_) => Ok(()),
        Err(_) => Err(
            "the token holds a line break or another control character, and no token has one; \
             get a new one, and copy it without the end of its line"
                .to_owned(),
        ),
    }
}

fn bytes(path: &Path, wait: Option<Duration>) -> Result<Vec<u8>, String> {
    input::bytes(path, MOST, wait).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(fields: serde_json::Value) -> AuthInfo {
        serde_json::from_value(fields).unwrap()
    }

    fn file(name: &str, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("injdoctor-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_token_file_comes_before_the_token() {
        let (good, empty) = (file("token", " abc.def\r\n"), file("no-token", "\n"));
        let missing = "/nonexistent/token";
        let table = [
            (json!({"tokenFile": good}), Ok(Some("abc.def"))),
            (
                json!({"tokenFile": good, "token": "t"}),
                Ok(Some("abc.def")),
            ),
            (json!({"tokenFile": missing, "token": "t"}), Ok(Some("t"))),
            (json!({"tokenFile": "", "token": "t"}), Ok(Some("t"))),
            (json!({"token": ""}), Ok(None)),
            (
                json!({"tokenFile": missing}),
                Err("/nonexistent/token: No such file"),
            ),
            (json!({"tokenFile": empty}), Err("holds no token")),
        ];
        for (fields, expected) in table {
            let mut user = user(fields.clone());
            let outcome = token(&mut user, None);
            let token = user.token.as_ref().map(|token| token.expose_secret());
            match expected {
                Ok(expected) => assert_eq!(token, expected, "{fields}"),
                Err(words) => assert!(outcome.unwrap_err().contains(words), "{fields}"),
            }
        }
        for path in [good, empty] {
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_and_not_shown() {
        for (token, is_good) in [
            ("abc.d-e_f", true),
            ("hush\n", false),
            ("hush\r\nX-Evil: 1", false),
            ("hu\0sh", false),
            ("hush\u{7f}", false),
        ] {
            let outcome = check_token(&user(json!({"token": token})));
            assert_eq!(outcome.is_ok(), is_good, "{token:?}");
            let words = outcome.err().unwrap_or_default();
            assert!(!words.contains("hush"), "{words}");
        }
    }

    #[test]
    fn certificates_are_read_where_they_are_not_there_already() {
        let path = file("ca", "CA");
        let mut cluster: Cluster =
            serde_json::from_value(json!({"certificate-authority": path})).unwrap();
        let mut user = user(
            json!({"client-certificate-data": "Qw==", "client-certificate": "/nonexistent",
                                   "client-key": path}),
        );
        certificates(&mut cluster, &mut user, None).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(cluster.certificate_authority_data.as_deref(), Some("Q0E="));
        assert_eq!(user.client_certificate_data.as_deref(), Some("Qw=="));
        let key = user.client_key_data.unwrap();
        assert_eq!(key.expose_secret(), "Q0E=");
        cluster.certificate_authority_data = None;
        let error = certificates(&mut cluster, &mut AuthInfo::default(), None).unwrap_err();
        assert!(error.contains("No such file"), "{error}");
    }
}
