//! `GET …/drafts`.

use axum::Json;
use axum::extract::State;
use firebell_core::comms::Audience;
use serde_json::{Value, json};

use crate::access;
use crate::api::segments::Segments;
use crate::api::spec::{Operation, schema};
use crate::auth::{Permission, Person};
use crate::problem::Problem;
use crate::state::Shared;

/// Its declaration.
pub(super) fn operation() -> Operation {
    let draft = schema::growing(&[
        schema::need("audience", schema::one_of(&Audience::ALL.map(Audience::as_str))),
        schema::need("subject", schema::or_null(schema::text())),
        schema::need("body", schema::or_null(schema::text())),
        schema::need("reason", schema::or_null(schema::text())),
        schema::need("channels", schema::list(schema::text())),
        schema::need("why_not", schema::or_null(schema::text())),
    ]);
    Operation::get("/api/v1/incidents/{id}/drafts", "listDrafts", drafts)
        .tag("Incidents")
        .needs(Permission::PostUpdate)
        .summary("What would be told to each audience now, to edit and send")
        .about("Nothing is sent by asking. Send one with `postUpdate`.")
        .answers(
            200,
            "One for each audience; `why_not` says where there is none.",
            schema::object(&[schema::need("drafts", schema::list(draft))]),
        )
}

/// Drafts them.
pub(crate) async fn drafts(
    State(app): State<Shared>,
    person: Person,
    segments: Segments,
) -> Result<Json<Value>, Problem> {
    let (incident, _) = access::load(&app, &person, segments.get("id")).await?;
    let policy = app.state.handle.policy();
    let drafts: Vec<Value> = Audience::ALL
        .into_iter()
        .map(|audience| {
            match crate::drafts::draft(&app.state.templates, &incident, audience, policy, app.now()) {
                Ok(update) => json!({
                    "audience": audience, "subject": update.subject, "body": update.body,
                    "reason": update.reason, "channels": update.channels, "why_not": null,
                }),
                Err(error) => json!({
                    "audience": audience, "subject": null, "body": null, "reason": null, "channels": [],
                    "why_not": error.to_string(),
                }),
            }
        })
        .collect();
    Ok(Json(json!({"drafts": drafts})))
}
