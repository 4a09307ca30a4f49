//! Alertmanager's API v2, so that a Prometheus can name Firebell as an Alertmanager and `amtool` works against it. What
//! the bodies mean is in the integration; here are routes, keys and the store.

mod alerts;
mod groups;
mod health;
mod receivers;
mod sender;
mod silence;
mod silences;
mod status;

use axum::Router;
use axum::routing::{any, get, post};

pub(crate) use silences::new_id as new_silence_id;

use crate::state::Shared;

/// The routes below `/api/v2`; they are served at the root and, for clients that can set no header, below `/am/{key}`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v2/alerts", get(alerts::list).post(alerts::receive))
        .route("/api/v2/alerts/groups", get(groups::list))
        .route("/api/v2/silences", post(silences::put).get(silences::list))
        .route("/api/v2/silence/{id}", get(silence::show).delete(silence::expire))
        .route("/api/v2/status", get(status::show))
        .route("/api/v2/receivers", get(receivers::list))
        .route("/-/healthy", get(health::healthy))
        .route("/-/ready", get(health::ready))
        .method_not_allowed_fallback(sender::no_method)
        .route("/api/v2/{*path}", any(sender::nothing_here))
}
