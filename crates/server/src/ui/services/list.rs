//! `GET /services`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use firebell_core::policy::Policy;
use jiff::Timestamp;
use serde::Serialize;

use super::sum::{self, Around, Sum};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive::{self, Known, Reading};
use crate::ui::guard::Visitor;
use crate::ui::moment::Moment;
use crate::ui::{pages, words};

/// Services of one page.
const MOST: usize = 200;

#[derive(Debug, Serialize)]
struct List {
    q: String,
    rows: Vec<Row>,
    more: usize,
    catalogued: bool,
    reading: Reading,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    href: String,
    owner: String,
    customer_facing: bool,
    revenue: bool,
    catalogued: bool,
    state: &'static str,
    class: &'static str,
    open: Vec<String>,
    alerts: usize,
    alerts_href: String,
    incidents: usize,
    objective: Option<String>,
    left: Option<f64>,
    left_text: String,
    changed: Option<Moment>,
}

/// All services: what is in trouble first.
pub(crate) async fn list(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let now = app.now();
    let around = app.read(move |reader| sum::around(reader, now)).await?;
    let (person, q) = (visitor.person.clone(), query.get("q").unwrap_or_default().to_owned());
    let policy = Arc::clone(app.state.handle.policy());
    let view = archive::look(&app, move |known| view(known, &around, &policy, &person, q, now)).await?;
    pages::whole(&app, Some(&visitor), "services.html", StatusCode::OK, view)
}

fn view(known: &Known, around: &Around, policy: &Policy, person: &Person, q: String, now: Timestamp) -> List {
    let sums = sum::sums(known, around, policy, person, now);
    let wanted = q.to_lowercase();
    let mut found: Vec<(&str, Sum<'_>)> =
        sums.into_iter().filter(|(name, sum)| sum.is_hit(name, &wanted)).collect();
    let rank =
        |sum: &Sum<'_>| (sum.worst().map_or(9, |s| s as u8), sum.alerts.is_empty(), sum.entry.is_none());
    found.sort_by(|a, b| (rank(&a.1), a.0).cmp(&(rank(&b.1), b.0)));
    List {
        more: found.len().saturating_sub(MOST),
        rows: found.into_iter().take(MOST).map(|(name, sum)| row(name, &sum, now)).collect(),
        q,
        catalogued: !policy.services.is_empty(),
        reading: known.reading(person),
    }
}

fn row(name: &str, sum: &Sum<'_>, now: Timestamp) -> Row {
    let (state, class) = sum.state().shown();
    let budget = sum.budget(now);
    Row {
        name: name.to_owned(),
        href: format!("/services/{}", words::encoded(name)),
        owner: sum.entry.map(|e| e.owner.clone()).unwrap_or_default(),
        customer_facing: sum.entry.is_some_and(|e| e.customer_facing),
        revenue: sum.entry.is_some_and(|e| e.revenue),
        catalogued: sum.entry.is_some(),
        state,
        class,
        open: sum.cases.iter().filter(|c| c.row.open).take(3).map(|c| c.row.id.to_string()).collect(),
        alerts: sum.alerts.len(),
        alerts_href: words::address("/alerts", &[("service", name)]),
        incidents: sum.counting().count(),
        objective: sum.entry.and_then(|e| e.slo_availability).map(percent),
        left: budget.as_ref().map(|b| b.left.clamp(0.0, 1.0)),
        left_text: budget.map(|b| budget_text(b.left)).unwrap_or_default(),
        changed: sum.changes.first().map(|c| Moment::of(c.at, now)),
    }
}

/// What is left of a budget.
fn budget_text(left: f64) -> String {
    if left < 0.0 { "overspent".to_owned() } else { format!("{:.0} % left", left * 100.0) }
}

/// `99.95 %`.
pub(super) fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn objectives_read_as_they_are_written() {
        assert_eq!([0.999, 0.9995, 0.9, 1.0].map(percent), ["99.9 %", "99.95 %", "90 %", "100 %"]);
    }
}
