//! `/incidents/{id}/evidence/{evidence}`: one piece of evidence, as a page and as a picture. Read from the record only when
//! somebody looks, so that the incident's own page stays quick.

mod drawing;
mod find;
mod gather;
mod logs;
mod marks;
mod metric;
mod page;
mod trace;

use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_core::incident::{EventRecord, Incident};
use firebell_core::telemetry::Window;
use jiff::SignedDuration;

use crate::access;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::{App, Shared};
use crate::ui::guard::Visitor;
use crate::ui::pages;
use firebell_report::draw::{self, Mark, Size};

pub(in crate::ui::incident) use find::{has_picture, id_of};

use find::Cited;
use gather::Found;

/// The page, or with `.svg` at its end the picture (`?size=narrow` for a phone).
pub(crate) async fn evidence(
    State(app): State<Shared>,
    visitor: Visitor,
    Path((id, name)): Path<(String, String)>,
    query: Pairs,
) -> Result<Response, Problem> {
    let (incident, records) = access::load(&app, &visitor.person, &id).await?;
    let (key, picture) = name.strip_suffix(".svg").map_or((name.as_str(), false), |key| (key, true));
    let missing = || Problem::not_found(format!("{} has no such evidence", incident.id));
    let cited = find::find(&incident, &records, key).ok_or_else(missing)?;
    let (found, marks) = read(&app, &incident, &records, &cited).await?;
    if !picture {
        let view = page::of(&incident, &cited, &found, &marks);
        return pages::whole(&app, Some(&visitor), "evidence.html", StatusCode::OK, view);
    }
    let size = if query.get("size") == Some("narrow") { Size::Narrow } else { Size::Wide };
    let drawn = drawing::of(&cited, &found).and_then(|d| d.svg(&marks, size));
    let svg = drawn.ok_or_else(|| Problem::not_found("there is no picture of this evidence"))?;
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, &draw::POLICY),
        // Evidence does not change; what is marked on it may.
        (header::CACHE_CONTROL, "private, max-age=60"),
    ];
    Ok((headers, draw::standalone(&svg)).into_response())
}

/// What the record holds of it, and what happened around it.
async fn read(
    app: &App,
    incident: &Incident,
    records: &[EventRecord],
    cited: &Cited,
) -> Result<(Found, Vec<Mark>), Problem> {
    let candidates = find::candidates(incident, cited);
    let around = around(incident);
    let asked = cited.clone();
    let (found, changes) = app
        .read(move |reader| {
            Ok((gather::gather(reader, &candidates, &asked)?, reader.changes(around, marks::MOST_CHANGES)?))
        })
        .await?;
    Ok((found, marks::of(incident, records, &changes)))
}

/// The time whose changes may have to do with it.
fn around(incident: &Incident) -> Window {
    let begin = incident.impact_started_at.unwrap_or(incident.opened_at).min(incident.opened_at);
    let end = incident.resolved_at.unwrap_or(incident.phase_deadline).max(incident.opened_at);
    Window {
        start: begin.checked_sub(SignedDuration::from_hours(6)).unwrap_or(begin),
        end: end.checked_add(SignedDuration::from_hours(6)).unwrap_or(end),
    }
}
