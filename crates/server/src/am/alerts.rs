//! `GET` and `POST /api/v2/alerts`.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use firebell_core::alert::Alert;
use firebell_core::ports::store;
use firebell_core::silence::Silences;
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
    let taken = ingest::receive(&app, &source, "/api/v2/alerts", &headers, body).await?;
    // As Alertmanager: the good ones are kept, and the bad ones are told of.
    match taken.rejected.as_slice() {
        [] => Ok(Json(taken)),
        [first, more @ ..] => {
            let others = match more.len() {
                0 => String::new(),
                n => format!(" ({n} more are bad)"),
            };
            let detail = format!("{}{others}; {} alerts were kept", first.reason, taken.accepted);
            Err(Problem::bad_request(&first.field, detail).into())
        }
    }
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
        let active = reader.silences()?.into_iter().filter(|s| s.state(now) == "active");
        let silences = Silences::new(active);
        let mut alerts = reader.alerts(&filter)?;
        for alert in &mut alerts {
            alert.silenced_by = silences.covering(&alert.labels, now);
        }
        Ok(alerts)
    })
    .await
}
