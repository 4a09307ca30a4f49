//! `POST …/reopen {reason}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/reopen", "reopenIncident", reopen)
        .needs(Permission::End)
        .summary("Reopen: it is not over")
        .body(schema::object(&[schema::need("reason", schema::filled(32 * 1024))]))
        .writes_incident()
}

/// It is not over.
pub(crate) async fn reopen(target: Target, mut fields: Fields) -> Written {
    let reason = fields.need("reason")?;
    fields.end()?;
    target.act(Command::Reopen { reason }).await
}
