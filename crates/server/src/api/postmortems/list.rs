//! `GET /api/v1/postmortems?q=&service=&severity=&cause=&from=&to=&written=&limit=&cursor=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;

use crate::api::paging::{Keyed, Paging};
use crate::api::spec::{Operation, parts, schema};
use crate::auth::Person;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;
use crate::ui::archive;
use crate::ui::postmortems::find::{self, Hit, LONGEST, Wanted};

const PAGING: Paging = Paging { field: "postmortems", usual: 25, most: 200, sorts: &["-score"] };

/// Where a page ends: score, opening, id.
type Place = (u32, Timestamp, String);

/// Its declaration.
pub(crate) fn operation() -> Operation {
    let word = || schema::up_to(LONGEST);
    let operation = Operation::get("/api/v1/postmortems", "searchPostmortems", list)
        .tag("Reports")
        .summary("Search past incidents and their postmortems")
        .about("Incidents that are over. With `q` those that have each of its words, or a word that begins like it, in id, title, services, cause, impact, ending or postmortem: the best fit first, of equals the newest. `snippet` is the part that was found, `hits` are the words in it.")
        .query("q", "All of these words.", word())
        .query("service", "Of that service.", word())
        .query("severity", "Of that severity.", schema::one_of(&parts::SEVERITIES))
        .query("cause", "Of that cause, such as `saturation.connection_pool`.", word())
        .query("from", "Opened at or after.", schema::time())
        .query("to", "Opened before.", schema::time())
        .query("written", "Only those with a postmortem (true).", schema::flag());
    PAGING.declare(operation, schema::named("PostmortemHit"))
}

/// Best fit first.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<Place>(&query)?;
    let wanted = wanted(&query)?;
    let (after, most, now) = (asked.after.clone(), asked.limit + 1, app.now());
    let q = wanted.q.clone();
    let found = archive::look_whole(&app, move |known| {
        let behind = |(case, score): &(&archive::Case, u32)| match &after {
            None => true,
            Some((s, at, id)) => {
                let (score, opened_at, case_id) = find::place(case, *score);
                (score, opened_at, case_id.as_str()) < (*s, *at, id.as_str())
            }
        };
        let found = find::matching(known, &wanted, &person, now);
        found.into_iter().filter(behind).take(most).map(Hit::of).collect::<Vec<Hit>>()
    });
    let (found, dir) = (found.await?, app.state.data_dir.clone());
    // Postmortems are read from disk.
    let rows = tokio::task::spawn_blocking(move || {
        let row = |hit: Hit| row(Hit { pieces: find::pieces(&hit.case, &q, &dir), ..hit });
        found.into_iter().map(row).collect::<Vec<Keyed<Place>>>()
    });
    let rows = rows.await.map_err(|e| Problem::internal(&e))?;
    Ok(PAGING.answer(&uri, &asked, rows, |row| row.key.clone()))
}

fn wanted(query: &Pairs) -> Result<Wanted, Problem> {
    let text = |name: &str| match query.get(name) {
        Some(text) if text.chars().count() > LONGEST => {
            Err(Problem::bad_request(name, format!("is longer than {LONGEST} characters")))
        }
        text => Ok(text.unwrap_or_default().to_owned()),
    };
    Ok(Wanted {
        q: text("q")?,
        service: text("service")?,
        severity: query.read("severity", "a severity: SEV1, SEV2, SEV3 or SEV4")?,
        cause: text("cause")?,
        from: query.read("from", "an RFC 3339 time")?,
        to: query.read("to", "an RFC 3339 time")?,
        written: query.read("written", "true or false")?.unwrap_or(false),
        ..Wanted::default()
    })
}

fn row(hit: Hit) -> Keyed<Place> {
    let Hit { case, score, pieces } = hit;
    let snippet: String = pieces.iter().map(|p| p.text.as_str()).collect();
    let hits: Vec<&str> = pieces.iter().filter(|p| p.hit).map(|p| p.text.as_str()).collect();
    let deep = case.deep.as_ref();
    let row = json!({
        "incident": case.row,
        "score": score,
        "snippet": snippet,
        "hits": hits,
        "postmortem": deep.is_some_and(|d| d.postmortem.is_some()),
        "impact": deep.and_then(|d| d.impact.as_deref()),
        "ending": deep.and_then(|d| d.ending.as_deref()),
        "recover_s": deep.and_then(|d| d.reviewed.times.recover_s),
    });
    Keyed { key: (score, case.row.opened_at, case.row.id.to_string()), row }
}
