//! `GET /api/v1/alerts?firing=&incident=&limit=`.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use firebell_core::ids::IncidentId;
use firebell_core::ports::store::{AlertFilter, IncidentFilter};
use serde_json::{Value, json};

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Most alerts of one answer.
const MOST: usize = 10_000;
/// Incidents that a viewer's answer is checked against; alerts of older ones are left out.
const CHECKED: usize = 100_000;

/// Last seen first. Alerts of restricted incidents are for responders.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
) -> Result<Json<Value>, Problem> {
    let filter = AlertFilter {
        firing: query.read("firing", "true or false")?,
        incident: query.get("incident").map(IncidentId::new),
        limit: query.read("limit", "a number of alerts")?.unwrap_or(1000usize).clamp(1, MOST),
    };
    let all = person.sees_restricted();
    let alerts = app
        .read(move |reader| {
            let mut alerts = reader.alerts(&filter)?;
            if !all {
                let open_to_all = IncidentFilter { limit: CHECKED, ..IncidentFilter::default() };
                let seen: BTreeSet<_> = reader.incidents(&open_to_all)?.into_iter().map(|s| s.id).collect();
                alerts.retain(|a| a.incident.as_ref().is_none_or(|id| seen.contains(id)));
            }
            Ok(alerts)
        })
        .await?;
    Ok(Json(json!({"alerts": alerts})))
}
