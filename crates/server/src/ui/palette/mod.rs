//! `GET /palette?q=`: what the palette finds besides pages and actions, as JSON.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use firebell_core::policy::Policy;
use serde::Serialize;

use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive::{self, Case, Known};
use crate::ui::guard::Visitor;
use crate::ui::words;

/// Incidents of an answer.
const INCIDENTS: usize = 8;
/// Services.
const SERVICES: usize = 4;
/// Longest query.
const LONGEST: usize = 200;

#[derive(Debug, Serialize)]
pub(super) struct Found {
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    title: String,
    hint: String,
    href: String,
}

/// Open incidents without a query; else what has all its words, in id, title, cause, service or postmortem.
pub(super) async fn search(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Json<Found>, Problem> {
    let q: String = query.get("q").unwrap_or_default().chars().take(LONGEST).collect();
    let person = visitor.person;
    let policy = Arc::clone(app.state.handle.policy());
    Ok(Json(archive::look(&app, move |known| found(known, &policy, &person, &q)).await?))
}

fn found(known: &Known, policy: &Policy, person: &Person, q: &str) -> Found {
    let empty = q.trim().is_empty();
    let mut cases: Vec<(&Case, u32)> = if empty {
        known.seen_by(person).filter(|c| c.row.open).map(|c| (c, 0)).collect()
    } else {
        known.search(person, q)
    };
    // What is open is looked for most; then the best fit, then the newest.
    cases.sort_by(|(a, fit_a), (b, fit_b)| {
        (b.row.open, fit_b, b.row.opened_at, &b.row.id).cmp(&(a.row.open, fit_a, a.row.opened_at, &a.row.id))
    });
    let incidents = cases.into_iter().take(INCIDENTS).map(|(case, _)| Item {
        title: words::clean(&case.row.title),
        hint: format!(
            "{} {} {}",
            case.row.id,
            case.row.severity,
            words::title_case(case.row.status.as_str())
        ),
        href: format!("/incidents/{}", words::encoded(case.row.id.as_str())),
    });
    let wanted = q.trim().to_lowercase();
    let services = policy
        .services
        .iter()
        .filter(|s| !empty && s.name.to_lowercase().contains(&wanted))
        .take(SERVICES)
        .map(|s| Item {
            title: words::clean(&s.name),
            hint: "Service".to_owned(),
            href: format!("/services/{}", words::encoded(&s.name)),
        });
    Found { items: incidents.chain(services).collect() }
}
