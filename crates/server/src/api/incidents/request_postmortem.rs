//! `POST …/postmortem`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/postmortem", "requestPostmortem", request_postmortem)
        .needs(Permission::Postmortem)
        .summary("Ask for a postmortem that policy does not require")
        .body(schema::object(&[]))
        .writes_incident()
}

/// Asks for a postmortem though policy does not.
pub(crate) async fn request_postmortem(target: Target, fields: Fields) -> Written {
    fields.end()?;
    target.act(Command::RequestPostmortem).await
}
