//! Evidence by content hash, for agents: a thread with a connection of its own, so that hashing and deflating megabytes
//! holds up neither an async runtime nor the engine's transactions.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use firebell_core::ports::BoxFuture;
use firebell_core::ports::agent::BlobStore;
use firebell_core::ports::store::{StoreError, StoreResult};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::lock::DataLock;
use super::open::{self, Options};
use super::store::write;
use crate::{codec, sql};

/// Requests that may wait; whoever comes next waits with its bytes until there is room.
const QUEUE: usize = 16;

enum Request {
    Put { bytes: Vec<u8>, answer: oneshot::Sender<Result<String, String>> },
    Get { sha256: String, answer: oneshot::Sender<Result<Option<Vec<u8>>, String>> },
}

/// The blob store on the database of a [`super::SqliteStore`]. Clones share their thread, which ends with the last.
#[derive(Clone)]
pub struct SqliteBlobs {
    requests: mpsc::Sender<Request>,
}

impl SqliteBlobs {
    pub(super) fn start(
        path: &Path,
        options: &Options,
        gate: Arc<Mutex<()>>,
        lock: Arc<DataLock>,
    ) -> StoreResult<Self> {
        let conn = open::writing(path, options)?;
        let (requests, mut queue) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("blobs".to_owned())
            .spawn(move || {
                serve(&mut queue, &conn, &gate);
                // The folder stays ours until the last writing connection is closed.
                drop(conn);
                drop(lock);
            })
            .map_err(|e| StoreError::Database { doing: "start the blob store", detail: e.to_string() })?;
        Ok(Self { requests })
    }

    async fn ask<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Request,
    ) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(make(answer)).await.map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl BlobStore for SqliteBlobs {
    fn put<'a>(&'a self, bytes: Vec<u8>) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.ask(|answer| Request::Put { bytes, answer }))
    }

    fn get<'a>(&'a self, sha256: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, String>> {
        Box::pin(self.ask(|answer| Request::Get { sha256: sha256.to_owned(), answer }))
    }
}

fn stopped() -> String {
    "the blob store has stopped: look for its error in the log and restart firebell".to_owned()
}

fn serve(queue: &mut mpsc::Receiver<Request>, conn: &Connection, gate: &Mutex<()>) {
    while let Some(request) = queue.blocking_recv() {
        // Whoever asked may have gone; then the answer has no taker, and that is fine.
        match request {
            Request::Put { bytes, answer } => {
                let _ = answer.send(put(conn, gate, &bytes).map_err(|e| e.to_string()));
            }
            Request::Get { sha256, answer } => {
                let _ = answer.send(sql::blob::get(conn, &sha256).map_err(|e| e.to_string()));
            }
        }
    }
}

fn put(conn: &Connection, gate: &Mutex<()>, bytes: &[u8]) -> StoreResult<String> {
    codec::check_blob_size(bytes)?;
    let sha256 = codec::sha256(bytes);
    if !sql::blob::exists(conn, &sha256)? {
        let deflated = codec::deflate(bytes)?;
        let _gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        write(conn, |conn| sql::blob::put_deflated(conn, &sha256, bytes.len(), &deflated))?;
    }
    Ok(sha256)
}
