//! `GET /api/v1/reports/weekly?week=YYYY-Www&format=json|text`.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use firebell_core::incident::{Summary, fold};
use firebell_core::ports::store::{IncidentFilter, Reader, StoreResult};
use firebell_core::review::{ReviewedIncident, Times, WeeklyReport, weekly_report};
use firebell_report::reviewed;
use jiff::civil::{ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Incidents looked at; older ones tell only what is a repeat.
const MOST: usize = 20_000;

/// The current week unless another is named.
pub(crate) async fn weekly(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
) -> Result<Response, Problem> {
    let text = match query.get("format") {
        None | Some("json") => false,
        Some("text") => true,
        Some(_) => return Err(Problem::bad_request("format", "is neither json nor text")),
    };
    let (from, to) = week(query.get("week"), app.now())
        .ok_or_else(|| Problem::bad_request("week", "is not an ISO week: write it as 2026-W48"))?;
    let restricted = person.sees_restricted();
    let report = app.read(move |reader| compute(reader, restricted, from, to)).await?;
    if text {
        return Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], report.to_text()).into_response());
    }
    Ok(Json(report).into_response())
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

/// Incidents of the week are read from their record, older ones from the list: all that counts of them is their cause.
fn compute(
    reader: &dyn Reader,
    restricted: bool,
    from: Timestamp,
    to: Timestamp,
) -> StoreResult<WeeklyReport> {
    let filter = IncidentFilter {
        include_restricted: restricted,
        limit: MOST,
        before: Some(to),
        ..IncidentFilter::default()
    };
    let mut all = Vec::new();
    for summary in reader.incidents(&filter)? {
        if summary.opened_at >= from {
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
        resolved_at: summary.resolved_at,
        times: Times::default(),
        drill: summary.drill,
        action_items_created: 0,
        action_items_completed: 0,
    }
}
