//! Servers for the tests of adapters: an axum double on a free port, and raw TCP servers that misbehave.

pub(crate) mod channel;
pub(crate) mod peers;
pub(crate) mod provider;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves a router on a free loopback port.
pub(crate) async fn serve(router: Router) -> Server {
    let (listener, addr) = listen().await;
    let task = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    Server { url: format!("http://{addr}"), task }
}

/// How a raw server misbehaves after it has read a request's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Accepts and never answers.
    Silent,
    /// Closes without a word.
    Hangup,
    /// Answers with bytes that are not HTTP.
    Garbage,
    /// Answers 200 and a body that is not JSON.
    NotJson,
    /// Answers 500.
    Error500,
    /// Promises more than it sends, then closes.
    Truncated,
    /// Sends one byte of the body every 20 ms, without end.
    Drip,
    /// Sends megabytes without saying how many.
    Huge,
    /// Redirects to another host.
    Redirect,
}

/// Every fault.
pub(crate) const FAULTS: [Fault; 9] = [
    Fault::Silent,
    Fault::Hangup,
    Fault::Garbage,
    Fault::NotJson,
    Fault::Error500,
    Fault::Truncated,
    Fault::Drip,
    Fault::Huge,
    Fault::Redirect,
];

/// Starts a server with a fault.
pub(crate) async fn faulty(fault: Fault) -> Server {
    let (listener, addr) = listen().await;
    let task = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = [0u8; 16_384];
                let _ = socket.read(&mut head).await;
                let chunked =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
                match fault {
                    Fault::Silent => std::future::pending::<()>().await,
                    Fault::Hangup => {}
                    Fault::Garbage => {
                        let _ = socket.write_all(b"\x00\xff\xfe not http at all\r\n\r\n").await;
                    }
                    Fault::NotJson => {
                        let _ = socket.write_all(chunked.as_bytes()).await;
                        let _ = socket.write_all(b"<html><title>Sign in</title></html>").await;
                    }
                    Fault::Error500 => {
                        let answer =
                            "HTTP/1.1 500 Oops\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops";
                        let _ = socket.write_all(answer.as_bytes()).await;
                    }
                    Fault::Truncated => {
                        let _ = socket
                            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"data\"")
                            .await;
                    }
                    Fault::Drip => {
                        let _ = socket.write_all(chunked.as_bytes()).await;
                        while socket.write_all(b" ").await.is_ok() {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                    Fault::Huge => {
                        let _ = socket.write_all(chunked.as_bytes()).await;
                        let block = vec![b' '; 1 << 16];
                        for _ in 0..2_000 {
                            if socket.write_all(&block).await.is_err() {
                                break;
                            }
                        }
                    }
                    Fault::Redirect => {
                        let answer =
                            "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/\r\ncontent-length: 0\r\n\r\n";
                        let _ = socket.write_all(answer.as_bytes()).await;
                    }
                }
            });
        }
    });
    Server { url: format!("http://{addr}"), task }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("an address");
    (listener, addr)
}

/// A port that was free a moment ago, for programs that cannot be told to choose one.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Polls until `check` gives a value or the deadline passes.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    limit: Duration,
    mut check: impl FnMut() -> F,
) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = check().await {
            return Some(value);
        }
        if Instant::now() > end {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A recorded payload, or `None` (said on the terminal) where the shared data is missing.
pub(crate) fn payload(name: &str) -> Option<Vec<u8>> {
    let shared = std::env::var_os("FIREBELL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = shared.join("payloads").join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(e) => {
            eprintln!("skipped: cannot read {}: {e}", path.display());
            None
        }
    }
}

/// A window in unix seconds.
pub(crate) fn window(start: i64, end: i64) -> firebell_core::telemetry::Window {
    let at = |s| jiff::Timestamp::from_second(s).expect("a time");
    firebell_core::telemetry::Window { start: at(start), end: at(end) }
}
