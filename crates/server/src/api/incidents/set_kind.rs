//! `POST …/kind {kind, restricted?}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, parts, schema};
use crate::auth::Permission;

/// What there is.
const KINDS: &str = "availability, performance, security, data, other";

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/kind", "setKind", set_kind)
        .needs(Permission::Severity)
        .summary("Say of which kind it is, and who may see it")
        .about("Security restricts an incident to responders unless `restricted` says otherwise.")
        .body(schema::object(&[
            schema::need("kind", schema::one_of(&parts::KINDS)),
            schema::may("restricted", schema::flag()),
        ]))
        .writes_incident()
}

/// Says of which kind it is, and who may see it.
pub(crate) async fn set_kind(target: Target, mut fields: Fields) -> Written {
    let kind = fields.choose("kind", KINDS)?;
    let restricted = fields.flag("restricted")?;
    fields.end()?;
    target.act(Command::SetKind { kind, restricted }).await
}
