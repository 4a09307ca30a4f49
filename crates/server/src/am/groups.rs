//! `GET /api/v2/alerts/groups`.

use axum::Json;
use axum::extract::State;
use firebell_integrations::alertmanager::api::{AlertFilter, AlertGroup, GROUP_BY, alert_groups};

use super::alerts::firing;
use super::sender::{AmError, Sender};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// What fires, by name and service.
pub(crate) async fn list(
    State(app): State<Shared>,
    Sender(_): Sender,
    query: Pairs,
) -> Result<Json<Vec<AlertGroup>>, AmError> {
    let filter = AlertFilter::from_query(query.iter()).map_err(|e| Problem::parse(&e))?;
    let alerts = firing(&app).await?;
    Ok(Json(alert_groups(&alerts, GROUP_BY, &filter, app.now())))
}
