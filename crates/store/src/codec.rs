//! Values as text and bytes: JSON, content hashes, deflate.

use std::io::{Read, Write};

use firebell_core::change::Change;
use firebell_core::ports::store::{StoreError, StoreResult};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::retention::MAX_BLOB;

/// A value as JSON.
pub(crate) fn to_json<T: Serialize>(doing: &'static str, value: &T) -> StoreResult<String> {
    serde_json::to_string(value)
        .map_err(|e| StoreError::Database { doing, detail: format!("no JSON form: {e}") })
}

/// A stored value. `what` names the row.
pub(crate) fn from_json<T: DeserializeOwned>(json: &str, what: impl FnOnce() -> String) -> StoreResult<T> {
    serde_json::from_str(json).map_err(|e| StoreError::Corrupt { what: what(), detail: e.to_string() })
}

/// The content hash of bytes, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A change with an id: its own, or one derived from what it says, so that the same change sent twice is one.
pub(crate) fn identified(change: &Change) -> StoreResult<Change> {
    let mut change = change.clone();
    if change.id.is_empty() {
        let hash = sha256(to_json("store a change", &change)?.as_bytes());
        change.id = format!("chg-{}", hash.get(..12).unwrap_or(&hash));
    }
    Ok(change)
}

/// Checks that bytes are not too many for a blob.
pub(crate) fn check_blob_size(bytes: &[u8]) -> StoreResult<()> {
    if bytes.len() <= MAX_BLOB {
        return Ok(());
    }
    let detail =
        format!("{} bytes are more than the {MAX_BLOB} that a blob may have: narrow the query", bytes.len());
    Err(StoreError::Database { doing: "store a blob", detail })
}

/// Checks bytes that are to be stored under a hash that somebody else reckoned.
pub(crate) fn check_blob(hash: &str, bytes: &[u8]) -> StoreResult<()> {
    check_blob_size(bytes)?;
    let found = sha256(bytes);
    if found == hash {
        return Ok(());
    }
    Err(StoreError::Database { doing: "store a blob", detail: format!("its SHA-256 is {found}, not {hash}") })
}

/// Deflates bytes. Speed counts more than size: telemetry is repetitive, and a writer waits.
pub(crate) fn deflate(bytes: &[u8]) -> StoreResult<Vec<u8>> {
    let failed = |e: std::io::Error| StoreError::Database { doing: "deflate a blob", detail: e.to_string() };
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 4 + 64), Compression::fast());
    encoder.write_all(bytes).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// Inflates a stored blob and checks that it is what its hash says.
pub(crate) fn inflate(hash: &str, size: usize, deflated: &[u8]) -> StoreResult<Vec<u8>> {
    let corrupt = |detail| StoreError::Corrupt { what: format!("blob {hash}"), detail };
    if size > MAX_BLOB {
        return Err(corrupt(format!("its size is given as {size} bytes")));
    }
    let mut bytes = Vec::with_capacity(size);
    DeflateDecoder::new(deflated)
        .take(size as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| corrupt(e.to_string()))?;
    if bytes.len() != size || sha256(&bytes) != hash {
        return Err(corrupt("the bytes do not have the hash that they are stored under".to_owned()));
    }
    Ok(bytes)
}
