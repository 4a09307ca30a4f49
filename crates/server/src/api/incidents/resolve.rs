//! `POST …/resolve {summary}`.

use firebell_core::incident::Command;
use serde_json::json;

use super::target::{Target, Written};
use crate::action;
use crate::api::Fields;
use crate::api::spec::{Operation, schema};
use crate::auth::Permission;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let mut operation = Operation::post("/api/v1/incidents/{id}/resolve", "resolveIncident", resolve)
        .needs(Permission::End)
        .summary("Resolve: it is over")
        .body(schema::object(&[schema::need("summary", schema::filled(32 * 1024))]))
        .writes_incident();
    for answer in &mut operation.answers {
        answer.about = "What happened, and the alerts that fire on.";
        answer.schema = schema::named("Resolved");
    }
    operation
}

/// It is over, says the person. The answer names the alerts that fire on.
pub(crate) async fn resolve(target: Target, mut fields: Fields) -> Written {
    let summary = fields.need("summary")?;
    fields.end()?;
    let (app, person, id) = (target.app.clone(), target.person.clone(), target.id.clone());
    let mut answer = target.act(Command::Resolve { summary }).await?;
    if let Some(fields) = answer.body.as_object_mut() {
        fields.insert("still_firing".to_owned(), json!(action::still_firing(&app, &person, &id).await?));
    }
    Ok(answer)
}
