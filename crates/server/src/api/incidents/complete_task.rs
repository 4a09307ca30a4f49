//! `POST …/tasks/{n}/done`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/tasks/{n}/done", "completeTask", complete_task)
        .needs(Permission::Tasks)
        .summary("Tick a task off")
        .writes_incident()
}

/// Done.
pub(crate) async fn complete_task(target: Target, segments: Segments) -> Written {
    let id = segments.number("n")?;
    target.act(Command::CompleteTask { id }).await
}
