//! `POST …/escalate`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/escalate", "escalateIncident", escalate)
        .needs(Permission::Acknowledge)
        .summary("The next step of the escalation, now")
        .body(schema::object(&[]))
        .writes_incident()
}

/// Asks the next ones.
pub(crate) async fn escalate(target: Target, fields: Fields) -> Written {
    fields.end()?;
    target.act(Command::EscalateNow).await
}
