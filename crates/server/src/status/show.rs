//! Everything that is served of one board, ready as bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_core::policy::Policy;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::badge::badge;
use super::board::Board;
use super::feed;
use super::json::Parts;
use super::{subscribers, view};
use crate::problem::Problem;
use crate::state::App;

/// Caches may keep it for so long, and show it while they fetch another, or while there is none to be had.
const CACHE: HeaderValue =
    HeaderValue::from_static("public, max-age=10, stale-while-revalidate=60, stale-if-error=86400");
/// No script, nothing from elsewhere, in nobody's frame.
const SECURITY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The same for a page with forms.
pub(super) const FORMS: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
/// What is smaller is not worth packing.
const PACKED_FROM: usize = 1024;

/// Bytes of pages that are kept beside those that are always made.
const KEPT_BYTES: usize = 8 << 20;

pub(super) const HTML: &str = "text/html; charset=utf-8";

/// One document.
#[derive(Debug, Clone)]
pub(super) struct Document {
    kind: &'static str,
    security: HeaderValue,
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
            security: SECURITY,
            etag: HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\"")),
            body,
            packed,
        }
    }

    fn size(&self) -> usize {
        self.body.len() + self.packed.as_ref().map_or(0, Bytes::len)
    }

    /// The answer to a request: nothing where its reader has it already. `age_s` is for how long it has not been as
    /// things are, in seconds.
    pub(super) fn answer(&self, asked: &HeaderMap, age_s: Option<u64>) -> Response {
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
        headers.insert(header::CONTENT_SECURITY_POLICY, self.security.clone());
        if let Some(age_s) = age_s {
            headers.insert(header::AGE, HeaderValue::from(age_s));
        }
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

/// Documents that are made when somebody asks for them first, and kept while there is room.
#[derive(Debug, Default)]
struct Kept {
    documents: BTreeMap<String, Document>,
    bytes: usize,
}

impl Kept {
    /// Where there is no room left, all go: who reads a whole archive comes by once.
    fn put(&mut self, path: &str, document: Document, most: usize) {
        if self.bytes + document.size() > most {
            *self = Self::default();
        }
        self.bytes += document.size();
        let before = self.documents.insert(path.to_owned(), document);
        self.bytes -= before.map_or(0, |d| d.size());
    }
}

/// One board with its documents by path.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(super) made: Instant,
    /// That of the record when it was looked at; none where some of it is still to be looked at.
    pub(super) generation: Option<u64>,
    /// When the clock makes it another.
    pub(super) turns_at: Option<Timestamp>,
    pub(super) board: Board,
    documents: BTreeMap<String, Document>,
    kept: Mutex<Kept>,
}

impl Shown {
    pub(super) fn of(
        app: &App,
        board: Board,
        policy: &Policy,
        generation: Option<u64>,
    ) -> Result<Self, Problem> {
        let url = app.status.url(&app.state.public_url);
        let mut documents = BTreeMap::new();
        let mut put = |path: &str, kind, body| documents.insert(path.to_owned(), Document::new(kind, body));
        put("", HTML, view::page(app, &board, policy)?);
        put("history.atom", "application/atom+xml; charset=utf-8", feed::atom(&board, &url));
        put("history.rss", "application/rss+xml; charset=utf-8", feed::rss(&board, &url));
        for (path, value) in (Parts { board: &board, policy, url: &url }).documents() {
            put(&format!("api/v2/{path}"), "application/json", value.to_string());
        }
        let forms = Document { security: FORMS, ..Document::new(HTML, subscribers::form_page(app, &board)?) };
        put("badge.svg", "image/svg+xml", badge(&board.title, board.worst()));
        for c in &board.components {
            let picture = badge(&c.config.name, c.state);
            put(&format!("badge/{}.svg", c.id), "image/svg+xml", picture);
        }
        documents.insert("subscribe".to_owned(), forms);
        let turns_at = board.turns_at();
        Ok(Self { made: Instant::now(), generation, turns_at, board, documents, kept: Mutex::default() })
    }

    /// The document at a path below the page's own.
    pub(super) fn document(&self, path: &str) -> Option<&Document> {
        self.documents.get(path)
    }

    /// A page that is made when it is asked for first. `path` names it, and there are no more of them than the board has
    /// pages.
    pub(super) fn page(
        &self,
        path: &str,
        make: impl FnOnce() -> Result<String, Problem>,
    ) -> Result<Document, Problem> {
        if let Some(document) = self.kept().documents.get(path) {
            return Ok(document.clone());
        }
        // Not under the lock: who asks for another page does not wait for this one.
        let document = Document::new(HTML, make()?);
        self.kept().put(path, document.clone(), KEPT_BYTES);
        Ok(document)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_says_how_old() {
        let document = Document::new(HTML, "<p>All is well".to_owned());
        let age = |age_s| document.answer(&HeaderMap::new(), age_s).headers().get(header::AGE).cloned();
        assert_eq!((age(None), age(Some(75))), (None, Some(HeaderValue::from_static("75"))));
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut kept = Kept::default();
        let document = |n: usize| Document::new(HTML, "x".repeat(n));
        for n in 0..10 {
            kept.put(&format!("{n}"), document(100), 1000);
        }
        assert_eq!((kept.documents.len(), kept.bytes), (10, 1000));
        kept.put("9", document(100), 1000);
        assert_eq!((kept.documents.len(), kept.bytes), (1, 100), "what comes then begins anew");
        kept.put("9", document(50), 1000);
        assert_eq!((kept.documents.len(), kept.bytes), (1, 50), "the same page counts once");
        kept.put("big", document(5000), 1000);
        assert!(kept.documents.len() == 1 && kept.documents.contains_key("big"));
    }
}
