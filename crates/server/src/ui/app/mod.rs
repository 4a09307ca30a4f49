//! What makes the page an application that can be installed: its manifest, its icons, its worker, and the page for when
//! there is no connection. Open to all; nothing of it tells anything.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::state::Shared;

const WORKER: &str = include_str!("sw.js");
const OFFLINE: &str = include_str!("offline.html");
const ICON_192: &[u8] = include_bytes!("icon-192.png");
const ICON_512: &[u8] = include_bytes!("icon-512.png");

/// All routes.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/manifest.webmanifest", get(manifest))
        .route("/sw.js", get(worker))
        .route("/offline", get(async || kept("text/html; charset=utf-8", OFFLINE.as_bytes())))
        .route("/icon-192.png", get(async || kept("image/png", ICON_192)))
        .route("/icon-512.png", get(async || kept("image/png", ICON_512)))
}

async fn manifest() -> Response {
    let icon = |size: u16, purpose: &str| {
        json!({
            "src": format!("/icon-{size}.png"),
            "sizes": format!("{size}x{size}"),
            "type": "image/png",
            "purpose": purpose,
        })
    };
    let manifest = json!({
        "id": "/",
        "name": "Firebell",
        "short_name": "Firebell",
        "description": "Runs production incidents, from the first alert to the postmortem.",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#b42318",
        "theme_color": "#b42318",
        "icons": [icon(192, "any"), icon(512, "any"), icon(512, "maskable")],
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/manifest+json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    (headers, Json(manifest).into_response().into_body()).into_response()
}

/// The worker: it may speak to this server and to nobody else. Browsers ask for it again by themselves.
async fn worker() -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; connect-src 'self'; img-src 'self'"),
    ];
    (headers, WORKER).into_response()
}

fn kept(kind: &'static str, content: &'static [u8]) -> Response {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, content).into_response()
}
