//! `POST …/merge {into}`.

use firebell_core::ids::IncidentId;
use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/merge", "mergeIncident", merge)
        .needs(Permission::End)
        .summary("Go on in another incident")
        .body(schema::object(&[schema::need("into", schema::filled(64))]))
        .writes_incident()
}

/// It goes on in another incident.
pub(crate) async fn merge(target: Target, mut fields: Fields) -> Written {
    let into = IncidentId::new(fields.need("into")?);
    fields.end()?;
    target.act(Command::Merge { into }).await
}
