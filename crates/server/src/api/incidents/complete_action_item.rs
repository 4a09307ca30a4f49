//! `POST …/action-items/{n}/done`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post(
        "/api/v1/incidents/{id}/action-items/{n}/done",
        "completeActionItem",
        complete_action_item,
    )
    .needs(Permission::Tasks)
    .summary("Tick an action item off")
    .writes_incident()
}

/// Done.
pub(crate) async fn complete_action_item(target: Target, segments: Segments) -> Written {
    let id = segments.number("n")?;
    target.act(Command::CompleteActionItem { id }).await
}
