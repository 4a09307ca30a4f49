//! `GET /api/v1/reports/trends?weeks=12&week=YYYY-Www`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firebell_core::review::{GroupLine, Metric, weekly_report};
use firebell_core::severity::Severity;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::spec::{Operation, parts, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive::{self, Known};
use crate::ui::reports::figures::{self, Load, Point, WEEKS, Week};

/// Most weeks.
const MOST: usize = 53;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    Operation::get("/api/v1/reports/trends", "showTrends", trends)
        .tag("Reports")
        .summary("Week by week: incidents, times, impact; by service, by cause; who was called")
        .about("Weeks are ISO weeks, Monday to Monday UTC, the oldest first. Exercises and what was none are not counted. Times are means in seconds: `acknowledge_s` from the first page to the first acknowledgement, `recover_s` from opened to resolved; null where none was measured. `customer_impact_s` is the sum of what customers felt. Nights are 22:00 to 06:00 UTC.")
        .query("weeks", "So many weeks, 12 unless said otherwise.", schema::whole(1, most))
        .query(
            "week",
            "The last of them, the current one unless said otherwise.",
            json!({"type": "string", "pattern": "^(19[789]|[2-9][0-9]{2})[0-9]-W(0[1-9]|[1-4][0-9]|5[0-3])$"}),
        )
        .answers(200, "The trends.", schema::named("Trends"))
}

/// The schema of the answer.
pub(in crate::api) fn trends_schema() -> Value {
    let seconds = || schema::or_null(json!({"type": "number", "minimum": 0}));
    let sum = || json!({"type": "number", "minimum": 0});
    let mut counts = schema::object(&parts::SEVERITIES.map(|s| schema::need(s, schema::count())));
    counts["description"] = json!("Incidents by severity.");
    let figures = || {
        vec![
            schema::need("incidents", schema::count()),
            schema::need("acknowledge_s", seconds()),
            schema::need("recover_s", seconds()),
            schema::need("customer_impact_s", sum()),
        ]
    };
    let with = |first: Vec<schema::Field>| {
        let mut all = first;
        all.extend(figures());
        schema::growing(&all)
    };
    let week = with(vec![
        schema::need("week", schema::text()),
        schema::need("from", schema::time()),
        schema::need("to", schema::time()),
        schema::need("by_severity", counts),
    ]);
    let service = with(vec![schema::need("service", schema::text())]);
    let cause = with(vec![schema::need("cause", schema::text()), schema::need("title", schema::text())]);
    let load = schema::growing(&[
        schema::need("person", schema::text()),
        schema::need("calls", schema::count()),
        schema::need("incidents", schema::count()),
        schema::need("nights", schema::count()),
        schema::need("weekends", schema::count()),
    ]);
    schema::growing(&[
        schema::need("from", schema::time()),
        schema::need("to", schema::time()),
        schema::need("weeks", schema::list(week)),
        schema::need("by_service", schema::list(service)),
        schema::need("by_cause", schema::list(cause)),
        schema::need("on_call", schema::list(load)),
    ])
}

/// Of what the person may see.
pub(crate) async fn trends(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
) -> Result<Json<Value>, Problem> {
    let right = format!("a number of weeks, 1 to {MOST}");
    let weeks = query.read::<usize>("weeks", &right)?.unwrap_or(WEEKS);
    if !(1..=MOST).contains(&weeks) {
        return Err(Problem::bad_request("weeks", format!("is not {right}")));
    }
    let last = match query.get("week") {
        None => Week::of(app.now()),
        Some(name) => Week::parse(name),
    };
    let bad = || Problem::bad_request("week", "is not an ISO week: write it as 2026-W48");
    let last = last.filter(|w| w.span().is_some()).ok_or_else(bad)?;
    let policy = Arc::clone(app.state.handle.policy());
    let view = archive::look_whole(&app, move |known| {
        let service = |name: &str| policy.service(name).map_or_else(|| name.to_owned(), |s| s.name.clone());
        view(known, &person, last, weeks, &service)
    });
    view.await?.map(Json).ok_or_else(bad)
}

/// `None` where the weeks reach beyond what a calendar has.
fn view(
    known: &Known,
    person: &Person,
    last: Week,
    weeks: usize,
    service: &dyn Fn(&str) -> String,
) -> Option<Value> {
    let reviewed = figures::reviewed(known, person);
    let points = figures::trend(&reviewed, last, weeks);
    let (from, to) = (points.first()?.week.span()?.0, last.span()?.1);
    let report = weekly_report(&reviewed, from, to);
    let by_service = group(&report.times_by_service, |name| json!({"service": service(name)}));
    let by_cause = group(
        &report.times_by_cause,
        |id| json!({"cause": id, "title": if id == "unknown" { "Not established".to_owned() } else { crate::ui::cause_title(id) }}),
    );
    Some(json!({
        "from": from,
        "to": to,
        "weeks": points.iter().filter_map(point).collect::<Vec<Value>>(),
        "by_service": by_service,
        "by_cause": by_cause,
        "on_call": on_call(figures::load(known.seen_by(person), from, to)),
    }))
}

fn point(p: &Point) -> Option<Value> {
    let (from, to): (Timestamp, Timestamp) = p.week.span()?;
    let counts: BTreeMap<&str, usize> =
        Severity::ALL.map(Severity::as_str).into_iter().zip(p.counts).collect();
    Some(json!({
        "week": p.week.name(),
        "from": from,
        "to": to,
        "incidents": p.counts.iter().sum::<usize>(),
        "by_severity": counts,
        "acknowledge_s": p.acknowledge_s,
        "recover_s": p.recover_s,
        "customer_impact_s": p.impact_s,
    }))
}

/// What has most incidents first.
fn group(lines: &[GroupLine], head: impl Fn(&str) -> Value) -> Vec<Value> {
    let mut lines: Vec<&GroupLine> = lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.ids.len()));
    let one = |line: &GroupLine| {
        let mut row = head(&line.group);
        let mean = |metric| figures::mean(line, metric);
        row["incidents"] = json!(line.ids.len());
        row["acknowledge_s"] = json!(mean(Metric::Acknowledge).map(|(mean, _)| mean));
        row["recover_s"] = json!(mean(Metric::Recover).map(|(mean, _)| mean));
        row["customer_impact_s"] =
            json!(mean(Metric::CustomerImpact).map_or(0.0, |(mean, count)| mean * count as f64));
        row
    };
    lines.into_iter().map(one).collect()
}

/// Who was called most first.
fn on_call(all: BTreeMap<&str, Load>) -> Vec<Value> {
    let mut all: Vec<(&str, Load)> = all.into_iter().collect();
    all.sort_by(|(a, x), (b, y)| (y.calls, a).cmp(&(x.calls, b)));
    let row = |(person, load): (&str, Load)| {
        json!({"person": person, "calls": load.calls, "incidents": load.incidents, "nights": load.nights,
            "weekends": load.weekends})
    };
    all.into_iter().map(row).collect()
}
