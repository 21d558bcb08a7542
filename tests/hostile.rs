//! The binary before servers, files and plugins that send too much, nothing, or what it cannot use. Each
//! run has to end soon, with an exit code that is no all-clear, and with words that say why.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// 64 KiB of spaces.
const PACKED: &[u8] = b"\
    \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x81\x00\x00\x00\x00\x80\x20\x95\xfd\
    \x29\x17\xa9\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x6a\x94\x19\x2c\xb4\x00\x00\x01\x00";

/// What a run may take on a busy machine; the faults themselves never end.
const SOON: Duration = Duration::from_secs(60);

fn injdoctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_injdoctor"));
    command
        .args(arguments)
        .env_clear()
        .envs(std::env::var("PATH").map(|path| ("PATH", path)))
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (Output, String) {
    let begun = Instant::now();
    let output = command.output().unwrap();
    assert!(begun.elapsed() < SOON, "{command:?}");
    let words = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!words.contains("panicked"), "{command:?}: {words}");
    (output, words)
}

/// Runs it, and expects exit code 2 and these words.
fn fails(command: &mut Command, expected: &str) {
    let (output, words) = run(command);
    assert_eq!(output.status.code(), Some(2), "{command:?}: {words}");
    assert!(words.starts_with("error: "), "{command:?}: {words}");
    assert!(words.contains(expected), "{command:?}: {words}");
    assert_eq!(output.stdout, b"", "{command:?}");
}

fn file(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A kubeconfig with this server and this user, as fields of YAML.
fn kubeconfig(name: &str, server: &str, user: &str) -> String {
    let text = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    );
    file(name, text)
}

/// A server that answers every request with this; its address.
fn server(answer: fn(&mut TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head =
                    lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
                if head.count() > 0 {
                    // The client hangs up as soon as it has had enough.
                    let _ = answer(&mut stream);
                }
            });
        }
    });
    format!("http://{address}")
}

fn endlessly(stream: &mut TcpStream, head: &str, piece: &[u8]) -> std::io::Result<()> {
    stream.write_all(head.as_bytes())?;
    let many = piece.repeat(1 + 65_536 / piece.len());
    loop {
        stream.write_all(&many)?;
    }
}

#[test]
fn a_server_that_sends_no_answer_is_no_cluster() {
    type Case = (
        &'static str,
        fn(&mut TcpStream) -> std::io::Result<()>,
        &'static str,
    );
    let table: [Case; 8] = [
        (
            "endless-body",
            |stream| endlessly(stream, "HTTP/1.1 200 OK\r\n\r\n{\"kind\":\"", b"x"),
            "the answer is larger than 1Mi; --max-read-size allows more",
        ),
        (
            "endless-error",
            |stream| endlessly(stream, "HTTP/1.1 500 No\r\n\r\n", b"oops "),
            "it answered 500 \"oops oops",
        ),
        (
            "endless-head",
            |stream| endlessly(stream, "HTTP/1.1 200 OK\r\n", b"a: b\r\n"),
            "cannot reach the API server",
        ),
        (
            "endless-line",
            |stream| endlessly(stream, "HTTP/1.1 200 OK\r\na: ", b"x"),
            "cannot reach the API server",
        ),
        (
            "no-body",
            |stream| {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")?;
                thread::sleep(SOON);
                Ok(())
            },
            "no answer within 2s",
        ),
        (
            "status-with-200",
            |stream| {
                let body = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"NotFound","code":404}"#;
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}"
                )
            },
            "does not answer like a Kubernetes API server",
        ),
        (
            "not-text",
            |stream| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe"),
            "it is not text in UTF-8",
        ),
        (
            "elsewhere",
            |stream| {
                stream.write_all(
                    b"HTTP/1.1 302 Found\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n",
                )
            },
            "it answered 302",
        ),
    ];
    for (name, answer, expected) in table {
        let config = kubeconfig(name, &server(answer), "");
        for command in [&["webhook"][..], &["check", "-A"], &["check", "deploy/web"]] {
            let limits = [
                "--request-timeout=2s",
                "--max-read-size=1Mi",
                "--kubeconfig",
            ];
            let arguments = [command, &limits, &[&config]].concat();
            fails(&mut injdoctor(&arguments), expected);
        }
    }
}

#[test]
fn an_answer_is_measured_as_it_is_unpacked() {
    let server = server(|stream| {
        let length = PACKED.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        stream.write_all(PACKED)
    });
    let config = kubeconfig("packed", &server, "");
    for (size, expected) in [
        ("32Ki", "the answer is larger than 32Ki"),
        ("1Mi", "does not answer like a Kubernetes API server"),
    ] {
        let arguments = ["webhook", "--max-read-size", size, "--kubeconfig", &config];
        fails(&mut injdoctor(&arguments), expected);
    }
}

#[test]
fn what_the_user_gives_is_looked_at_before_it_is_used() {
    let nowhere = "http://127.0.0.1:1";
    let plugin = |script: &str| {
        format!("exec: {{command: sh, interactiveMode: Never, args: [-c, {script:?}]}}")
    };
    let credential = |token: &str| {
        let answer = format!(r#"{{"kind": "ExecCredential", "status": {{"token": "{token}"}}}}"#);
        let answer = file("credential.json", answer);
        plugin(&format!("cat {answer}"))
    };
    let token_file = file("token-in-two-lines", "one\ntwo\n");
    let table = [
        (
            r#"token: "a\nb""#.to_owned(),
            "the token holds a line break",
        ),
        (r#"token: "a\r""#.to_owned(), "the token holds a line break"),
        (
            r#"token: "a\0b""#.to_owned(),
            "the token holds a line break",
        ),
        (
            format!("tokenFile: {token_file}"),
            "the token holds a line break",
        ),
        (credential(r"a\nb"), "the token holds a line break"),
        (plugin("sleep 20"), "sh gave no answer within 3s"),
        (
            "tokenFile: /nonexistent/token".to_owned(),
            "/nonexistent/token: No such file",
        ),
        (
            "tokenFile: /dev/zero".to_owned(),
            "it is larger than 16 MiB",
        ),
    ];
    for (user, expected) in table {
        let config = kubeconfig("user", nowhere, &user);
        let arguments = ["webhook", "--request-timeout=1s", "--kubeconfig", &config];
        fails(&mut injdoctor(&arguments), expected);
    }
    let odd = file("odd", b"\xff\xfea");
    for (arguments, expected) in [
        (&["webhook", "--kubeconfig", &odd][..], "it is not text"),
        (&["check", "--from", &odd], "is not text"),
        (
            &["webhook", "--request-timeout=9223372036854775807"],
            "is not a time-out",
        ),
        (&["webhook", "--max-read-size=-1Mi"], "is not a size"),
    ] {
        fails(&mut injdoctor(arguments), expected);
    }
}

#[test]
fn a_password_in_the_address_is_not_shown() {
    for (server, expected) in [
        (
            "https://me:hush@127.0.0.1:1",
            "the API server at https://127.0.0.1:1: ",
        ),
        ("https://me:hush@ 127.0.0.1", "the server address"),
    ] {
        let config = kubeconfig("password", server, "");
        let arguments = ["webhook", "--kubeconfig", &config];
        fails(&mut injdoctor(&arguments), expected);
        let (_, words) = run(&mut injdoctor(&arguments));
        assert!(!words.contains("hush"), "{words}");
    }
}

#[test]
fn the_environment_breaks_nothing() {
    let config = kubeconfig("environment", "http://127.0.0.1:1", "");
    for threads in ["0", "many", "18446744073709551615"] {
        let mut command = injdoctor(&["webhook", "--kubeconfig", &config]);
        command.env("TOKIO_WORKER_THREADS", threads);
        fails(&mut command, "cannot reach the API server");
    }
}

#[cfg(unix)]
mod on_unix {
    use super::*;

    /// Runs a script in which `$0` is the binary and `$1` a file.
    fn shell(script: &str, file: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", script, env!("CARGO_BIN_EXE_injdoctor"), file])
            .stdin(Stdio::null());
        command
    }

    #[test]
    fn few_files_that_may_be_open_are_an_error() {
        let config = kubeconfig("few", "http://127.0.0.1:1", "");
        for most in 4..18 {
            let script = format!("ulimit -n {most}; exec \"$0\" webhook --kubeconfig \"$1\"");
            fails(
                &mut shell(&script, &config),
                "raise the limit with ulimit -n",
            );
        }
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
        let pipe = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pipe");
        let _ = fs::remove_file(&pipe);
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let pipe = pipe.to_str().unwrap();
        let from_pipe = kubeconfig(
            "from-pipe",
            "http://127.0.0.1:1",
            &format!("tokenFile: {pipe}"),
        );
        let good = kubeconfig("good", "http://127.0.0.1:1", "");
        for arguments in [
            &["webhook", "--kubeconfig", pipe][..],
            &["webhook", "--kubeconfig", &from_pipe],
            &["check", "--from", pipe],
            &["check", "-f", pipe, "--kubeconfig", &good],
        ] {
            let arguments = [arguments, &["--request-timeout=500ms"]].concat();
            let expected = "nothing came within 1.5s; --request-timeout waits longer";
            fails(&mut injdoctor(&arguments), expected);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_written_is_a_failure() {
        let snapshot = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/demo/istiod-no-endpoints.json"
        );
        for arguments in [
            "--help",
            "-h",
            "--version",
            "check --help",
            "check --from \"$1\"",
            "check --from \"$1\" -o json",
            "check --from \"$1\" -o yaml",
            "check --from \"$1\" -o name",
            "webhook --from \"$1\"",
            "demo",
            "explain",
            "explain INJ101",
            "completion bash",
        ] {
            let script = format!("exec \"$0\" {arguments} > /dev/full");
            let expected = "cannot write to standard output: No space left on device";
            fails(&mut shell(&script, snapshot), expected);
        }
    }
}
