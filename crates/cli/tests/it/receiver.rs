//! The outside world of a test: an HTTP server that remembers every request before it answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The header `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// The body as JSON; null where it is none.
    pub(crate) body: Value,
}

/// What a receiver answers to a request: a body of JSON.
pub(crate) type Answer = fn(&Request) -> Value;

/// A server on a port of its own.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    /// How long it takes to answer what the test holds up.
    slow: Arc<Mutex<Option<(String, Duration)>>>,
}

impl Receiver {
    pub(crate) fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
        let port = listener.local_addr().expect("an address").port();
        let receiver = Self { port, seen: Arc::default(), slow: Arc::default() };
        let shared = receiver.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || shared.serve(stream, answer));
            }
        });
        receiver
    }

    /// All requests so far, in the order they came.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers to paths that end so take this long from now on.
    pub(crate) fn hold(&self, path: Option<(&str, Duration)>) {
        let held = path.map(|(path, time)| (path.to_owned(), time));
        *self.slow.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    fn serve(&self, mut stream: TcpStream, answer: Answer) {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let Some(request) = read(&mut stream) else { return };
        let body = answer(&request).to_string();
        let held = self.slow.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let wait = held.filter(|(path, _)| request.path.ends_with(path.as_str())).map(|(_, time)| time);
        // Whoever sees it here knows that it has happened, and that its sender has not heard so.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        if let Some(time) = wait {
            std::thread::sleep(time);
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    }
}

/// A whole request; none where the sender died on the way.
fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut part) = (Vec::new(), [0u8; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let header = |name: &str| {
                head.lines().find_map(|line| {
                    let (n, v) = line.split_once(':')?;
                    n.eq_ignore_ascii_case(name).then(|| v.trim().to_owned())
                })
            };
            let length: usize = header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
            if let Some(body) = bytes.get(end + 4..).filter(|body| body.len() >= length) {
                return Some(Request {
                    path: head.split_whitespace().nth(1).unwrap_or_default().to_owned(),
                    key: header("idempotency-key"),
                    body: serde_json::from_slice(body).unwrap_or_default(),
                });
            }
        }
        match stream.read(&mut part) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&part[..n]),
            _ => return None,
        }
    }
}
