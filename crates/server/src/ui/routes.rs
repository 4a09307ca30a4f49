//! Routes of the page.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use super::{assets, guard, incident, incidents, login, settings, writeup};
use crate::state::Shared;

/// All of them, each under strict headers.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(incidents::page))
        .route("/fragment", get(incidents::fragment))
        .route("/stream", get(incidents::stream))
        .route("/declare", post(incidents::declare))
        .route("/incidents/{id}", get(incident::page))
        .route("/incidents/{id}/fragment", get(incident::fragment))
        .route("/incidents/{id}/stream", get(incident::stream))
        .route("/incidents/{id}/do/{verb}", post(incident::act))
        .route("/incidents/{id}/postmortem", get(incident::postmortem))
        .route("/incidents/{id}/postmortem/edit", get(writeup::edit).post(writeup::save))
        .route("/incidents/{id}/postmortem.ics", get(incident::invitation))
        .route("/incidents/{id}/bundle.tar.gz", get(incident::bundle))
        .route("/login", get(login::show).post(login::submit))
        .route("/login/sso", get(login::sso))
        .route("/login/sso/callback", get(login::back))
        .route("/logout", post(login::out))
        .route("/setup", get(login::setup).post(login::set_up))
        .route("/welcome", get(login::welcome).post(login::welcomed))
        .route("/assets/{name}", get(assets::show))
        .merge(settings::routes())
        .layer(from_fn(guard::headers))
}
