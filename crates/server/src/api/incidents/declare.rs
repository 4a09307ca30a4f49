//! `POST /api/v1/incidents {title, report?, services?, severity?, drill?, reported_at?}`.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use firebell_core::ids::IncidentId;
use firebell_core::incident::Opening;
use firebell_engine::machine::Decided;

use super::target::Answered;
use super::written;
use crate::action;
use crate::api::Fields;
use crate::api::spec::{Operation, parts, schema};
use crate::auth::{Permission, Person};
use crate::idempotency;
use crate::problem::Problem;
use crate::state::{App, Shared};

/// Longest report, in bytes.
const MAX_REPORT: usize = 64 * 1024;
/// Most services.
const MAX_SERVICES: usize = 64;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let services =
        serde_json::json!({"type": "array", "items": schema::up_to(1024), "maxItems": MAX_SERVICES});
    Operation::post("/api/v1/incidents", "declareIncident", declare)
        .tag("Incidents")
        .needs(Permission::Declare)
        .summary("Declare an incident")
        .about("An `Idempotency-Key` holds across restarts here: 200 with the incident that it opened.")
        .body(schema::object(&[
            schema::need("title", schema::filled(400)),
            schema::may("report", schema::up_to(MAX_REPORT)),
            schema::may("services", services),
            schema::may("severity", schema::one_of(&parts::SEVERITIES)),
            schema::may("drill", schema::flag()),
            schema::may("reported_at", schema::time()),
        ]))
        .answers(201, "It is opened.", schema::named("Written"))
        .answers(200, "This key opened it before.", schema::named("Written"))
}

/// Opens an incident. With an `Idempotency-Key` that is in the record it answers 200 with the incident that the key opened.
pub(crate) async fn declare(
    State(app): State<Shared>,
    person: Person,
    headers: HeaderMap,
    mut fields: Fields,
) -> Result<Response, Problem> {
    person.allowed(Permission::Declare)?;
    let mark = idempotency::mark(&headers, &person)?;
    let mut opening = read(&mut fields)?;
    fields.end()?;
    opening.why = format!("declared by {}", person.name);
    if let Some(mark) = mark {
        if let Some(incident) = seen(&app, &mark).await? {
            let repeated = Decided { incident, records: Vec::new() };
            let mut response = Answered { body: written(&app, &repeated).await? }.into_response();
            response.headers_mut().insert(idempotency::REPLAYED, HeaderValue::from_static("true"));
            return Ok(response);
        }
        opening.why = format!("{}, {mark}", opening.why);
    }
    let decided = action::open(&app, &person, opening).await?;
    Ok((StatusCode::CREATED, Answered { body: written(&app, &decided).await? }).into_response())
}

async fn seen(app: &App, mark: &str) -> Result<Option<IncidentId>, Problem> {
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
        services: fields.texts("services", MAX_SERVICES)?,
        severity: fields.read("severity", "a severity: write SEV1, SEV2, SEV3 or SEV4")?,
        drill: fields.flag("drill")?.unwrap_or(false),
        reported_at: fields.read("reported_at", "an RFC 3339 time")?,
        ..Opening::default()
    })
}
