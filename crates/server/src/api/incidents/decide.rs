//! `POST …/decisions {plan, go, reason}`.

use firebell_core::incident::Command;

use super::target::{Target, Written};
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;
use crate::problem::Problem;

/// Its declaration.
pub(super) fn operation() -> Operation {
    Operation::post("/api/v1/incidents/{id}/decisions", "decidePlan", decide)
        .needs(Permission::Approve)
        .summary("Go or no-go on a plan")
        .about("A plan is named by its hash: what is approved is exactly what was read. 404 names `plan` where there is none.")
        .body(schema::object(&[schema::need("plan", schema::filled(128)), schema::need("go", schema::flag()), schema::may("reason", schema::up_to(32 * 1024))]))
        .writes_incident()
}

/// Go or no-go on the plan with that hash.
pub(crate) async fn decide(target: Target, mut fields: Fields) -> Written {
    let plan = fields.need("plan")?;
    let go = fields.flag("go")?.ok_or_else(|| Problem::invalid("go", "is required: true or false"))?;
    let reason = fields.text("reason")?.unwrap_or_default();
    fields.end()?;
    target.act(Command::Decide { plan, go, reason }).await
}
