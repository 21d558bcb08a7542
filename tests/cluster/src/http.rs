//! As much HTTP as `kubectl proxy` and probes need. The requests say HTTP/1.0, so the answers come without chunks and end
//! with their connection; those of probes, of whose answer only the status counts, say HTTP/1.1, as Envoy wants it.

use std::io::{BufRead, BufReader, ErrorKind, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// An answer whose body is still to be read.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: BufReader<TcpStream>,
}

/// A body and its media type.
pub(crate) struct Body<'a> {
    pub(crate) media_type: &'a str,
    pub(crate) bytes: &'a [u8],
}

/// Sends one request.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: Option<Body<'_>>,
) -> Result<Response> {
    let stream = TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
    exchange(stream, method, &format!("{path} HTTP/1.0"), body)
}

/// The status of the answer to a probe, no step of which takes longer.
pub(crate) fn probe(address: SocketAddr, path: &str, timeout: Duration) -> Result<u16> {
    let stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    let target = format!("{path} HTTP/1.1\r\nConnection: close");
    match exchange(stream, "GET", &target, None)?.status {
        0 => Err(ErrorKind::UnexpectedEof.into()),
        status => Ok(status),
    }
}

fn exchange(
    mut stream: TcpStream,
    method: &str,
    target: &str,
    body: Option<Body<'_>>,
) -> Result<Response> {
    let mut message = format!(
        "{method} {target}\r\nHost: localhost\r\nUser-Agent: testcluster\r\nAccept: application/json\r\n"
    )
    .into_bytes();
    if let Some(Body { media_type, bytes }) = body {
        write!(
            message,
            "Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            bytes.len()
        )?;
        message.extend_from_slice(bytes);
    } else {
        message.extend_from_slice(b"\r\n");
    }
    stream.write_all(&message)?;

    let mut body = BufReader::new(stream);
    let mut line = String::new();
    body.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    while !line.trim_end().is_empty() {
        line.clear();
        body.read_line(&mut line)?;
    }
    Ok(Response { status, body })
}
