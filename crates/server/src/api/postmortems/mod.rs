//! What there is to learn from: incidents that are over, and the search over them and their postmortems.

mod list;

use serde_json::Value;

pub(super) use list::operation;

use super::spec::schema;

/// The schema of what was found.
pub(super) fn hit_schema() -> Value {
    schema::growing(&[
        schema::need("incident", schema::named("IncidentSummary")),
        schema::need("score", schema::count()),
        schema::need("snippet", schema::text()),
        schema::need("hits", schema::list(schema::text())),
        schema::need("postmortem", schema::flag()),
        schema::need("impact", schema::or_null(schema::text())),
        schema::need("ending", schema::or_null(schema::text())),
        schema::need("recover_s", schema::or_null(serde_json::json!({"type": "number"}))),
    ])
}
