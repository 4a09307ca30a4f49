//! `GET /api/v1/reports/weekly?week=YYYY-Www&format=json|text|markdown`.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firebell_core::incident::{Summary, fold};
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use firebell_core::review::{ReviewedIncident, Times, WeeklyReport, weekly_report};
use firebell_report::{reviewed, weekly_markdown};
use jiff::civil::{ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::access;
use crate::api::spec::{Operation, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Incidents looked at; older ones tell only what is a repeat.
const MOST: usize = 20_000;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::get("/api/v1/reports/weekly", "showWeeklyReport", weekly)
        .tag("Reports")
        .summary("The week's incidents, measured")
        .query(
            "week",
            "ISO week, the current one unless said otherwise.",
            serde_json::json!({"type": "string", "pattern": "^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-2])$"}),
        )
        .query("format", "How it comes.", schema::one_of(&["json", "text", "markdown"]))
        .answers(200, "The report.", schema::named("WeeklyReport"))
        .answers_as(200, "The report.", "text/plain", schema::text())
        .answers_as(200, "The report.", "text/markdown", schema::text())
}

/// The current week unless another is named.
pub(crate) async fn weekly(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
) -> Result<Response, Problem> {
    let format = query.get("format").unwrap_or("json").to_owned();
    if !matches!(format.as_str(), "json" | "text" | "markdown") {
        return Err(Problem::bad_request("format", "is neither json nor text nor markdown"));
    }
    let (from, to) = week(query.get("week"), app.now())
        .ok_or_else(|| Problem::bad_request("week", "is not an ISO week: write it as 2026-W48"))?;
    let visible = access::visible(&person);
    let report = app.read(move |reader| compute(reader, visible, from, to)).await?;
    let texts = |kind: &'static str, text: String| ([(header::CONTENT_TYPE, kind)], text).into_response();
    Ok(match format.as_str() {
        "text" => texts("text/plain; charset=utf-8", report.to_text()),
        "markdown" => {
            let base = app.state.handle.policy().public_url.trim_end_matches('/').to_owned();
            let link = |id: &str| format!("{base}/incidents/{id}");
            texts("text/markdown; charset=utf-8", weekly_markdown(&report, &link))
        }
        _ => Json(report).into_response(),
    })
}

/// Monday to Monday, UTC.
fn week(name: Option<&str>, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let monday = match name {
        None => {
            let today = now.to_zoned_datetime(TimeZone::UTC).date().iso_week_date();
            ISOWeekDate::new(today.year(), today.week(), Weekday::Monday).ok()?
        }
        Some(name) => {
            let (year, week) = name.split_once("-W")?;
            ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?
        }
    };
    let from = monday.date().to_zoned_datetime(TimeZone::UTC).ok()?.timestamp();
    Some((from, from.checked_add(SignedDuration::from_hours(7 * 24)).ok()?))
}

/// Incidents of the week are read from their record, and older ones whose follow-up work is open or may have been done
/// in it. Of the others the list tells enough: their cause.
fn compute(
    reader: &dyn Reader,
    visible: IncidentFilter,
    from: Timestamp,
    to: Timestamp,
) -> StoreResult<WeeklyReport> {
    let filter = IncidentFilter { limit: MOST, before: Some(to), ..visible };
    let mut all = Vec::new();
    for summary in reader.incidents(&filter)? {
        if summary.opened_at >= from || summary.open_items > 0 || summary.updated_at >= from {
            all.extend(fold(&reader.events(&summary.id)?).as_ref().map(reviewed));
        } else if !summary.drill {
            all.push(older(&summary));
        }
    }
    Ok(weekly_report(&all, from, to))
}

fn older(summary: &Summary) -> ReviewedIncident {
    let cause = summary.cause.as_ref().and_then(|c| c.split_once('@'));
    ReviewedIncident {
        id: summary.id.to_string(),
        severity: summary.severity,
        kind: summary.kind,
        service: cause.map_or_else(|| "unknown".to_owned(), |(_, component)| component.to_owned()),
        cause: cause.map(|(cause, _)| cause.to_owned()),
        opened_at: summary.opened_at,
        status: summary.status,
        resolved_at: summary.resolved_at,
        times: Times::default(),
        drill: summary.drill,
        action_items: Vec::new(),
    }
}
