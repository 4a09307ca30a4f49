//! Addresses of the public page, all of them for reading.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, Request, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower::ServiceExt;

use super::config::StatusConfig;
use super::keep::Status;
use super::{subscribers, view};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Where the page is.
const BASE: &str = "/status";

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(BASE, get(page))
        .route("/status/", get(page))
        .route("/status/history", get(history))
        .route("/status/incidents/{id}", get(incident))
        .route("/status/maintenances/{id}", get(maintenance))
        .merge(subscribers::routes())
        .route("/status/{*path}", get(document))
}

impl Status {
    /// Address of the page as its readers reach it.
    pub(super) fn url(&self, public_url: &str) -> String {
        url_of(&self.config, public_url)
    }
}

/// Address of the page as its readers reach it.
pub(super) fn url_of(config: &StatusConfig, public_url: &str) -> String {
    let scheme = if public_url.starts_with("https://") { "https" } else { "http" };
    match &config.host {
        Some(host) => {
            let port = port(public_url).map(|p| format!(":{p}")).unwrap_or_default();
            format!("{scheme}://{host}{port}{BASE}")
        }
        None => format!("{}{BASE}", public_url.trim_end_matches('/')),
    }
}

/// The port that an address names.
fn port(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    // An address of version 6 has colons of its own, in brackets.
    let (_, port) = authority.rsplit_once(':')?;
    (!port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())).then_some(port)
}

pub(super) fn none() -> Problem {
    Problem::not_found("the status page has nothing at this address")
}

pub(super) fn enabled(app: &Shared) -> Result<(), Problem> {
    if app.status.config.enabled { Ok(()) } else { Err(none()) }
}

async fn page(state: State<Shared>, headers: HeaderMap) -> Result<Response, Problem> {
    document(state, Path(String::new()), headers).await
}

async fn document(
    State(app): State<Shared>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    enabled(&app)?;
    let shown = Status::shown(&app).await?;
    Ok(shown.document(&path).ok_or_else(none)?.answer(&headers, shown.age_s(&app)))
}

async fn incident(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    enabled(&app)?;
    let shown = Status::shown(&app).await?;
    let found = shown.board.incident(&id).ok_or_else(none)?;
    let one = || view::one(&app, &shown.board, app.state.handle.policy(), found);
    let document = shown.page(&format!("incidents/{id}"), one)?;
    Ok(document.answer(&headers, shown.age_s(&app)))
}

async fn maintenance(
    State(app): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    enabled(&app)?;
    let shown = Status::shown(&app).await?;
    let found = shown.board.maintenance(&id).ok_or_else(none)?;
    let one = || view::one_maintenance(&app, &shown.board, found);
    let document = shown.page(&format!("maintenances/{id}"), one)?;
    Ok(document.answer(&headers, shown.age_s(&app)))
}

async fn history(State(app): State<Shared>, query: Pairs, headers: HeaderMap) -> Result<Response, Problem> {
    enabled(&app)?;
    let page = query.read("page", "a number from 1")?.unwrap_or(1);
    let shown = Status::shown(&app).await?;
    let page = view::page_of_history(&shown.board, page);
    let history = || view::history(&app, &shown.board, app.state.handle.policy(), page);
    let document = shown.page(&format!("history?page={page}"), history)?;
    Ok(document.answer(&headers, shown.age_s(&app)))
}

/// Gives the page a host name of its own: there it is at `/`, and nothing else of this server is.
pub(crate) fn on_own_host(inner: Router, host: String) -> Router {
    Router::new().fallback(move |mut request: Request<Body>| {
        let inner = inner.clone();
        let here = is_for(&request, &host);
        async move {
            if here {
                match moved(request.uri()) {
                    Some(uri) => *request.uri_mut() = uri,
                    None => return StatusCode::NOT_FOUND.into_response(),
                }
            }
            match inner.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    })
}

fn is_for(request: &Request<Body>, host: &str) -> bool {
    let named = request.headers().get(header::HOST).and_then(|v| v.to_str().ok());
    let named = named.or_else(|| request.uri().host()).unwrap_or_default();
    let name = named
        .rsplit_once(':')
        .map_or(named, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { named });
    // A dot at the end is the same name.
    name.trim_end_matches('.').eq_ignore_ascii_case(host)
}

/// The same address below [`BASE`], unless it is there, or a style sheet.
fn moved(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let stays = path == BASE || path.starts_with("/status/") || path.starts_with("/assets/");
    if stays {
        return Some(uri.clone());
    }
    let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{BASE}{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::StatusConfig;

    #[test]
    fn a_host_of_its_own_keeps_scheme_and_port_of_the_public_address() {
        let own = Status::new(StatusConfig {
            host: Some("status.example.com".to_owned()),
            ..StatusConfig::default()
        });
        let shared = Status::new(StatusConfig::default());
        for (public, host, port) in [
            ("https://firebell.example.com", "https", ""),
            ("https://firebell.example.com:8443/", "https", ":8443"),
            ("http://127.0.0.1:7300", "http", ":7300"),
            ("http://[::1]/", "http", ""),
            ("http://[::1]:7300/fire:1", "http", ":7300"),
            ("https://example.com/a:80", "https", ""),
        ] {
            assert_eq!(own.url(public), format!("{host}://status.example.com{port}/status"), "{public}");
            assert_eq!(shared.url(public), format!("{}/status", public.trim_end_matches('/')));
        }
    }
}
