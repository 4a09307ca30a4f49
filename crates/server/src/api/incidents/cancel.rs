//! `POST …/cancel {reason}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/cancel", "cancelIncident", cancel)
        .needs(Permission::End)
        .summary("Call it off: a false alarm")
        .body(schema::object(&[schema::need("reason", schema::filled(32 * 1024))]))
        .writes_incident()
}

/// A false alarm.
pub(crate) async fn cancel(target: Target, mut fields: Fields) -> Written {
    let reason = fields.need("reason")?;
    fields.end()?;
    target.act(Command::Cancel { reason }).await
}
