//! All routes, and what lies around them.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use firebell_integrations::replies::Listener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::metrics::{Group, measure};
use crate::problem::Problem;
use crate::state::{App, AppState, Shared};
use crate::{am, api, heartbeats, hooks, ingest, status, ui};

/// The whole server as a router.
pub fn router(state: AppState) -> Router {
    Site::new(state).router()
}

/// A server: what it answers, and what it does by itself.
#[derive(Clone)]
pub struct Site(Shared);

impl Site {
    /// Of its parts.
    pub fn new(state: AppState) -> Self {
        Self(Arc::new(App::new(state)))
    }

    /// With another way out.
    #[cfg(test)]
    pub(crate) fn with(state: AppState, wire: Arc<dyn crate::post::Wire>) -> Self {
        Self(Arc::new(App::with(state, wire)))
    }

    /// What it answers.
    pub fn router(&self) -> Router {
        routes(Arc::clone(&self.0))
    }

    /// Asks a channel that does not call what was said there, until `stop` turns true.
    pub async fn follow(self, listener: Arc<dyn Listener>, stop: watch::Receiver<bool>) {
        hooks::follow(self.0, listener, stop).await;
    }

    /// Takes up what people were promised by channels before the process was started.
    pub async fn resume(self) {
        hooks::resume(self.0).await;
    }
}

fn routes(app: Shared) -> Router {
    let own_host = app.state.status.host.clone().filter(|_| app.state.status.enabled);
    let measured = |group| from_fn_with_state((Arc::clone(&app), group), measure);
    let ingest = Router::new()
        .route("/in/{source}", post(ingest::in_source))
        .route("/in/{source}/{key}", post(ingest::in_path))
        .route("/v2/enqueue", post(ingest::enqueue))
        .route("/v2/change/enqueue", post(ingest::change))
        .route("/heartbeat/{name}", get(heartbeats::plain).post(heartbeats::plain))
        .route("/heartbeat/{name}/{second}", get(heartbeats::in_path).post(heartbeats::in_path))
        .route("/heartbeat/{name}/{key}/{signal}", get(heartbeats::with_signal).post(heartbeats::with_signal))
        .route("/v1/traces", post(ingest::traces))
        .route("/v1/metrics", post(ingest::metrics))
        .route("/v1/logs", post(ingest::logs))
        .layer(measured(Group::Ingest));
    let alertmanager = am::routes()
        .merge(Router::new().nest("/am/{key}", am::routes()))
        .layer(measured(Group::Alertmanager));
    // Never from a cache: every answer is about now, and for one person.
    let fresh =
        SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let all = Router::new()
        .merge(ingest)
        .merge(alertmanager)
        .merge(hooks::routes().layer(measured(Group::Hook)))
        .merge(api::routes(&app).layer(fresh.clone()).layer(measured(Group::Api)))
        .merge(api::open_routes())
        .merge(status::routes().layer(fresh.clone()).layer(measured(Group::Status)))
        .merge(ui::routes().layer(fresh).layer(measured(Group::Page)))
        .fallback(async || Problem::not_found("nothing is served at this address"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(constant(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app);
    match own_host {
        Some(host) => status::on_own_host(all, host),
        None => all,
    }
}

fn constant(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(&format!("a handler panicked: {}", text.unwrap_or_default())).into_response()
}
