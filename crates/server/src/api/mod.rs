//! The JSON API below `/api/v1`: one folder a resource, one file an endpoint. The acting person is the token's.

mod agents;
mod alerts;
mod blobs;
mod changes;
mod dead_letters;
mod events;
mod fields;
mod health;
pub(crate) mod incidents;
mod reports;
mod silences;

use axum::Router;
use axum::routing::{delete, get, post};

pub(crate) use fields::Fields;

use crate::state::Shared;

/// All routes of the API.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .merge(incidents::routes())
        .route("/api/v1/events", get(events::follow))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/silences", get(silences::list).post(silences::create))
        .route("/api/v1/silences/{id}", delete(silences::expire))
        .route("/api/v1/dead-letters", get(dead_letters::list))
        .route("/api/v1/dead-letters/{key}/retry", post(dead_letters::retry))
        .route("/api/v1/reports/weekly", get(reports::weekly))
        .route("/api/v1/agents", get(agents::list))
        .route("/api/v1/changes", get(changes::list))
        .route("/api/v1/blobs/{sha256}", get(blobs::show))
        .route("/metrics", get(crate::metrics::show))
}

/// Open to all, and telling nothing.
pub(crate) fn health_routes() -> Router<Shared> {
    Router::new().route("/healthz", get(health::live)).route("/readyz", get(health::ready))
}
