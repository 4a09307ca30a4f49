//! `POST …/responders {people?, schedules?, teams?}`.

use firebell_core::incident::Command;
use firebell_oncall::model::Target as Whom;
use serde_json::json;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;
use crate::problem::Problem;

/// Most names of a kind.
const MOST: usize = 20;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let names = || json!({"type": "array", "items": schema::filled(128), "maxItems": MOST});
    Operation::post("/api/v1/incidents/{id}/responders", "requestResponders", request)
        .needs(Permission::Acknowledge)
        .summary("Ask for more people")
        .about("They are called by their own rules, beside the escalation, which goes on.")
        .body(schema::object(&[
            schema::may("people", names()),
            schema::may("schedules", names()),
            schema::may("teams", names()),
        ]))
        .writes_incident()
}

/// Asks for them.
pub(crate) async fn request(target: Target, mut fields: Fields) -> Written {
    let mut targets: Vec<Whom> = fields.texts("people", MOST)?.into_iter().map(Whom::Person).collect();
    targets.extend(fields.texts("schedules", MOST)?.into_iter().map(Whom::Schedule));
    targets.extend(fields.texts("teams", MOST)?.into_iter().map(Whom::Team));
    fields.end()?;
    if targets.is_empty() {
        return Err(Problem::invalid("people", "is required, or schedules, or teams: at least one name"));
    }
    target.act(Command::RequestResponders { targets }).await
}
