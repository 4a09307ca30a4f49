//! `POST …/tasks {text, role}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/tasks", "addTask", add_task)
        .needs(Permission::Tasks)
        .summary("Add a task")
        .body(schema::object(&[
            schema::need("text", schema::filled(32 * 1024)),
            schema::may("role", schema::up_to(64)),
        ]))
        .writes_incident()
}

/// A task.
pub(crate) async fn add_task(target: Target, mut fields: Fields) -> Written {
    let (text, role) = (fields.need("text")?, fields.text("role")?.unwrap_or_default());
    fields.end()?;
    target.act(Command::AddTask { text, role }).await
}
