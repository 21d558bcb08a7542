//! A link to an API server that is far away: what is sent arrives half a round trip later, as much at a time as anyone
//! likes.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// There and back.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(100);

/// A kubeconfig like this one that leads over such a link. The link is there as long as this program.
pub(super) fn kubeconfig(near: &Path) -> Result<PathBuf> {
    const SERVER: &str = "/clusters/0/cluster/server";
    let mut config: Value = serde_json::from_slice(&fs::read(near)?)?;
    let server = config.pointer_mut(SERVER).context("no server")?;
    let address = server.as_str().and_then(|url| url.strip_prefix("https://"));
    let link = open(address.context("not an https address")?.parse()?)?;
    *server = json!(format!("https://{link}"));
    let far = near.with_file_name("far.kubeconfig");
    fs::write(&far, config.to_string())?;
    Ok(far)
}

/// Opens a link to a server and says where it begins.
fn open(server: SocketAddr) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // An end that cannot be reached looks like one that hangs up.
            let _ = connect(client, server);
        }
    });
    Ok(address)
}

fn connect(client: TcpStream, server: SocketAddr) -> Result<()> {
    // The client is connected already; over a real link that takes a round trip, before which nothing is sent.
    let opened = Instant::now() + ROUND_TRIP;
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    carry(client.try_clone()?, server.try_clone()?, opened);
    carry(server, client, opened);
    Ok(())
}

/// Carries what comes from one end to the other, where it arrives later.
fn carry(mut from: TcpStream, mut to: TcpStream, opened: Instant) {
    let (sender, under_way) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let arrival = opened.max(Instant::now()) + ROUND_TRIP / 2;
            let bytes = buffer.get(..length).unwrap_or_default().to_vec();
            if sender.send((arrival, bytes)).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (arrival, bytes) in under_way {
            thread::sleep(arrival.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // One that is closed already need not be closed again.
        let _ = to.shutdown(Shutdown::Write);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_answer_takes_two_round_trips_and_each_more_another() -> Result<()> {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let link = open(server.local_addr()?)?;
        thread::spawn(move || -> std::io::Result<u64> {
            let (mut stream, _) = server.accept()?;
            let mut copy = stream.try_clone()?;
            std::io::copy(&mut stream, &mut copy)
        });
        let started = Instant::now();
        let mut stream = TcpStream::connect(link)?;
        for (word, round_trips) in [(b"first", 2), (b"again", 3)] {
            let mut answer = [0; 5];
            stream.write_all(word)?;
            stream.read_exact(&mut answer)?;
            assert_eq!(&answer, word);
            assert!(started.elapsed() >= ROUND_TRIP * round_trips);
        }
        Ok(())
    }
}
