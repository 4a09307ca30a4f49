//! `POST /api/v1/incidents {title, report?, services?, severity?, drill?, reported_at?}`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use firebell_core::incident::Opening;
use firebell_engine::machine::Decided;
use serde_json::Value;

use super::written;
use crate::action;
use crate::api::Fields;
use crate::auth::{Person, Role};
use crate::idempotency;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// Longest report, in bytes.
const MAX_REPORT: usize = 64 * 1024;

/// Opens an incident. With an `Idempotency-Key` seen before it answers 200 with the incident that the key opened.
pub(crate) async fn declare(
    State(app): State<Shared>,
    person: Person,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    person.need(Role::Responder)?;
    let mark = idempotency::mark(&headers, &person)?;
    let mut opening = read(&mut fields)?;
    fields.end()?;
    opening.why = format!("declared by {}", person.name);
    let Some(mark) = mark else {
        let decided = action::open(&app, &person, opening).await?;
        return Ok((StatusCode::CREATED, Json(written(&app, &decided).await?)));
    };
    opening.why = format!("{}, {mark}", opening.why);
    let _turn = app.seen_keys.turn.lock().await;
    if let Some(incident) = seen(&app, &mark).await? {
        let repeated = Decided { incident, records: Vec::new() };
        return Ok((StatusCode::OK, Json(written(&app, &repeated).await?)));
    }
    let decided = action::open(&app, &person, opening).await?;
    app.seen_keys.put(&mark, decided.incident.clone());
    Ok((StatusCode::CREATED, Json(written(&app, &decided).await?)))
}

async fn seen(app: &App, mark: &str) -> Result<Option<firebell_core::ids::IncidentId>, Problem> {
    if let Some(id) = app.seen_keys.get(mark) {
        return Ok(Some(id));
    }
    let (mark, now) = (mark.to_owned(), app.now());
    app.read(move |reader| idempotency::find(reader, &mark, now)).await
}

fn read(fields: &mut Fields) -> Result<Opening, Problem> {
    let title = fields.need("title")?;
    let report = fields.text("report")?.unwrap_or_default();
    if report.len() > MAX_REPORT {
        return Err(Problem::invalid("report", format!("is longer than {MAX_REPORT} bytes")));
    }
    Ok(Opening {
        title,
        report,
        services: fields.texts("services", 64)?,
        severity: fields.read("severity", "a severity: write SEV1, SEV2, SEV3 or SEV4")?,
        drill: fields.flag("drill")?.unwrap_or(false),
        reported_at: fields.read("reported_at", "an RFC 3339 time")?,
        ..Opening::default()
    })
}
