//! `GET /postmortems`.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;

use super::find::{self, Hit, Wanted};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive::{self, Known, Piece, Reading};
use crate::ui::guard::Visitor;
use crate::ui::incidents::{Row, row};
use crate::ui::{pages, words};

/// Incidents of one page.
const PAGE: usize = 25;
/// Services to choose from.
const SERVICES: usize = 200;

#[derive(Debug, Serialize)]
struct View {
    q: String,
    service: String,
    severity: &'static str,
    cause: String,
    days: Option<i64>,
    written: bool,
    filtered: bool,
    services: Vec<String>,
    /// Id, title.
    causes: Vec<(String, String)>,
    all: usize,
    page: usize,
    newer: Option<String>,
    older: Option<String>,
    hits: Vec<HitView>,
    reading: Reading,
}

#[derive(Debug, Serialize)]
struct HitView {
    row: Row,
    /// There is a postmortem to read.
    written: bool,
    pieces: Vec<Piece>,
    recovered: Option<String>,
}

/// The list, or what a search found.
pub(crate) async fn page(
    State(app): State<Shared>,
    visitor: Visitor,
    query: Pairs,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(&query)?;
    let (person, now) = (visitor.person.clone(), app.now());
    let asked = wanted.clone();
    let (view, hits) = archive::look(&app, move |known| view(known, &asked, &person, now)).await?;
    let dir = app.state.data_dir.clone();
    let hits = tokio::task::spawn_blocking(move || {
        let pieces = |hit: Hit| Hit { pieces: find::pieces(&hit.case, &wanted.q, &dir), ..hit };
        hits.into_iter().map(pieces).collect::<Vec<_>>()
    });
    let hits = hits.await.map_err(|e| Problem::internal(&e))?;
    let view = View { hits: hits.into_iter().map(|hit| hit_view(hit, now)).collect(), ..view };
    pages::whole(&app, Some(&visitor), "postmortems.html", StatusCode::OK, view)
}

fn view(known: &Known, wanted: &Wanted, person: &Person, now: Timestamp) -> (View, Vec<Hit>) {
    let found = find::matching(known, wanted, person, now);
    let all = found.len();
    let page = wanted.page.min(all.div_ceil(PAGE).max(1));
    let hits: Vec<Hit> = found.into_iter().skip((page - 1) * PAGE).take(PAGE).map(Hit::of).collect();
    let over = || known.seen_by(person).filter(|c| !c.row.open);
    let services: BTreeSet<&String> = over().flat_map(|c| &c.row.services).collect();
    let causes: BTreeSet<&str> = over().filter_map(|c| c.row.cause.as_deref()?.split('@').next()).collect();
    let severity = wanted.severity.map_or("", |s| s.as_str());
    let address = |page: usize| {
        let days = wanted.days.map(|d| d.to_string()).unwrap_or_default();
        let written = if wanted.written { "yes" } else { "" };
        words::address(
            "/postmortems",
            &[
                ("q", &wanted.q),
                ("service", &wanted.service),
                ("severity", severity),
                ("cause", &wanted.cause),
                ("days", &days),
                ("written", written),
                ("page", &page.to_string()),
            ],
        )
    };
    let view = View {
        q: wanted.q.clone(),
        service: wanted.service.clone(),
        severity,
        cause: wanted.cause.clone(),
        days: wanted.days,
        written: wanted.written,
        filtered: wanted.filters(),
        services: services.into_iter().take(SERVICES).cloned().collect(),
        causes: causes.into_iter().map(|id| (id.to_owned(), words::cause_title(id))).collect(),
        all,
        page,
        newer: (page > 1).then(|| address(page - 1)),
        older: (page * PAGE < all).then(|| address(page + 1)),
        hits: Vec::new(),
        reading: known.reading(person),
    };
    (view, hits)
}

fn hit_view(hit: Hit, now: Timestamp) -> HitView {
    let deep = hit.case.deep.as_ref();
    HitView {
        written: deep.is_some_and(|d| d.postmortem.is_some()),
        recovered: deep
            .and_then(|d| d.reviewed.times.recover_s)
            .map(|seconds| words::span(seconds.round() as i64)),
        row: row(&hit.case.row, now),
        pieces: hit.pieces,
    }
}
