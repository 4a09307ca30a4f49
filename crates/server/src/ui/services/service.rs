//! `GET /services/{name}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use firebell_core::change::Change;
use firebell_core::policy::Policy;
use jiff::Timestamp;
use serde::Serialize;

use super::budget::{self, Budget};
use super::list::percent;
use super::sum::{self, Around, Sum};
use crate::auth::Person;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::archive::{self, Known, Reading};
use crate::ui::guard::Visitor;
use crate::ui::incidents::{Row, row};
use crate::ui::moment::Moment;
use crate::ui::{pages, words};

/// Incidents that are listed.
const INCIDENTS: usize = 50;
/// Changes.
const CHANGES: usize = 30;
/// Alerts.
const ALERTS: usize = 20;

#[derive(Debug, Serialize)]
struct View {
    name: String,
    component: String,
    aliases: Vec<String>,
    owner: String,
    customer_facing: bool,
    revenue: bool,
    catalogued: bool,
    state: &'static str,
    class: &'static str,
    calls: Vec<Link>,
    called_by: Vec<Link>,
    /// Steps of causal paths that it was part of: from, to, incident.
    seen: Vec<(String, String, String)>,
    availability: Option<Slo>,
    latency: Option<(String, String)>,
    alerts: Vec<(String, String, Moment)>,
    alerts_more: usize,
    changes: Vec<ChangeView>,
    changes_more: usize,
    incidents: Vec<Row>,
    incidents_all: usize,
    incidents_href: String,
    days: i64,
    change_days: i64,
    reading: Reading,
}

#[derive(Debug, Serialize)]
struct Link {
    name: String,
    href: String,
    state: &'static str,
    class: &'static str,
}

#[derive(Debug, Serialize)]
struct Slo {
    objective: String,
    left: f64,
    left_text: String,
    overspent: bool,
    spent: String,
    allowed: String,
    burn: Vec<Burn>,
    days: i64,
    /// Some of it is a rule of thumb.
    guessed: bool,
}

#[derive(Debug, Serialize)]
struct Burn {
    over: String,
    rate: String,
    fast: bool,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    at: Moment,
    kind: &'static str,
    what: String,
    by: String,
}

/// One service; who may not know of it is told that there is none.
pub(crate) async fn service(
    State(app): State<Shared>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Response {
    let answer = load(&app, &visitor, &name).await;
    answer
        .and_then(|view| pages::whole(&app, Some(&visitor), "service.html", StatusCode::OK, view))
        .unwrap_or_else(|problem| pages::error(&app, &visitor, problem))
}

async fn load(app: &Shared, visitor: &Visitor, name: &str) -> Result<View, Problem> {
    let now = app.now();
    let around = app.read(move |reader| sum::around(reader, now)).await?;
    let (person, wanted) = (visitor.person.clone(), name.to_owned());
    let policy = Arc::clone(app.state.handle.policy());
    let view = archive::look(app, move |known| view(known, &around, &policy, &person, &wanted, now)).await?;
    view.ok_or_else(|| Problem::not_found("there is no service of this name: nothing has named it yet"))
}

fn view(
    known: &Known,
    around: &Around,
    policy: &Policy,
    person: &Person,
    wanted: &str,
    now: Timestamp,
) -> Option<View> {
    let sums = sum::sums(known, around, policy, person, now);
    let (name, sum) = sums.get_key_value(sum::name(policy, wanted))?;
    let (state, class) = sum.state().shown();
    let entry = sum.entry;
    let links = |names: Vec<&str>| names.into_iter().map(|n| link(n, &sums)).collect();
    Some(View {
        name: (*name).to_owned(),
        component: sum.component(name),
        aliases: entry.map(|e| e.aliases.clone()).unwrap_or_default(),
        owner: entry.map(|e| e.owner.clone()).unwrap_or_default(),
        customer_facing: entry.is_some_and(|e| e.customer_facing),
        revenue: entry.is_some_and(|e| e.revenue),
        catalogued: entry.is_some(),
        state,
        class,
        calls: links(sum.calls(policy)),
        called_by: links(sum::callers(policy, name)),
        seen: seen(sum, policy, name),
        availability: sum.budget(now).map(|b| slo(&b, sum)),
        latency: entry
            .and_then(|e| e.slo_latency_p95_ms)
            .map(|ms| (format!("{ms} ms"), words::span(budget::slow_s(&sum.hurts(), now).round() as i64))),
        alerts: sum
            .alerts
            .iter()
            .take(ALERTS)
            .map(|a| {
                let incident = a.incident.as_ref().map(ToString::to_string).unwrap_or_default();
                (a.name().to_owned(), incident, Moment::of(a.starts_at, now))
            })
            .collect(),
        alerts_more: sum.alerts.len().saturating_sub(ALERTS),
        changes: sum.changes.iter().take(CHANGES).map(|c| change(c, now)).collect(),
        changes_more: sum.changes.len().saturating_sub(CHANGES),
        incidents: sum.cases.iter().take(INCIDENTS).map(|c| row(&c.row, now)).collect(),
        incidents_all: sum.cases.len(),
        incidents_href: words::address("/incidents", &[("service", name)]),
        days: sum::DAYS,
        change_days: sum::CHANGE_DAYS,
        reading: known.reading(person),
    })
}

fn link(name: &str, sums: &BTreeMap<&str, Sum<'_>>) -> Link {
    let (state, class) = sums.get(name).map_or(("Unknown", "none"), |sum| sum.state().shown());
    Link { name: name.to_owned(), href: format!("/services/{}", words::encoded(name)), state, class }
}

fn slo(b: &Budget, sum: &Sum<'_>) -> Slo {
    let span = |seconds: f64| words::span(seconds.round() as i64);
    Slo {
        objective: percent(b.objective),
        left: b.left.clamp(0.0, 1.0),
        left_text: format!("{:.0} %", b.left * 100.0),
        overspent: b.left < 0.0,
        spent: span(b.spent_s),
        allowed: span(b.allowed_s),
        burn: b
            .burn
            .iter()
            .map(|(hours, rate)| Burn {
                over: words::span(hours * 3600),
                rate: format!("{rate:.1}"),
                fast: *rate > 1.0,
            })
            .collect(),
        days: budget::DAYS,
        guessed: sum.hurts().iter().any(|h| !h.measured),
    }
}

/// Where it was on the way from a cause to what customers felt.
fn seen(sum: &Sum<'_>, policy: &Policy, name: &str) -> Vec<(String, String, String)> {
    let mut all: BTreeMap<(String, String), String> = BTreeMap::new();
    for case in &sum.cases {
        for (from, to) in case.deep.iter().flat_map(|d| &d.path) {
            let (from, to) = (sum::name(policy, from), sum::name(policy, to));
            if from == name || to == name {
                all.entry((from.to_owned(), to.to_owned())).or_insert_with(|| case.row.id.to_string());
            }
        }
    }
    all.into_iter().take(20).map(|((from, to), id)| (from, to, id)).collect()
}

fn change(c: &Change, now: Timestamp) -> ChangeView {
    let versions = match (&c.from, &c.to) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (None, Some(to)) => format!("to {to}"),
        _ => String::new(),
    };
    let parts = [c.summary.as_str(), versions.as_str(), c.commit.as_deref().unwrap_or_default()];
    let what: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    ChangeView {
        at: Moment::of(c.at, now),
        kind: c.kind.as_str(),
        what: what.join(" · ").chars().take(300).collect(),
        by: c.by.clone().or_else(|| c.source.clone()).unwrap_or_default(),
    }
}
