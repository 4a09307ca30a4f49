//! Reading a request's body: capped before and after decompression, and within a time.

use std::io::Read;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::problem::Problem;

/// A body must arrive within so long: a sender that drips bytes holds a connection, nothing else.
const WITHIN: Duration = Duration::from_secs(20);

/// Reads a body as it is on the wire, at most `cap` bytes.
pub(crate) async fn read(headers: &HeaderMap, body: Body, cap: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > cap as u64) {
        return Err(too_large(cap));
    }
    match tokio::time::timeout(WITHIN, Limited::new(body, cap).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large(cap)),
        Ok(Err(_)) => Err(Problem::bad_request("body", "ended before it was whole: send it again")),
        Err(_) => Err(Problem::too_slow(format!(
            "the body was not there within {} s: send it again",
            WITHIN.as_secs()
        ))),
    }
}

/// Reads a body and undoes its `content-encoding`: none or gzip. What it expands to has the same cap.
pub(crate) async fn read_expanded(headers: &HeaderMap, body: Body, cap: usize) -> Result<Bytes, Problem> {
    let bytes = read(headers, body, cap).await?;
    let encoding = headers.get(header::CONTENT_ENCODING).map_or(Ok(""), |v| v.to_str()).unwrap_or("?");
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(bytes),
        "gzip" | "x-gzip" => expand(&bytes, cap),
        _ => Err(Problem::unsupported("content-encoding", "only gzip and no encoding are read here")),
    }
}

fn expand(bytes: &[u8], cap: usize) -> Result<Bytes, Problem> {
    let mut out = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(cap as u64 + 1);
    if reader.read_to_end(&mut out).is_err() {
        return Err(Problem::bad_request("body", "is not gzip, though content-encoding says so"));
    }
    if out.len() > cap {
        return Err(Problem::too_large(format!(
            "the body expands to more than {cap} bytes: split the request, or raise the cap"
        )));
    }
    Ok(out.into())
}

fn too_large(cap: usize) -> Problem {
    Problem::too_large(format!("the body is larger than {cap} bytes: split the request, or raise the cap"))
}
