//! `POST …/roles {role, person}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/roles", "assignRole", assign_role)
        .needs(Permission::TakeRole)
        .summary("Give a role to a person")
        .about("To oneself: takes the role, and accepts it. Anybody who responds may take one that nobody has accepted; to give one to others, or to take one from somebody, takes a commander, or whoever leads the incident.")
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
