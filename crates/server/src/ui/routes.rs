//! Routes of the page.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use super::{
    ack, alerts, app, assets, guard, home, incident, incidents, login, oncall, palette, postmortems, reports,
    services, settings, writeup,
};
use crate::state::Shared;

/// All of them, each under strict headers.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(home::page))
        .route("/fragment", get(home::fragment))
        .route("/stream", get(home::stream))
        .route("/ack/{token}", get(ack::show).post(ack::submit))
        .route("/declare", post(incidents::declare))
        .route("/palette", get(palette::search))
        .route("/alerts", get(alerts::page))
        .route("/alerts/fragment", get(alerts::fragment))
        .route("/alerts/silences", post(alerts::create))
        .route("/alerts/silences/new", get(alerts::form))
        .route("/alerts/silences/{id}/expire", post(alerts::expire))
        .route("/services", get(services::list))
        .route("/services/{name}", get(services::service))
        .route("/postmortems", get(postmortems::page))
        .route("/reports", get(reports::page))
        .route("/reports/week.md", get(reports::markdown))
        .route("/incidents", get(incidents::page))
        .route("/incidents/{id}", get(incident::page))
        .route("/incidents/{id}/fragment", get(incident::fragment))
        .route("/incidents/{id}/stream", get(incident::stream))
        .route("/incidents/{id}/do/{verb}", post(incident::act))
        .route("/incidents/{id}/evidence/{evidence}", get(incident::evidence))
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
        .merge(app::routes())
        .merge(oncall::routes())
        .merge(settings::routes())
        .layer(from_fn(guard::headers))
}
