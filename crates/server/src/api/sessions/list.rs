//! `GET /api/v1/sessions?person=`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;

use crate::api::paging::Paging;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person, SessionView};
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

const PAGING: Paging = Paging { field: "sessions", usual: 200, most: 1000, sorts: &["-used_at"] };

/// Its declaration.
pub(super) fn operation() -> Operation {
    let operation = Operation::get("/api/v1/sessions", "listSessions", list)
        .tag("People")
        .needs(Permission::OwnAccount)
        .summary("Where you are signed in; administrators see everybody's")
        .query("person", "Of that person only.", schema::up_to(64));
    PAGING.declare(operation, schema::named("Session"))
}

/// Used last first.
pub(crate) async fn list(
    State(app): State<Shared>,
    person: Person,
    query: Pairs,
    uri: Uri,
) -> Result<Response, Problem> {
    let asked = PAGING.read::<(Timestamp, String)>(&query)?;
    let wanted = query.get("person");
    let of = if person.may(Permission::People) { wanted } else { Some(person.name.as_str()) };
    let mut rows = app.directory.sessions_of(of, app.now());
    let place = |s: &SessionView| (s.used_at, s.id.clone());
    rows.sort_by_key(|s| std::cmp::Reverse(place(s)));
    rows.retain(|s| asked.after.as_ref().is_none_or(|after| place(s) < *after));
    Ok(PAGING.answer(&uri, &asked, rows, place))
}
