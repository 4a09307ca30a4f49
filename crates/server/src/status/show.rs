//! Everything that is served of one board, ready as bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_core::policy::Policy;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::badge::badge;
use super::board::Board;
use super::feed;
use super::json::Parts;
use super::view;
use crate::problem::Problem;
use crate::state::App;

/// Caches may keep it for so long, and show it while they fetch another, or while there is none to be had.
const CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=10, stale-while-revalidate=60, stale-if-error=86400");
/// No script, nothing from elsewhere, in nobody's frame.
const SECURITY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// What is smaller is not worth packing.
const PACKED_FROM: usize = 1024;

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// One document.
#[derive(Debug, Clone)]
pub(super) struct Document {
    kind: &'static str,
    etag: HeaderValue,
    body: Bytes,
    packed: Option<Bytes>,
}

impl Document {
    pub(super) fn new(kind: &'static str, body: String) -> Self {
        let body = Bytes::from(body);
        let tag = format!("W/\"{}\"", &hex::encode(Sha256::digest(&body))[..20]);
        let packed = (body.len() >= PACKED_FROM).then(|| pack(&body)).flatten();
        Self {
            kind,
            etag: HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")),
            body,
            packed,
        }
    }

    /// The answer to a request: nothing where its reader has it already.
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let is_known = asked
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','))
            .any(|tag| weak(tag.trim()) == weak(self.etag.to_str().unwrap_or_default()) || tag.trim() == "*");
        let packed = self.packed.as_ref().filter(|_| takes_gzip(asked));
        let mut response = match (is_known, packed) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, Some(packed)) => packed.clone().into_response(),
            (false, None) => self.body.clone().into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, CACHE);
        headers.insert(header::CONTENT_SECURITY_POLICY, SECURITY);
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // Anybody's script may read what anybody may read.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if !is_known {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
            if packed.is_some() {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        response
    }
}

/// A tag without its mark: packed or not, it is the same page.
fn weak(tag: &str) -> &str {
    tag.trim_start_matches("W/")
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    asked
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|e| e.trim().split(';').next() == Some("gzip") && !is_refused(e)))
}

/// `gzip;q=0`.
fn is_refused(encoding: &str) -> bool {
    let weight = encoding.split(';').find_map(|part| part.trim().strip_prefix("q="));
    weight.and_then(|w| w.trim().parse::<f32>().ok()).is_some_and(|w| w <= 0.0)
}

fn pack(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    Some(Bytes::from(encoder.finish().ok()?))
}

/// One board with its documents by path.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(super) made: Instant,
    pub(super) generation: u64,
    pub(super) board: Board,
    documents: BTreeMap<String, Document>,
}

impl Shown {
    pub(super) fn of(app: &App, board: Board, policy: &Policy, generation: u64) -> Result<Self, Problem> {
        let url = app.status.url(&app.state.public_url);
        let mut documents = BTreeMap::new();
        let mut put = |path: &str, kind, body| documents.insert(path.to_owned(), Document::new(kind, body));
        put("", HTML, view::page(app, &board, policy)?);
        put("history.atom", "application/atom+xml; charset=utf-8", feed::atom(&board, &url));
        put("history.rss", "application/rss+xml; charset=utf-8", feed::rss(&board, &url));
        for (path, value) in (Parts { board: &board, policy, url: &url }).documents() {
            put(&format!("api/v2/{path}"), "application/json", value.to_string());
        }
        put("badge.svg", "image/svg+xml", badge(&board.title, board.worst()));
        for c in &board.components {
            let picture = badge(&c.config.name, c.state);
            put(&format!("badge/{}.svg", c.id), "image/svg+xml", picture);
        }
        Ok(Self { made: Instant::now(), generation, board, documents })
    }

    /// The document at a path below the page's own.
    pub(super) fn document(&self, path: &str) -> Option<&Document> {
        self.documents.get(path)
    }
}
