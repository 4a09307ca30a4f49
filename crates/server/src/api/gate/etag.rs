//! ETags: an incident's is its version, that of other answers a hash of what they say.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// The tag of an incident at a version.
pub(crate) fn version_tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// What the caller has already.
pub(super) fn asked(headers: &HeaderMap) -> Option<String> {
    let all: Vec<&str> =
        headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|v| v.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// Gives an answer its tag, and leaves its body out where the caller has it.
pub(super) async fn tagged(response: Response, asked: Option<&str>) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let is_json = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    let body = if parts.headers.contains_key(header::ETAG) || !is_json {
        body
    } else {
        let bytes = match body.collect().await {
            Ok(collected) => collected.to_bytes(),
            Err(error) => return Problem::internal(&error).into_response(),
        };
        let tag = format!("\"{}\"", &hex::encode(Sha256::digest(&bytes))[..32]);
        if let Ok(value) = HeaderValue::from_str(&tag) {
            parts.headers.insert(header::ETAG, value);
        }
        Body::from(bytes)
    };
    let Some(tag) = parts.headers.get(header::ETAG).and_then(|v| v.to_str().ok()) else {
        return Response::from_parts(parts, body);
    };
    let same = asked.is_some_and(|asked| has(asked, tag));
    // May be kept by who asked, and is asked for again each time.
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if same {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, body)
}

/// Weak comparison, as reads have it.
fn has(asked: &str, tag: &str) -> bool {
    asked.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::has;

    #[test]
    fn tags_are_found_among_several() {
        assert!(has("\"a\", W/\"17\"", "\"17\"") && has("*", "\"17\"") && has("\"17\"", "\"17\""));
        assert!(!has("\"1\"", "\"17\"") && !has("", "\"17\"") && !has("17", "\"17\""));
    }
}
