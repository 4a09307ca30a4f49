//! `POST …/deputy {role, person}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/deputy", "nameDeputy", name_deputy)
        .needs(Permission::TakeRole)
        .summary("Say who stands in for a role's holder")
        .about("Who holds the role says it for themselves; for others a commander does, or whoever leads the incident.")
        .body(schema::object(&[
            schema::need("role", schema::filled(64)),
            schema::need("person", schema::filled(128)),
        ]))
        .writes_incident()
}

/// Names a deputy.
pub(crate) async fn name_deputy(target: Target, mut fields: Fields) -> Written {
    let (role, person) = (fields.need("role")?, fields.need("person")?);
    fields.end()?;
    target.act(Command::NameDeputy { role, person }).await
}
