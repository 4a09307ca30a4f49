//! `POST …/roles {role, person}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/roles", "assignRole", assign_role)
        .needs(Permission::AssignRole)
        .summary("Give a role to a person")
        .body(schema::object(&[
            schema::need("role", schema::filled(64)),
            schema::need("person", schema::filled(128)),
        ]))
        .writes_incident()
}

/// Gives a role to a person.
pub(crate) async fn assign_role(target: Target, mut fields: Fields) -> Written {
    let (role, person) = (fields.need("role")?, fields.need("person")?);
    fields.end()?;
    target.act(Command::AssignRole { role, person }).await
}
