//! `GET` and `POST /api/v2/alerts`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use firebell_core::alert::Alert;
use firebell_core::intake::silenced_by;
use firebell_core::ports::store;
use firebell_integrations::alertmanager::api::{AlertFilter, GettableAlert, gettable_alerts};

use super::sender::{AmError, Sender};
use crate::ingest::{self, Taken};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};

/// Firing alerts that are shown at most.
const MOST: usize = 100_000;

/// What Prometheus posts.
pub(crate) async fn receive(
    State(app): State<Shared>,
    Sender(source): Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Taken>, AmError> {
    Ok(Json(ingest::receive(&app, &source, "/api/v2/alerts", &headers, body).await?))
}

/// What fires.
pub(crate) async fn list(
    State(app): State<Shared>,
    Sender(_): Sender,
    query: Pairs,
) -> Result<Json<Vec<GettableAlert>>, AmError> {
    let filter = AlertFilter::from_query(query.iter()).map_err(|e| Problem::parse(&e))?;
    let alerts = firing(&app).await?;
    Ok(Json(gettable_alerts(&alerts, &filter, app.now())))
}

/// What fires, with the silences that cover it now: the stored list is from when the alert last turned.
pub(super) async fn firing(app: &App) -> Result<Vec<Alert>, Problem> {
    let filter = store::AlertFilter { firing: Some(true), limit: MOST, ..store::AlertFilter::default() };
    let now = app.now();
    app.read(move |reader| {
        let mut silences = reader.silences()?;
        silences.retain(|s| s.state(now) == "active");
        let mut alerts = reader.alerts(&filter)?;
        for alert in &mut alerts {
            alert.silenced_by = silenced_by(&silences, &alert.labels, now);
        }
        Ok(alerts)
    })
    .await
}
