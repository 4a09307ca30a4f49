//! `GET /api/v1/now`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::api::spec::{Operation, parts, schema};
use crate::auth::Person;
use crate::oncall;
use crate::problem::Problem;
use crate::state::Shared;
use crate::ui::archive;
use crate::ui::home::now::{self, Now};

/// Most rows of each part; `total` counts all.
const MOST: usize = 100;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    Operation::get("/api/v1/now", "showNow", show)
        .tag("Incidents")
        .summary("What burns now, what waits for you, which clocks run out, who is on call")
        .about("Open incidents are the worst first, what waits is the most urgent first, clocks are the soonest first; at most 100 of each, `total` counts all. `on_call` has who is on call by each schedule, then the configuration's people by role in the order in which they are called, with the open incidents that they lead. The header `Firebell-Position` says from where GET /api/v1/events goes on.")
        .answers(200, "As it is now.", view_schema())
}

fn view_schema() -> Value {
    let part = |of: Value| {
        schema::object(&[schema::need("rows", schema::list(of)), schema::need("total", schema::count())])
    };
    let head = || {
        vec![
            schema::need("incident", schema::text()),
            schema::need("title", schema::text()),
            schema::need("severity", schema::one_of(&parts::SEVERITIES)),
        ]
    };
    let mut wait = head();
    wait.extend([
        schema::need("kind", schema::one_of(&["answer", "go", "task", "delivery", "action_item"])),
        schema::need("detail", schema::text()),
        schema::need("urgent", schema::flag()),
        schema::need("due", schema::or_null(schema::time())),
    ]);
    let mut clock = head();
    clock.extend([schema::need("what", schema::text()), schema::need("due", schema::time())]);
    let somebody = schema::growing(&[
        schema::need("name", schema::text()),
        schema::need("you", schema::flag()),
        schema::need("leads", schema::list(schema::text())),
    ]);
    let role = schema::growing(&[
        schema::need("role", schema::text()),
        schema::need("schedule", schema::or_null(schema::text())),
        schema::need("people", schema::list(somebody)),
    ]);
    schema::growing(&[
        schema::need("you", schema::text()),
        schema::need("open", part(schema::named("IncidentSummary"))),
        schema::need("waiting", part(schema::growing(&wait))),
        schema::need("clocks", part(schema::growing(&clock))),
        schema::need("on_call", schema::list(role)),
    ])
}

/// Of what the person may see.
pub(crate) async fn show(State(app): State<Shared>, person: Person) -> Result<Response, Problem> {
    // Before the look: what is written between both comes by the stream.
    let position = app.read(|reader| reader.position()).await?;
    let at = app.now();
    let policy = Arc::clone(app.state.handle.policy());
    let roster = oncall::roster(&app).await?;
    let view = archive::look_whole(&app, move |known| {
        let Now { mut waiting, mut clocks, open, roles, .. } =
            now::now(known, (&policy, &roster), &person, at);
        let (all_waiting, all_clocks) = (waiting.len(), clocks.len());
        waiting.truncate(MOST);
        clocks.truncate(MOST);
        let rows: Vec<_> = open.iter().take(MOST).map(|c| &c.row).collect();
        json!({
            "you": person.name,
            "open": {"rows": rows, "total": open.len()},
            "waiting": {"rows": waiting, "total": all_waiting},
            "clocks": {"rows": clocks, "total": all_clocks},
            "on_call": roles,
        })
    });
    let mut response = Json(view.await?).into_response();
    response.headers_mut().insert("firebell-position", HeaderValue::from(position));
    Ok(response)
}
