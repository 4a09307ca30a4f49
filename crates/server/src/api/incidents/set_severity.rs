//! `POST …/severity {severity, reason}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, parts, schema};
use crate::auth::Permission;
use crate::problem::Problem;

/// What a severity looks like.
const SEVERITY: &str = "a severity: write SEV1, SEV2, SEV3 or SEV4";

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/severity", "setSeverity", set_severity)
        .needs(Permission::Severity)
        .summary("Override the severity")
        .body(schema::object(&[
            schema::need("severity", schema::one_of(&parts::SEVERITIES)),
            schema::need("reason", schema::filled(32 * 1024)),
        ]))
        .writes_incident()
}

/// Overrides severity.
pub(crate) async fn set_severity(target: Target, mut fields: Fields) -> Written {
    let severity =
        fields.read("severity", SEVERITY)?.ok_or_else(|| Problem::invalid("severity", "is required"))?;
    let reason = fields.need("reason")?;
    fields.end()?;
    target.act(Command::SetSeverity { severity, reason }).await
}
