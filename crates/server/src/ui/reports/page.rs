//! `GET /reports?week=2026-W48`, and the week as Markdown.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use firebell_core::review::{GroupLine, Metric, MetricLine, ReviewedIncident, WeeklyReport, weekly_report};
use firebell_report::weekly_markdown;
use jiff::Timestamp;
use serde::Serialize;

use super::charts::{Chart, Series};
use super::figures::{self, Point, Week};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive::{self, Known, Reading};
use crate::ui::guard::Visitor;
use crate::ui::{pages, words};

/// Lines of a table.
const LINES: usize = 30;
/// Incidents that a line names.
const NAMED: usize = 8;

#[derive(Debug, Serialize)]
struct View {
    week: String,
    from: String,
    to: String,
    now: bool,
    earlier: Option<String>,
    later: Option<String>,
    incidents: Ids,
    false_alarms: Ids,
    healthy: Ids,
    severities: Vec<(String, Ids, String)>,
    times: Vec<TimeLine>,
    services: Vec<Line>,
    causes: Vec<Line>,
    repeats: Vec<(String, String)>,
    repeat_share: Option<String>,
    items: (usize, usize, usize, Option<String>),
    flagged: Vec<(String, String)>,
    charts: Vec<String>,
    load: Vec<LoadLine>,
    made: String,
    reading: Reading,
}

/// Incidents behind a figure.
#[derive(Debug, Serialize)]
struct Ids {
    count: usize,
    ids: Vec<String>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct TimeLine {
    what: String,
    mean: String,
    median: String,
    p90: String,
    count: usize,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    href: Option<String>,
    ids: Ids,
    acknowledge: String,
    recover: String,
    impact: String,
}

#[derive(Debug, Serialize)]
struct LoadLine {
    person: String,
    calls: usize,
    incidents: usize,
    nights: usize,
    weekends: usize,
    /// Calls of twelve weeks.
    all: usize,
}

/// The reports of a week; this week's unless another is named.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let now = app.now();
    let week = asked(&query, now)?;
    let person = visitor.person.clone();
    let policy = Arc::clone(app.state.handle.policy());
    let view = archive::look(&app, move |known| {
        let service = |name: &str| policy.service(name).map_or_else(|| name.to_owned(), |s| s.name.clone());
        view(known, &person, week, &service, now)
    });
    pages::whole(&app, Some(&visitor), "reports.html", StatusCode::OK, view.await?)
}

/// The week as Markdown, for a wiki or a mail.
pub(crate) async fn markdown(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let week = asked(&query, app.now())?;
    let person = visitor.person.clone();
    let report = archive::look(&app, move |known| report(&figures::reviewed(known, &person), week)).await?;
    let base = app.state.handle.policy().public_url.trim_end_matches('/').to_owned();
    let text = weekly_markdown(&report, &|id: &str| format!("{base}/incidents/{id}"));
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response())
}

fn asked(query: &Pairs, now: Timestamp) -> Result<Week, Problem> {
    let week = match query.get("week") {
        None => Week::of(now),
        Some(name) => Week::parse(name).filter(|w| w.span().is_some()),
    };
    week.ok_or_else(|| Problem::bad_request("week", "is not an ISO week: write it as 2026-W48"))
}

fn report(reviewed: &[ReviewedIncident], week: Week) -> WeeklyReport {
    let (from, to) = week.span().unwrap_or((Timestamp::MIN, Timestamp::MIN));
    weekly_report(reviewed, from, to)
}

fn view(
    known: &Known,
    person: &Person,
    week: Week,
    service: &dyn Fn(&str) -> String,
    now: Timestamp,
) -> View {
    let reviewed = figures::reviewed(known, person);
    let report = report(&reviewed, week);
    let points = figures::trend(&reviewed, week, figures::WEEKS);
    let date = |at: Timestamp| at.strftime("%-d %b %Y").to_string();
    let last = report.to.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(report.to);
    let by = |groups: &[GroupLine], name: &dyn Fn(&str) -> (String, Option<String>)| {
        let mut lines: Vec<&GroupLine> = groups.iter().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.ids.len()));
        lines.into_iter().take(LINES).map(|line| group(line, name(&line.group))).collect::<Vec<Line>>()
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let items = &report.action_items;
    View {
        week: week.name(),
        from: date(report.from),
        to: date(last),
        now: report.from <= now && now < report.to,
        earlier: week.step(-1).map(Week::name),
        later: week.step(1).filter(|_| report.to <= now).map(Week::name),
        incidents: ids(&report.incidents),
        false_alarms: ids(&report.false_alarms),
        healthy: ids(&report.healthy),
        severities: report
            .by_severity
            .iter()
            .map(|l| {
                (l.severity.to_string(), ids(&l.ids), l.recover.stats.map_or_else(dash, |s| span(s.mean)))
            })
            .collect(),
        times: report.times.iter().map(time).collect(),
        services: by(&report.times_by_service, &|name| {
            let name = service(name);
            let href = (name != "unknown")
                .then(|| format!("/services/{}", words::encoded(name.trim_start_matches("service/"))));
            (name, href)
        }),
        causes: by(&report.times_by_cause, &|id| match id {
            "unknown" => ("Not established".to_owned(), None),
            id => (words::cause_title(id), Some(words::address("/postmortems", &[("cause", id)]))),
        }),
        repeats: report.repeats.iter().map(|r| (r.id.clone(), r.repeats.clone())).collect(),
        repeat_share: report.repeat_share.map(percent),
        items: (items.created, items.carried, items.completed, items.rate.map(percent)),
        flagged: report.flagged.iter().take(LINES).map(|(id, why)| (id.clone(), why.join("; "))).collect(),
        charts: charts(&points),
        load: load(known, person, week, report.from, report.to),
        made: format!("{} UTC", words::day(now)),
        reading: known.reading(person),
    }
}

fn ids(all: &[String]) -> Ids {
    Ids {
        count: all.len(),
        ids: all.iter().take(NAMED).cloned().collect(),
        more: all.len().saturating_sub(NAMED),
    }
}

fn span(seconds: f64) -> String {
    words::span(seconds.round() as i64)
}

fn dash() -> String {
    "–".to_owned()
}

fn time(line: &MetricLine) -> TimeLine {
    let said = |v: Option<f64>| v.map_or_else(dash, span);
    let stats = line.seconds.stats;
    TimeLine {
        what: words::title_case(line.metric.words()),
        mean: said(stats.map(|s| s.mean)),
        median: said(stats.map(|s| s.median)),
        p90: said(stats.map(|s| s.p90)),
        count: stats.map_or(0, |s| s.count),
    }
}

fn group(line: &GroupLine, (name, href): (String, Option<String>)) -> Line {
    let mean = |metric: Metric| figures::mean(line, metric).map_or_else(dash, |(mean, _)| span(mean));
    Line {
        name,
        href,
        ids: ids(&line.ids),
        acknowledge: mean(Metric::Acknowledge),
        recover: mean(Metric::Recover),
        impact: mean(Metric::CustomerImpact),
    }
}

fn load(known: &Known, person: &Person, week: Week, from: Timestamp, to: Timestamp) -> Vec<LoadLine> {
    let back = i64::try_from(figures::WEEKS).unwrap_or(1) - 1;
    let begin = week.step(-back).and_then(Week::span).map_or(from, |(begin, _)| begin);
    let all = figures::load(known.seen_by(person), begin, to);
    let here = figures::load(known.seen_by(person), from, to);
    let mut lines: Vec<LoadLine> = all
        .iter()
        .map(|(name, all)| {
            let week = here.get(name).copied().unwrap_or_default();
            LoadLine {
                person: (*name).to_owned(),
                calls: week.calls,
                incidents: week.incidents,
                nights: week.nights,
                weekends: week.weekends,
                all: all.calls,
            }
        })
        .collect();
    lines.sort_by(|a, b| (b.calls, b.all, &a.person).cmp(&(a.calls, a.all, &b.person)));
    lines.truncate(LINES);
    lines
}

/// The trend, drawn.
fn charts(points: &[Point]) -> Vec<String> {
    let steps: Vec<String> = points.iter().map(|p| p.week.short()).collect();
    let values = |of: &dyn Fn(&Point) -> Option<f64>| points.iter().map(of).collect::<Vec<_>>();
    let count = |v: f64| format!("{v:.0}");
    let minutes = |v: f64| format!("{:.0} min", v / 60.0);
    let severities: Vec<Series<'_>> =
        [("SEV1", "c-sev1"), ("SEV2", "c-sev2"), ("SEV3", "c-sev3"), ("SEV4", "c-sev4")]
            .into_iter()
            .enumerate()
            .map(|(n, (name, class))| Series {
                name,
                class,
                values: values(&|p: &Point| p.counts.get(n).map(|c| *c as f64)),
            })
            .collect();
    let acknowledge =
        [Series { name: "Mean time to acknowledge", class: "c-a", values: values(&|p| p.acknowledge_s) }];
    let recover = [Series { name: "Mean time to recovery", class: "c-b", values: values(&|p| p.recover_s) }];
    let impact = [Series { name: "Customer impact", class: "c-c", values: values(&|p| Some(p.impact_s)) }];
    let chart =
        |id, title, about, series, say, unit| Chart { id, title, about, steps: &steps, series, say, unit };
    vec![
        chart(
            "counts",
            "Incidents a week",
            "Incidents of each of the last twelve weeks by severity.",
            &severities[..],
            &count as &dyn Fn(f64) -> String,
            1.0,
        )
        .bars(),
        chart(
            "impact",
            "Customer impact a week",
            "Minutes in which customers felt incidents of each week, added up.",
            &impact[..],
            &minutes,
            60.0,
        )
        .bars(),
        chart(
            "mttr",
            "Mean time to recovery",
            "From opened to resolved, mean of the incidents of each week.",
            &recover[..],
            &minutes,
            60.0,
        )
        .lines(),
        chart(
            "mtta",
            "Mean time to acknowledge",
            "From the first page to the first acknowledgement, mean of the incidents of each week.",
            &acknowledge[..],
            &minutes,
            60.0,
        )
        .lines(),
    ]
}
