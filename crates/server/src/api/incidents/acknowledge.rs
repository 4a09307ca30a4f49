//! `POST …/ack`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/ack", "acknowledgeIncident", acknowledge)
        .needs(Permission::Acknowledge)
        .summary("Acknowledge: somebody is on it")
        .body(schema::object(&[]))
        .writes_incident()
}

/// Takes the incident.
pub(crate) async fn acknowledge(target: Target, fields: Fields) -> Written {
    fields.end()?;
    target.act(Command::Acknowledge).await
}
