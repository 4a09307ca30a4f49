//! `POST …/decline {role, reason?}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/decline", "declineRole", decline_role)
        .needs(Permission::Acknowledge)
        .summary("Say that one cannot take a role")
        .about("For whoever holds it, or was called for it. It goes to the deputy, else to the next who can.")
        .body(schema::object(&[
            schema::need("role", schema::filled(64)),
            schema::may("reason", schema::up_to(2000)),
        ]))
        .writes_incident()
}

/// Declines it.
pub(crate) async fn decline_role(target: Target, mut fields: Fields) -> Written {
    let (role, reason) = (fields.need("role")?, fields.text("reason")?.unwrap_or_default());
    fields.end()?;
    target.act(Command::DeclineRole { role, reason }).await
}
