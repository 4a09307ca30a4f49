//! A provider of messages: takes requests, holds each against what the provider's documentation asks for, and answers, or
//! does not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn form(&self) -> Vec<(String, String)> {
        pairs(&String::from_utf8_lossy(&self.body))
    }

    pub(crate) fn field(&self, name: &str) -> String {
        self.form().into_iter().find(|(n, _)| n == name).map(|(_, v)| v).unwrap_or_default()
    }
}

pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let mut url = reqwest::Url::parse("http://localhost/").expect("an address");
    url.set_query(Some(text));
    url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
}

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Is(u16, String),
    With(u16, Vec<(&'static str, String)>, String),
    /// Takes the request and cuts the connection.
    Cut,
    /// Takes the request and never answers.
    Hang,
}

/// One that listens.
pub(crate) struct Provider {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<Seen>>>,
    complaints: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn open<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Provider {
    /// Starts one. `check` says what is wrong with a request, `answer` gets the number of requests before this one.
    pub(crate) async fn start(
        check: fn(&Seen) -> Result<(), String>,
        answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (taken, complaints) = (Arc::default(), Arc::default());
        let shared = (Arc::clone(&taken), Arc::clone(&complaints), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (taken, complaints, answer) = shared.clone();
                tokio::spawn(async move {
                    let _ = talk(socket, check, &taken, &complaints, answer.as_ref()).await;
                });
            }
        });
        Self { url, taken, complaints, task }
    }

    /// All requests so far; fails if one was not as documented.
    pub(crate) fn taken(&self) -> Vec<Seen> {
        let complaints = open(&self.complaints);
        assert!(complaints.is_empty(), "not as documented: {complaints:#?}");
        open(&self.taken).clone()
    }

    pub(crate) fn last(&self) -> Seen {
        self.taken().pop().expect("a request")
    }
}

async fn talk(
    mut socket: TcpStream,
    check: fn(&Seen) -> Result<(), String>,
    taken: &Mutex<Vec<Seen>>,
    complaints: &Mutex<Vec<String>>,
    answer: &(impl Fn(&Seen, usize) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let Some(seen) = read(&mut socket).await? else { return Ok(()) };
    if let Err(why) = check(&seen) {
        open(complaints).push(format!("{} {}: {why}", seen.method, seen.path));
    }
    let before = {
        let mut taken = open(taken);
        taken.push(seen.clone());
        taken.len() - 1
    };
    let (status, headers, body) = match answer(&seen, before) {
        Reply::Is(status, body) => (status, vec![], body),
        Reply::With(status, headers, body) => (status, headers, body),
        Reply::Cut => return Ok(()),
        Reply::Hang => std::future::pending().await,
    };
    let mut head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    socket.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
    socket.shutdown().await
}

async fn read(socket: &mut TcpStream) -> std::io::Result<Option<Seen>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if socket.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()))
        .collect();
    let length =
        headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    let mut body = bytes[head_end + 4..].to_vec();
    while body.len() < length {
        if socket.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Seen { method, path: path.to_owned(), query: pairs(query), headers, body }))
}

/// For checks: the first thing that does not hold.
pub(crate) fn all_of(rules: &[(bool, &str)]) -> Result<(), String> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err((*what).to_owned()),
        None => Ok(()),
    }
}
