//! `POST …/notes {text}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/notes", "addNote", add_note)
        .needs(Permission::Note)
        .summary("Add a note to the timeline")
        .body(schema::object(&[schema::need("text", schema::filled(32 * 1024))]))
        .writes_incident()
}

/// Adds to the timeline.
pub(crate) async fn add_note(target: Target, mut fields: Fields) -> Written {
    let text = fields.need("text")?;
    fields.end()?;
    target.act(Command::AddNote { text }).await
}
