//! `GET /api/v1/overrides?schedule=`.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::shown;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::oncall;
use crate::problem::Problem;
use crate::query::Pairs;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let answer = schema::object(&[schema::need("overrides", schema::list(schema::named("Override")))]);
    Operation::get("/api/v1/overrides", "listOverrides", list)
        .tag("On call")
        .summary("Overrides, covers, swaps and shadows that people entered")
        .about("Oldest first; each meets what those before it left. Those that files hold are not listed.")
        .query("schedule", "Of that schedule only.", schema::text())
        .answers(200, "All of them.", answer)
}

async fn list(State(app): State<Shared>, person: Person, query: Pairs) -> Result<Json<Value>, Problem> {
    person.allowed(Permission::View)?;
    let mut all = oncall::list(&app).await?;
    all.retain(|k| query.get("schedule").is_none_or(|s| k.schedule == s));
    let all: Vec<Value> = all.iter().map(shown).collect();
    Ok(Json(json!({"overrides": all})))
}
