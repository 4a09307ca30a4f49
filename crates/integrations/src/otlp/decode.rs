//! A posted body to the messages of the protocol: content type, compression, limits.

use std::io::Read as _;

use prost::Message;
use serde::de::DeserializeOwned;

/// How a body is written, and how its answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// A body that cannot be read, with the HTTP status that says so.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    pub(super) status: u16,
    pub(super) message: String,
}

fn reject(status: u16, message: impl Into<String>) -> Rejected {
    Rejected { status, message: message.into() }
}

/// The encoding that a content type names.
pub(super) fn encoding(content_type: &str) -> Result<Encoding, Rejected> {
    match content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Ok(Encoding::Protobuf),
        "application/json" => Ok(Encoding::Json),
        _ => Err(reject(415, "content-type: send application/x-protobuf or application/json")),
    }
}

/// Undoes the compression, up to `max` bytes.
pub(super) fn expand(content_encoding: &str, body: &[u8], max: usize) -> Result<Vec<u8>, Rejected> {
    let too_large = || reject(413, format!("body: larger than {max} bytes: send smaller batches"));
    match content_encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" if body.len() > max => Err(too_large()),
        "" | "identity" => Ok(body.to_vec()),
        "gzip" | "x-gzip" => {
            let mut out = Vec::new();
            let limit = max as u64 + 1;
            flate2::read::MultiGzDecoder::new(body)
                .take(limit)
                .read_to_end(&mut out)
                .map_err(|e| reject(400, format!("body: is not gzip: {e}")))?;
            if out.len() > max { Err(too_large()) } else { Ok(out) }
        }
        _ => Err(reject(415, "content-encoding: send gzip, or no compression")),
    }
}

/// Reads the request message.
pub(super) fn message<M: Message + Default + DeserializeOwned>(
    encoding: Encoding,
    body: &[u8],
) -> Result<M, Rejected> {
    match encoding {
        Encoding::Protobuf => {
            M::decode(body).map_err(|e| reject(400, format!("body: is not the message: {e}")))
        }
        Encoding::Json => serde_json::from_slice(body).map_err(|e| reject(400, format!("body: {e}"))),
    }
}
