//! `GET /api/v1/heartbeats`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::heartbeats::{OwnPulse, Shown};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let heartbeat = schema::growing(&[
        schema::need("name", schema::text()),
        schema::need("about", schema::text()),
        schema::need("service", schema::or_null(schema::text())),
        schema::need("severity", schema::text()),
        schema::need("every_s", schema::count()),
        schema::need("grace_s", schema::count()),
        schema::need("state", schema::one_of(&["new", "up", "running", "late", "missed", "failed"])),
        schema::need("last_at", schema::or_null(schema::time())),
        schema::need("due", schema::or_null(schema::time())),
        schema::need("alert_since", schema::or_null(schema::time())),
        schema::need("beats", schema::count()),
    ]);
    let own = schema::growing(&[
        schema::need("to", schema::text()),
        schema::need("every_s", schema::count()),
        schema::need("last_at", schema::or_null(schema::time())),
        schema::need("failing_since", schema::or_null(schema::time())),
        schema::need("reason", schema::or_null(schema::text())),
    ]);
    let answer = schema::object(&[
        schema::need("heartbeats", schema::list(heartbeat)),
        schema::need("own", schema::or_null(own)),
    ]);
    Operation::get("/api/v1/heartbeats", "listHeartbeats", list)
        .tag("Alerts")
        .summary("Heartbeats: when each was last heard of, and our own")
        .about("`due` is when it counts as missed; null before its first beat. `own` is how Firebell's own heartbeat does; null where none is configured.")
        .answers(200, "As it is now.", answer)
}

async fn list(State(app): State<Shared>, person: Person) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::View)?;
    let shown = app.state.heartbeats.shown(&app.state.office, app.now()).await;
    let all: Vec<Value> = shown.map_err(|e| Problem::store(&e))?.iter().map(one).collect();
    let own = app.state.heartbeats.own.pulse();
    Ok(Json(json!({"heartbeats": all, "own": own.configured.then(|| ours(&own))})))
}

fn one(h: &Shown) -> Value {
    json!({
        "name": h.name, "about": h.about, "service": h.service, "severity": h.severity,
        "every_s": h.every_s, "grace_s": h.grace_s, "state": h.stands.as_str(),
        "last_at": h.kept.last_at, "due": h.due, "alert_since": h.kept.alert_since, "beats": h.kept.count,
    })
}

fn ours(own: &OwnPulse) -> Value {
    let (since, reason) = own.failing.clone().unzip();
    json!({
        "to": own.to, "every_s": own.every_s, "last_at": own.last_at, "failing_since": since, "reason": reason,
    })
}
