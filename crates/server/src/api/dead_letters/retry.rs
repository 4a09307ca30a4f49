//! `POST /api/v1/dead-letters/{key}/retry`.

use firebell_core::ids::EffectKey;
use firebell_core::incident::Command;

use crate::api::incidents::{Target, Written};
use crate::api::segments::Segments;
use crate::api::spec::Operation;
use crate::auth::Permission;
use crate::problem::Problem;

/// Its declaration.
pub(crate) fn operation() -> Operation {
    Operation::post("/api/v1/dead-letters/{key}/retry", "retryDeadLetter", retry)
        .needs(Permission::Retry)
        .summary("Put an effect back on its way")
        .writes_incident()
        .tag("Dead letters")
}

/// Puts an effect back; its key begins with the incident's id.
pub(crate) async fn retry(target: Target, segments: Segments) -> Written {
    let key = segments.get("key");
    let Some((incident, _)) = key.split_once(':') else {
        return Err(Problem::bad_request("key", "is not an effect's key: INCIDENT:VERSION:ORDINAL"));
    };
    let command = Command::ReviveEffect { key: EffectKey::new(key) };
    target.of(incident).act(command).await
}
